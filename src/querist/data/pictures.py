"""Images found in a folder become a data set: ids, labels, records, groups, and a line for each file left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from querist._arrays import Rows
from querist.data.folders import Found, Names
from querist.data.ids import checked
from querist.data.images import Facts, Images, inspect
from querist.data.labels import as_list, canonical, words_for_missing
from querist.data.pool import Pool
from querist.data.records import Records
from querist.data.roles import Roles, Wish, resolve
from querist.errors import BadData
from querist.formats._delimited import codes
from querist.formats.protocol import Table
from querist.tasks.protocol import Label

FOLDER = "folder"
SEQUENCE = "sequence"
"""The column of annotations that says which frames belong to one video."""
TIMES = ("frame", "time")
UNLABELLED = ("unlabelled", "unlabeled")


@dataclass(frozen=True, eq=False)
class Listed:
    """The files that are to be items, in order, with what is said of each."""

    names: tuple[str, ...]
    labels: list[Label | None] | None = None
    group: list[Any] | None = None
    own_ids: list[Any] | None = None
    time: list[Any] | None = None
    records: Table = None
    roles: Roles = field(default_factory=Roles)
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def take(self, rows: Rows) -> Listed:
        """Keep some files."""
        return replace(
            self,
            names=tuple(self.names[row] for row in rows.tolist()),
            labels=_some(self.labels, rows),
            group=_some(self.group, rows),
            own_ids=_some(self.own_ids, rows),
            time=_some(self.time, rows),
            records=None if self.records is None else self.records.take(pa.array(rows, pa.int64())),
        )


def _some(values: list[Any] | None, rows: Rows) -> list[Any] | None:
    return None if values is None else [values[row] for row in rows.tolist()]


def pool_of(found: Found, wish: Wish) -> tuple[Pool, list[Label | None] | None, tuple[str, ...]]:
    """Make a pool of the images that were found; gives the pool, the labels and a line for each file left out.

    Every file is decoded once: what cannot be read is left out and named with the reason. Raises BadData when none can.
    """
    if wish.text:
        raise BadData(f"the items are images, so text={wish.text!r} names nothing: leave it away")
    listed = _from_table(found, wish) if found.table is not None else _from_folders(found, wish)
    root, names = _placed(found.root, listed.names, wish.like)
    facts = inspect(root, names)
    kept = np.array([row for row, fact in enumerate(facts) if fact.wrong is None], np.intp)
    wrong = [f"{names[row]}: {fact.wrong}" for row, fact in enumerate(facts) if fact.wrong is not None]
    if not len(kept):
        raise BadData(f"none of the {len(facts)} images of {found.root.name!r} can be read: {wrong[0]}")
    images = _images(root, [names[row] for row in kept.tolist()], [facts[row] for row in kept.tolist()])
    listed = listed.take(kept)
    labels, unfit = _fitted(listed, found, images)
    notes = [*found.notes, *listed.notes, *_notes(facts, images)]
    return _pool(listed, images, notes, wish), labels, (*found.skipped, *listed.skipped, *wrong, *unfit)


def _fitted(listed: Listed, found: Found, images: Images) -> tuple[list[Label | None] | None, list[str]]:
    """Give the labels, without boxes that do not fit their image, and a line for each of those."""
    if listed.labels is None or found.sizes is None:
        return listed.labels, []
    from querist.data.annotations import fitted

    stated = [found.sizes.get(name) for name in listed.names]
    pairs = list(fitted(listed.labels, stated, list(map(tuple, images.sizes.tolist()))))
    lines = [f"{name}: {wrong}" for name, (_, wrong) in zip(listed.names, pairs, strict=True) if wrong is not None]
    return [label for label, _ in pairs], lines


def _pool(listed: Listed, images: Images, notes: Sequence[str], wish: Wish) -> Pool:
    from querist.data.tables import group_codes

    ids = _ids(listed, images, wish.like)
    group = None if listed.group is None else group_codes(listed.group, ids)
    known = wish.like.about.get("roles") if wish.like is not None else None
    roles = {"label": listed.roles.label, "id": listed.roles.id, "group": listed.roles.group}
    about = {"notes": [*notes, *_copies(images, ids, wish.like)], "roles": known or roles}
    time = None if listed.time is None else np.array([np.nan if t is None else t for t in listed.time], np.float64)
    return Pool(ids, images, _records(listed, wish.like), group, "image", about, time)


def _images(root: str, names: Sequence[str], facts: Sequence[Facts]) -> Images:
    roots, files = np.empty(len(names), object), np.empty(len(names), object)
    roots[:], files[:] = root, list(names)
    digests = np.frombuffer(b"".join(fact.digest for fact in facts), np.uint8).reshape(-1, 16)
    return Images(roots, files, digests, np.array([(f.width, f.height) for f in facts], np.int32).reshape(-1, 2))


def _from_folders(found: Found, wish: Wish) -> Listed:
    """Read classes from the folders below the one that holds every image; images beside them have none."""
    for role in ("label", "group"):
        asked = getattr(wish, role)
        if isinstance(asked, str) and asked not in ("", FOLDER):
            raise BadData(
                f"images in folders have no columns, so {role}={asked!r} names nothing: say {role}='{FOLDER}' for the "
                "names of the folders, or put a table with a column that names the images beside them"
            )
    depth = len(found.within.parts)
    below = [PurePosixPath(name).parts[depth:] for name in found.names]
    group = [str(PurePosixPath(name).parent) for name in found.names] if wish.group == FOLDER else None
    listed = Listed(found.names, group=group, time=None if group is None else _numbers_in(found.names))
    if (isinstance(wish.label, str) and wish.label == "") or all(len(parts) == 1 for parts in below):
        return listed
    folders = [parts[0] if len(parts) > 1 and parts[0].casefold() not in UNLABELLED else None for parts in below]
    labels = canonical(codes(pa.chunked_array([pa.array(folders, pa.string())])), lambda row: found.names[row])
    kinds = ", ".join(sorted({str(label) for label in labels if label is not None}))
    note = f"the folders are the labels ({kinds}); say label='' (--label '') if they are not"
    return replace(listed, labels=labels, notes=(note,))


def _from_table(found: Found, wish: Wish) -> Listed:
    """Read the rows of the table that names the images; a row without its image is left out and named."""
    known, table = Names.of(found.names), found.table
    values = table.column(found.column).to_pylist()
    roles = resolve(table.column_names, _remembered(table, wish))
    names, rows, skipped = _matched(values, known)
    if not rows:
        raise BadData(f"column {found.column!r} names no image that can be told: {skipped[0]}")
    kept = table.take(pa.array(rows, pa.int64()))
    sequence = () if found.sizes is None or wish.group == "" else kept.column_names
    labels = _column(kept, roles.label)
    return Listed(
        tuple(names),
        labels=None if labels is None else canonical(labels, lambda row: f"row {rows[row] + 1} of {roles.label!r}"),
        group=_column(kept, roles.group or (SEQUENCE if SEQUENCE in sequence else None)),
        time=_time(kept, roles, sequence),
        own_ids=None if roles.id == found.column else _column(kept, roles.id),
        records=_shown(kept, {found.column, roles.label, roles.id, roles.group}),
        roles=roles,
        notes=(*words_for_missing(labels or []), *_unnamed(found.names, names)),
        skipped=tuple(skipped),
    )


def _time(table: Table, roles: Roles, sequence: Sequence[str]) -> list[Any] | None:
    """Take the column frame or time of numbers, where it is known which frames belong together."""
    if roles.group is None and SEQUENCE not in sequence:
        return None
    numeric = [f.name for f in table.schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)]
    return next((_column(table, name) for name in TIMES if name in numeric), None)


def _numbers_in(names: Sequence[str]) -> list[Any] | None:
    """Take the last number in the name of each file; None unless all have one."""
    found = [re.findall(r"\d+", PurePosixPath(name).stem)[-1:] for name in names]
    return [float(number[0]) for number in found] if all(found) else None


def _remembered(table: Table, wish: Wish) -> Wish:
    """Take the columns that the pool was read with where the caller names none."""
    known = {} if wish.like is None else wish.like.about.get("roles", {})
    there = {role: name for role, name in known.items() if name in table.column_names and getattr(wish, role) is None}
    return replace(wish, like=None, **there)


def _matched(values: Sequence[str | None], known: Names) -> tuple[list[str], list[int], list[str]]:
    names: dict[str, int] = {}
    skipped = []
    for row, value in enumerate(values):
        found = known.of_value(value) if value else []
        if len(found) != 1:
            skipped.append(f"row {row + 1}: {_unclear(value, found)}")
        elif found[0] in names:
            skipped.append(f"row {row + 1}: names {found[0]!r}, as row {names[found[0]] + 1} does; the first counts")
        else:
            names[found[0]] = row
    return list(names), list(names.values()), skipped


def _unclear(value: str | None, found: Sequence[str]) -> str:
    if not value:
        return "names no image"
    if not found:
        return f"names {value!r}, which is not there"
    return f"{value!r} may be {' or '.join(found[:3])}: write the path"


def _column(table: Table, name: str | None) -> list[Any] | None:
    return None if name is None else as_list(table.column(name))


def _shown(table: Table, hidden: set[str | None]) -> Table:
    names = [name for name in table.column_names if name and name not in hidden]
    return table.select(names) if names else None


def _unnamed(found: Sequence[str], named: Sequence[str]) -> list[str]:
    left = len(found) - len(set(named))
    return [f"{_counted(left)} that the table does not name: left out"] if left else []


def _placed(root: Path, names: Sequence[str], like: Pool | None) -> tuple[str, tuple[str, ...]]:
    """Name files from the folder that the pool's images lie in, where that is a folder above."""
    here = root.resolve()
    for above in () if like is None else dict.fromkeys(like.items.roots.tolist()):
        if here != Path(above) and here.is_relative_to(above) and Path(above).is_dir():
            inner = here.relative_to(above).as_posix()
            return above, tuple(f"{inner}/{name}" for name in names)
    return str(here), tuple(names)


def _ids(listed: Listed, images: Images, like: Pool | None) -> tuple[str, ...]:
    """Take the user's ids, else the relative paths; behind the folder's name where the pool's images lie elsewhere."""
    if listed.own_ids is not None:
        return checked(listed.own_ids, f"the ids of column {listed.roles.id!r}")
    root = images.roots[0]
    if like is None or root in like.items.roots:
        return tuple(images.names.tolist())
    ids = tuple(f"{Path(root).name}/{name}" for name in images.names.tolist())
    known = [id for id in ids if id in like and like.items.roots[like.rows([id])[0]] != root]
    if known:
        raise BadData(
            f"another image of the study is called {known[0]!r} already: rename the folder {Path(root).name!r}"
        )
    return ids


def _records(listed: Listed, like: Pool | None) -> Records | None:
    if listed.records is not None:
        return Records(listed.records)
    if like is None or not isinstance(like.records, Records):
        return None
    schema = like.records.table.schema
    return Records(pa.table({f.name: pa.nulls(len(listed.names), f.type) for f in schema}))


def _notes(facts: Sequence[Facts], images: Images) -> list[str]:
    several = sum(fact.several for fact in facts)
    sizes = np.unique(images.sizes, axis=0)
    size = " × ".join(map(str, sizes[0].tolist())) + " pixels" if len(sizes) == 1 else f"{len(sizes)} sizes"
    notes = [f"{_counted(len(images))} of {size}; the id of an image is its path in the folder"]
    return [*notes, *([f"{_counted(several)} with several frames: the first is taken"] if several else [])]


def _copies(images: Images, ids: Sequence[str], like: Pool | None) -> list[str]:
    """Say how many images have the very content of another one: the same picture is worth no second label."""
    known = {} if like is None else {id: d.tobytes() for id, d in zip(like.ids, like.items.digests, strict=True)}
    count = Counter({**known, **{id: d.tobytes() for id, d in zip(ids, images.digests, strict=True)}}.values())
    copies = sum(number - 1 for number in count.values())
    return [f"{_counted(copies)} with the same bytes as another one; none was left out"] if copies else []


def _counted(number: int) -> str:
    return f"{number:,} image" + ("" if number == 1 else "s")
