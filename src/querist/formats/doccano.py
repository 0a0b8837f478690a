"""JSON lines as doccano writes and reads them: a text, and its classes or spans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from querist.errors import BadData
from querist.formats._files import name_of, write_bytes
from querist.formats._labelled import as_table, check_whole, is_classes, is_spans, simplified, span_of, text_of
from querist.formats.jsonl import Line, json_lines, objects_in
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer

_LABELS = ("label", "labels", "entities")


@dataclass(frozen=True)
class Doccano:
    """Texts with ``"label": ["pos"]`` or ``[[0, 2, "ORG"]]``, or ``"entities"``; read by the ending .doccano.jsonl.

    A list without an element says that there is nothing to mark; doccano writes it for texts that nobody has seen too,
    so export the approved ones only. Where every list has one class, the label is that class. The person stands in
    ``username``; skipped and unsure items, times and cost are not written: JSONL keeps those.
    """

    about: ClassVar[About] = About(
        "doccano", (".doccano.jsonl",), True, True, "texts with classes or spans, as doccano has them"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read texts and labels as a table; raises BadData that names the line."""
        lines = objects_in(path)
        rows = simplified([_row(line, at) for at, line in enumerate(lines)])
        return as_table(rows, lambda i: lines[i].where)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table with the columns text and label, a line for each row."""
        write_bytes(path, "".join(_dump(row) for row in rows.to_pylist()).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write a line for each label; raises BadData on items without text, or looked at in part."""
        for row in rows:
            check_whole(row, "doccano")
            for answer in row.answers:
                if answer.kind == "label":
                    who = {"username": answer.who} if answer.who else {}
                    entry = {"id": row.id, "text": text_of(row, "doccano"), "label": _written(answer, row)}
                    stream.write(_dump(entry | who))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers; raises BadData that names the line."""
        found: dict[str, LabelRow] = {}
        for at, line in enumerate(json_lines(stream.read().removeprefix("\ufeff"), name_of(stream))):
            row = _row(line, at)
            before = found.get(row.id, row)
            answers = (*before.answers, *row.answers) if before is not row else row.answers
            found[row.id] = LabelRow(row.id, before.data, answers, task=row.task)
        return simplified(list(found.values()))

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, item by item."""
        return answers_of(self.read_rows(stream))


def _dump(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _row(line: Line, at: int) -> LabelRow:
    entry = line.value
    text = entry.get("text", entry.get("data"))
    if not isinstance(text, str):
        raise BadData(f"{line.where}: 'text' must be a text: got {text!r}")
    id = entry.get("id", at)
    if not isinstance(id, str | int) or isinstance(id, bool):
        raise BadData(f"{line.where}: 'id' must be a text or a whole number: got {id!r}")
    given = next((entry[name] for name in _LABELS if entry.get(name) is not None), None)
    if given is None:
        return LabelRow(str(id), {"text": text})
    label = _label(given, line.where)
    who = str(entry.get("username") or "")
    return LabelRow(str(id), {"text": text}, (Answer(str(id), label, who=who),), task=_task(label))


def _task(label: list[Any]) -> str:
    return "spans" if is_spans(label) else LabelRow.task


def _label(given: Any, where: str) -> list[Any]:
    if isinstance(given, str | int) and not isinstance(given, bool):
        return [given]
    if not isinstance(given, list):
        raise BadData(f"{where}: a label must be a list of classes or of [start, end, class]: got {given!r}")
    if is_classes(given):
        return given
    return sorted((_span(part, where) for part in given), key=lambda span: int(span["start"]))


def _span(part: Any, where: str) -> dict[str, Any]:
    if isinstance(part, list) and len(part) == 3:
        return span_of(part[0], part[1], part[2], where)
    if isinstance(part, dict):
        return span_of(part.get("start_offset"), part.get("end_offset"), part.get("label"), where)
    raise BadData(f"{where}: a label must be a list of classes or of [start, end, class]: it holds {part!r}")


def _written(answer: Answer, row: LabelRow) -> list[Any]:
    label = answer.label
    if is_spans(label):
        return [[span["start"], span["end"], span["label"]] for span in label]
    if is_classes(label):
        return label if isinstance(label, list) else [label]
    raise BadData(f"item {row.id!r} is labelled {label!r}: doccano holds classes and spans; export it as jsonl")
