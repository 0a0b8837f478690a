"""Comma-separated values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, get_args

from querist.errors import BadData
from querist.formats._delimited import Source, guard, line_of, parse_delimited, read_delimited, unguard, write_delimited
from querist.formats._files import check_text, name_of
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer, Kind

FIXED = ("id", "label", "who", "seconds", "kind")
UID = "SOPInstanceUID"
"""The column that is read as the id where none is called so: tables of radiology name their images by it."""
JSON = "json"
"""The kind of a label that has parts (spans, sets of classes) and stands as JSON in its cell."""


@dataclass(frozen=True)
class Csv:
    """Tables with a line of column names; labels as one line per answer.

    Text that a spreadsheet would run as a formula (it begins with = + - @, tab or CR) is written behind a ' and loses
    it again in ``read_rows``; ``read`` leaves the data of others as it is. A record column whose name is taken is
    written as ``data.NAME``; a note stands as JSON in the column of the label,
    and so do spans and sets of classes, with the kind "json". For labels, JSONL says more: times,
    predictions and how an item was selected.
    """

    about: ClassVar[About] = About("csv", (".csv",), True, True, "table; labels, one line per answer")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a table; raises BadData with the line of a ragged row."""
        return read_delimited(path, ",", hints=hints)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table, formulas made harmless."""
        write_delimited(rows, path, ",", escape=True)

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write one line per answer, one with no kind for an item without an answer; lines end with \\n."""
        names = list(dict.fromkeys(name for row in rows for name in row.data))
        _line([*FIXED, *(f"data.{n}" if n in FIXED or n.startswith("data.") else n for n in names)], stream)
        for row in rows:
            record = [row.data.get(name) for name in names]
            for answer in row.answers or (None,):
                _line([*_answer_cells(row.id, answer), *record], stream)

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers; only ``id`` (or ``SOPInstanceUID``) is required, every value is text.

        Raises BadData.
        """
        source = Source(stream.read().removeprefix("\ufeff").encode(), name_of(stream), ",")
        records = _records(source)
        found: dict[str, tuple[Mapping[str, Any], list[Answer]]] = {}
        for at, record in enumerate(records):
            answer = _answer(record, source, at)
            _, answers = found.setdefault(record["id"], (_data(record), []))
            answers.extend([answer] if answer else [])
        return [LabelRow(id, data, tuple(answers)) for id, (data, answers) in found.items()]

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, item by item."""
        return answers_of(self.read_rows(stream))


def _line(cells: Sequence[Any], stream: IO[str]) -> None:
    stream.write(",".join(_cell(c) for c in cells) + "\n")


def _cell(value: Any) -> str:
    # not csv.writer: before Python 3.13 it leaves a bare CR unquoted when lines end with \n
    text = guard(value) if isinstance(value, str) else "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _answer_cells(id: str, answer: Answer | None) -> list[Any]:
    if answer is None:
        return [id, None, None, None, None]
    parts = isinstance(answer.label, list | dict)
    label = json.dumps(answer.label, ensure_ascii=False) if parts else answer.label
    return [id, label, answer.who, answer.seconds, JSON if parts and answer.kind == "label" else answer.kind]


def _records(source: Source) -> list[dict[str, str]]:
    if not source.data.strip():
        raise BadData(f"{source.name} is empty: it needs a line of column names with 'id'")
    check_text(source.data, source.name)
    table = parse_delimited(source, _all_text)
    names = [unguard(name) for name in table.column_names]
    if "id" not in names and names.count(UID) == 1:
        names[names.index(UID)] = "id"
    if "id" not in names:
        raise BadData(
            f"{source.name}, line 1: no column is called 'id': got {', '.join(names)}; name the id column 'id'"
        )
    return [
        dict(zip(names, map(unguard, values), strict=True)) for values in zip(*table.to_pydict().values(), strict=True)
    ]


def _all_text(names: Sequence[str]) -> Mapping[str, Literal["text", "code"]]:
    return dict.fromkeys(names, "text")


def _data(record: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("data."): value for name, value in record.items() if name not in FIXED}


def _answer(record: Mapping[str, str], source: Source, at: int) -> Answer | None:
    label, kind, seconds = record.get("label", ""), record.get("kind", ""), record.get("seconds", "")
    if not record["id"]:
        raise BadData(f"{_where(source, at)}: the id is missing; give every line an id")
    if not kind and not label:
        return None
    known: tuple[Kind, ...] = get_args(Kind)
    said: Kind | None = "label" if kind == JSON else next((k for k in known if k == (kind or "label")), None)
    if said is None:
        raise BadData(f"{_where(source, at)}: the kind must be one of {', '.join(known)}: got {kind!r}")
    try:
        took = float(seconds) if seconds else None
    except ValueError:
        raise BadData(f"{_where(source, at)}: seconds must be a number or empty: got {seconds!r}") from None
    parts = said == "note" or kind == JSON
    value = _parsed(label, kind, _where(source, at)) if parts else label if said == "label" else None
    return Answer(record["id"], value, said, record.get("who", ""), took)


def _parsed(cell: str, kind: str, where: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        what = "a label of the kind json must be JSON"
        if kind == "note":
            what = 'a note must be JSON, {"flag": true, "comment": "…"}'
        raise BadData(f"{where}: {what}: got {cell[:60]!r}") from None


def _where(source: Source, at: int) -> str:
    line = line_of(source, at)
    return f"{source.name}, line {line}" if line else f"{source.name}, row {at + 1}"
