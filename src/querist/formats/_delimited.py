"""Tables of delimited text: CSV and TSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from querist.errors import BadData
from querist.formats._files import read_text, write_bytes
from querist.formats.protocol import Hints, Table
from querist.tasks._classes import MISSING

ONE_BLOCK = 2**30  # types are inferred from the first block alone, so a file is one block up to this size


class Source(NamedTuple):
    """The text of a delimited file, and what to call it in errors."""

    data: bytes
    name: str
    delimiter: str


def read_delimited(path: str | Path, delimiter: str, *, hints: Hints) -> Table:
    """Read a file as a table: types inferred, except where a hint says text or code."""
    source = Source(read_text(path), Path(path).name, delimiter)
    table = parse_delimited(source, hints)
    if table.num_rows == 0:
        raise BadData(f"{source.name} holds column names but zero rows: add rows below line 1")
    return table


def parse_delimited(source: Source, hints: Hints) -> Table:
    """Parse delimited text; raises BadData that names the line of a ragged row."""
    names = header(source)
    wanted = hints(names)
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(source.data),
            read_options=pyarrow.csv.ReadOptions(block_size=min(len(source.data) + 1, ONE_BLOCK)),
            parse_options=pyarrow.csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(column_types={n: pa.string() for n in wanted}),
        )
    except pa.ArrowInvalid as error:
        raise BadData(_ragged(source, len(names)) or f"cannot read {source.name}: {error}") from None
    for name, hint in wanted.items():
        if hint == "code":
            at = table.column_names.index(name)
            table = table.set_column(at, name, codes(table.column(at)))
    return table


def header(source: Source) -> list[str]:
    """Read the column names, and refuse a first line that cannot be one."""
    names: list[str] = next((row for row in _reader(source) if row), [])
    if _looks_like_data(names):
        raise BadData(
            f"{source.name}, line 1 holds numbers ({', '.join(names[:3])} …), not column names: "
            "add a line of names above"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadData(f"{source.name}, line 1: the column name {twice[0]!r} occurs twice; rename one of them")
    sign = next((s for s in ";\t,|" if s != source.delimiter and s in names[0]), None) if len(names) == 1 else None
    if sign:
        raise BadData(
            f"{source.name}, line 1 is one column that holds {sign!r}: got {names[0][:60]!r}; "
            "separate the columns of a .csv by commas and those of a .tsv by tabs"
        )
    return names


def _reader(source: Source) -> Any:
    stream = io.TextIOWrapper(io.BytesIO(source.data), encoding="utf-8", newline="")
    return csv.reader(stream, delimiter=source.delimiter)


def _looks_like_data(names: list[str]) -> bool:
    numbers = [name for name in names if _is_number(name)]
    counted = numbers in ([str(i + first) for i in range(len(numbers))] for first in (0, 1))
    if counted or 2 * len(numbers) <= len(names):
        return False
    return len(numbers) == len(names) or not all(name.isdigit() for name in numbers)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ragged(source: Source, width: int) -> str | None:
    for line, row in _rows(source):
        if row and len(row) != width:
            return (
                f"{source.name}, line {line}: got {len(row)} values where line 1 names {width} columns; "
                "add or remove a value, or put quotes around one that holds a separator or a line break"
            )
    return None


def _rows(source: Source) -> list[tuple[int, list[str]]]:
    reader = _reader(source)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error:  # a cell beyond the csv module's limit: what was read so far must do
        return rows
    return rows


def line_of(source: Source, row: int) -> int | None:
    """Find the line on which a data row (0 is the first) begins; None when the text cannot tell."""
    lines = [line for line, cells in _rows(source) if cells]
    return lines[row + 1] if row + 1 < len(lines) else None


def codes(column: Table) -> Table:
    """Read text as whole numbers when every value is one, written plainly; else leave it text. Blanks around it go.

    >>> codes(pa.chunked_array([["1", " +2", ""]])).to_pylist()
    [1, 2, None]
    >>> codes(pa.chunked_array([["01", "2"]])).to_pylist()
    ['01', '2']
    """
    column = pc.utf8_trim_whitespace(column)
    kinds = pc.unique(column)
    missing = pc.is_in(kinds, value_set=pa.array(MISSING))
    real = kinds.filter(pc.invert(missing)).drop_null()
    if len(real) and pc.all(pc.match_substring_regex(real, r"^[+-]?(0|[1-9][0-9]{0,17})(\.0*)?$")).as_py():
        plain = pc.replace_substring_regex(column, r"^\+|\.0*$", "")
        known = pc.is_in(column, value_set=real)
        return pc.if_else(known, plain, pa.scalar(None, pa.string())).cast(pa.int64())
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def write_delimited(table: Table, path: str | Path, delimiter: str, *, escape: bool) -> None:
    """Write a table; ``escape`` puts ' before text that a spreadsheet would run as a formula."""
    nested = [
        name for name, kind in zip(table.column_names, table.schema.types, strict=True) if pa.types.is_nested(kind)
    ]
    if nested:
        raise BadData(
            f"column {nested[0]!r} holds lists or objects, which a table of text cannot: write jsonl or parquet"
        )
    if escape:
        table = pa.table([_safe(column) for column in table.columns], names=[guard(n) for n in table.column_names])
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(delimiter=delimiter))
    write_bytes(path, sink.getvalue())


def _safe(column: Table) -> Table:
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return pc.replace_substring_regex(column, r"^('*[=+\-@\t\r])", r"'\1") if text else column


def guard(cell: str) -> str:
    """Put ' before text that a spreadsheet would take for a formula; ``unguard`` takes exactly that away.

    >>> [guard(c) for c in ("=1+1", "'=1", "it's", "-")]
    ["'=1+1", "''=1", "it's", "'-"]
    """
    return "'" + cell if _formula(cell) else cell


def unguard(cell: str) -> str:
    """Undo ``guard``.

    >>> unguard("'=1+1")
    '=1+1'
    """
    return cell[1:] if cell.startswith("'") and _formula(cell) else cell


def _formula(cell: str) -> bool:
    return cell.lstrip("'")[:1] in tuple("=+-@\t\r")
