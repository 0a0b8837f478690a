"""A table becomes a data set: features, texts, labels, ids, records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from querist._draw import keys_of
from querist.data.columns import Columns, as_numbers, as_text, fit, is_category, is_number, is_text
from querist.data.ids import checked, digest_columns, numbered
from querist.data.labels import as_list, canonical, words_for_missing
from querist.data.pool import Pool
from querist.data.records import Records
from querist.data.roles import Roles, Wish, is_id, resolve
from querist.errors import BadData
from querist.formats.csv import FIXED
from querist.formats.protocol import Table
from querist.tasks.protocol import Label


@dataclass(frozen=True, eq=False)
class Tabular:
    """A table on its way into a pool: the rows that stay, the parts its columns play, and what there is to say."""

    table: Table
    roles: Roles
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    labels: list[Label | None] | None = None
    told: tuple[str, ...] = ()
    """Columns that tell of the answers, in a file that `querist export` wrote: never features."""


def pool_of(table: Table, wish: Wish, labels: Any = None) -> tuple[Pool, list[Label | None] | None, tuple[str, ...]]:
    """Make a pool of a table; gives the pool, the labels and a line for each row left out.

    ``labels`` are values that came beside the table. Raises BadData. Cost O(N·D).
    """
    wish = wish if labels is None else replace(wish, label="")
    rows = _with_labels(_choose_text(_tidy(table, wish)), labels)
    rows = _without_textless(rows)
    encoding, notes = _encoding(rows, wish)
    ids = _ids(rows)
    about: dict[str, Any] = {"columns": encoding.json(), "notes": [*rows.notes, *notes]}
    about |= {"told": list(rows.told)} if rows.told else {}
    texts = rows.roles.text is not None
    pool = Pool(
        ids,
        _texts(rows) if texts else encoding.encode(rows.table),
        records=_records(rows),
        group=_group(rows, ids),
        kind="text" if texts else "record",
        about=about,
    )
    return pool, rows.labels, rows.skipped


def _tidy(table: Table, wish: Wish) -> Tabular:
    """Bring columns to numbers (durations in seconds), texts (times in ISO form) and nested values; missing is null."""
    if table.num_rows == 0:
        raise BadData("the table has zero rows: give at least one")
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise BadData(f"the column name {twice[0]!r} occurs twice: rename one of them")
    columns = {name: _plain(table.column(name)) for name in table.column_names if name}
    notes = [f"column {name!r} holds bytes: left out" for name, c in columns.items() if c is None]
    if "" in table.column_names:
        notes.append("a column without a name (an index of rows, most likely) was left out; name it to use it")
    kept = pa.table({name: c for name, c in columns.items() if c is not None})
    told = ("seconds",) if set(FIXED) <= set(kept.column_names) else ()
    if told:  # the time that an answer took stays with the row, for simulations that count it
        kept = kept.drop_columns(["who", "kind"])
        notes.append(
            "a file that `querist export` wrote: who, seconds and kind tell of the answers, and are no features"
        )
    return Tabular(kept, resolve(kept.column_names, wish), tuple(notes), told=told)


_BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)


def _plain(values: Table) -> Table | None:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.cast(kind.value_type))
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return values.cast(pa.float64())
    if pa.types.is_duration(kind):
        return pc.divide(values.cast(pa.duration("us"), safe=False).cast(pa.int64()).cast(pa.float64()), 1e6)
    if pa.types.is_temporal(kind) or is_text(kind) or pa.types.is_string_view(kind):
        text = values.cast(pa.large_string() if pa.types.is_large_string(kind) else pa.string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
    return None if any(said(kind) for said in _BYTES) else values


def _choose_text(rows: Tabular) -> Tabular:
    """Take the one column of running text as the items when nothing else says what they are."""
    table, roles = rows.table, rows.roles
    if roles.text is not None:
        return rows
    taken = [*roles.columns(), *rows.told]
    free = [name for name in table.column_names if name not in taken]
    numeric = any(is_number(table.column(name).type) for name in free)
    strings = [name for name in free if is_text(table.column(name).type)]
    running = [name for name in strings if not is_category(table.column(name))]
    choice = [n for n in strings if n.casefold() == "text" and (n in running or not numeric)]
    choice = choice or ([] if numeric else running)
    if len(choice) > 1:
        raise BadData(f"the columns {', '.join(map(repr, choice))} could each be the text: say which with text=…")
    if not choice:
        return rows
    note = f"column {choice[0]!r} was taken as the text; say text=… for another one"
    return replace(rows, roles=replace(roles, text=choice[0]), notes=(*rows.notes, note))


def _with_labels(rows: Tabular, beside: Any) -> Tabular:
    values = beside if beside is not None else rows.table.column(rows.roles.label) if rows.roles.label else None
    if values is None:
        return rows
    listed = as_list(values)
    if len(listed) != rows.table.num_rows:
        raise BadData(f"labels must have one value a row, {rows.table.num_rows}: got {len(listed)}")
    column = "" if beside is not None else f" of column {rows.roles.label!r}"
    labels = canonical(listed, lambda row: f"row {row + 1}{column}")
    return replace(rows, labels=labels, notes=(*rows.notes, *words_for_missing(listed)))


def _without_textless(rows: Tabular) -> Tabular:
    if rows.roles.text is None:
        return rows
    empty = pc.is_null(rows.table.column(rows.roles.text)).to_numpy()
    if not empty.any():
        return rows
    if empty.all():
        raise BadData(f"column {rows.roles.text!r} has no text in any row: say text=… for another one")
    lines = tuple(f"row {row + 1}: no text in column {rows.roles.text!r}" for row in np.flatnonzero(empty).tolist())
    labels = rows.labels and [label for label, gone in zip(rows.labels, empty, strict=True) if not gone]
    return replace(rows, table=rows.table.filter(pa.array(~empty)), skipped=lines, labels=labels)


def _encoding(rows: Tabular, wish: Wish) -> tuple[Columns, tuple[str, ...]]:
    known = Columns.of(wish.like) if wish.like is not None else None
    if known is not None:
        return known, ()
    roles = rows.roles
    taken = [*roles.columns(), *rows.told]
    free = [] if roles.text else [name for name in rows.table.column_names if name not in taken]
    spare = [name for name in free if is_id(name)]  # who calls a column id does not mean a quantity
    columns, notes = fit(rows.table, [name for name in free if name not in spare])
    notes += tuple(f"column {name!r} is not used: neither as the id nor as a feature" for name in spare)
    if not columns and roles.text is None:
        raise BadData(
            f"no column can be used as a feature ({'; '.join(notes) or 'there is none beside label and id'}): "
            "say text=… if one holds the text of the item"
        )
    return Columns(columns, roles.text, roles.label, roles.id, roles.group), notes


def _ids(rows: Tabular) -> tuple[str, ...]:
    name = rows.roles.id
    if name is not None:
        return checked(rows.table.column(name).to_pylist(), f"the ids of column {name!r}")
    return numbered(_digests(rows), rows.labels)


def _digests(rows: Tabular) -> list[str]:
    names = [name for name in rows.table.column_names if name != rows.roles.label]
    numbers: dict[str, NDArray[np.float64]] = {}
    texts: dict[str, Sequence[str | None]] = {}
    for name in names:
        column = rows.table.column(name)
        if is_number(column.type) or pa.types.is_null(column.type):
            numbers[name] = as_numbers(column, name)
        else:
            texts[_text_name(name, rows.roles)] = _as_texts(column)
    return digest_columns(numbers, texts)


def _text_name(name: str, roles: Roles) -> str:
    """Call the text column "text" whatever its name; another column of that name steps aside."""
    if name == roles.text:
        return "text"
    return "text (column)" if name == "text" and roles.text is not None else name


def _as_texts(column: Table) -> list[str | None]:
    if is_text(column.type):
        values: list[str | None] = column.to_pylist()
        return values
    return [None if v is None else json.dumps(v, sort_keys=True, default=str) for v in column.to_pylist()]


def _texts(rows: Tabular) -> NDArray[np.object_]:
    column = rows.table.column(rows.roles.text)
    if not (is_text(column.type) or is_number(column.type)):
        raise BadData(f"column {rows.roles.text!r} must hold text: got {column.type}; say text=… for another one")
    items = np.empty(rows.table.num_rows, object)
    items[:] = as_text(column).to_pylist()
    return items


def _records(rows: Tabular) -> Records | None:
    """Show all columns but label, id and group, the text first and under the name "text"."""
    roles = rows.roles
    hidden = {roles.label, roles.id, roles.group, roles.text}
    names = [name for name in rows.table.column_names if name not in hidden]
    if not names:
        return None  # the items themselves are shown
    names = ([roles.text] if roles.text else []) + names
    return Records(rows.table.select(names).rename_columns([_text_name(name, roles) for name in names]))


def _group(rows: Tabular, ids: tuple[str, ...]) -> NDArray[np.int64] | None:
    name = rows.roles.group
    return None if name is None else group_codes(as_text(rows.table.column(name)).to_pylist(), ids)


def group_codes(values: Sequence[Any], ids: Sequence[str]) -> NDArray[np.int64]:
    """Code groups as int64 [N], the same name always by the same code; a row without a group is one of its own.

    >>> codes = group_codes(["p1", "p2", "p1"], ["a", "b", "c"])
    >>> bool(codes[0] == codes[2] != codes[1])
    True
    """
    names = [f"item/{id}" if v is None or v != v else f"group/{v}" for v, id in zip(values, ids, strict=True)]
    return keys_of(names).view(np.int64)
