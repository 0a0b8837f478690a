"""RIS, the exchange format of reference managers, for screening titles and abstracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from querist.errors import BadData
from querist.formats._files import name_of, read_text, write_bytes
from querist.formats._labelled import as_table
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer, Label

_LINE = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*))?$")
_NAMES = {"TI": "title", "T1": "title", "AB": "abstract", "N2": "abstract", "PY": "year", "Y1": "year", "DO": "doi"}
_WRITTEN = {"title": "TI", "abstract": "AB", "year": "PY", "doi": "DO"}
_SEEN = {"ASReview_relevant": "relevant", "ASReview_irrelevant": "irrelevant"}
_OURS = "querist_label="


@dataclass(frozen=True)
class Ris:
    """References with title and abstract; the text is both. Labels stand in a note.

    Read: TI or T1, AB or N2, PY or Y1, DO, AU (joined by "; "), ID; other fields are left out. The label is that of a
    note (N1) ``ASReview_relevant`` or ``ASReview_irrelevant``, else ``querist_label=…``, always a text; other notes are
    left out. A line without a tag goes on with the one before. An item without ID has its place, from 0. Written: one
    reference an item, with the latest label; who answered, when, and skips are not: JSONL keeps those.
    """

    about: ClassVar[About] = About(
        "ris", (".ris",), True, True, "references with title, abstract and a screening label"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read references as a table; raises BadData that names the line."""
        name = Path(path).name
        rows = _rows(read_text(path).decode(), name)
        return as_table(rows, lambda i: f"{name}, reference {i + 1}")

    def write(self, rows: Table, path: Path) -> None:
        """Write a table with the columns text, or title and abstract, and label."""
        entries = []
        for at, row in enumerate(rows.to_pylist()):
            id, label = str(row.pop("id", at)), row.pop("label", None)
            answers = () if label is None else (Answer(id, label),)
            entries.append(_entry(LabelRow(id, row, answers)))
        write_bytes(path, "".join(entries).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write a reference for each item; raises BadData for labels that are no classes."""
        for row in rows:
            stream.write(_entry(row))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read references with their labels; raises BadData that names the line."""
        return _rows(stream.read().removeprefix("\ufeff"), name_of(stream))

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the labels alone, in order."""
        return answers_of(self.read_rows(stream))


def _rows(text: str, name: str) -> list[LabelRow]:
    rows = [_row(fields, at) for at, fields in enumerate(_references(text, name))]
    if not rows:
        raise BadData(f"{name} holds no reference: each begins with a line 'TY  - JOUR' and ends with 'ER  - '")
    return rows


def _references(text: str, name: str) -> Iterator[list[list[str]]]:
    """Give each reference as [tag, value] pairs; raises BadData for a line that is in none, and for one without end."""
    fields: list[list[str]] | None = None
    began = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        found = _LINE.match(line.rstrip())
        tag = found[1] if found else ""
        if (tag == "TY") != (fields is None) and (found or line.strip()):
            raise BadData(_misplaced(f"{name}, line {number}", line, began if fields is not None else None))
        if tag == "TY":
            fields, began = [], number
        elif tag == "ER":
            yield fields or []
            fields = None
        elif found and fields is not None:
            fields.append([tag, (found[2] or "").strip()])
        elif fields and line.strip():
            fields[-1][1] = f"{fields[-1][1]} {line.strip()}".strip()
    if fields is not None:
        raise BadData(f"{name}, line {began}: the reference has no end: it needs a line 'ER  - '")


def _misplaced(where: str, line: str, began: int | None) -> str:
    if began is None:
        return f"{where}: a reference must begin with 'TY  - ': got {line[:60]!r}"
    return f"{where}: a reference begins before that of line {began} has its end: it needs a line 'ER  - '"


def _row(fields: list[list[str]], at: int) -> LabelRow:
    data: dict[str, Any] = {}
    for tag, value in fields:
        if value and tag in _NAMES:
            data.setdefault(_NAMES[tag], value)
    authors = "; ".join(value for tag, value in fields if tag in ("AU", "A1") and value)
    id = next((value for tag, value in fields if tag == "ID" and value), str(at))
    text = "\n".join(data[name] for name in ("title", "abstract") if name in data)
    label = _label([value for tag, value in fields if tag == "N1"])
    whole = {"text": text, **data, **({"authors": authors} if authors else {})}
    return LabelRow(id, whole, () if label is None else (Answer(id, label),))


def _label(notes: Sequence[str]) -> str | None:
    for note in notes:
        if note in _SEEN:
            return _SEEN[note]
        if note.startswith(_OURS):
            return note.removeprefix(_OURS)
    return None


def _entry(row: LabelRow) -> str:
    data = dict(row.data)
    if "title" not in data and "abstract" not in data:
        data["abstract"] = data.get("text")
    lines = [("TY", "JOUR"), ("ID", row.id)]
    lines += [(tag, str(data[name])) for name, tag in _WRITTEN.items() if data.get(name) is not None]
    lines += [("AU", author) for author in str(data.get("authors") or "").split("; ") if author]
    labels = [answer.label for answer in row.answers if answer.kind == "label"]
    lines += [("N1", _note(labels[-1], row.id))] if labels else []
    return "".join(f"{tag}  - {' '.join(value.split())}\n" for tag, value in lines) + "ER  - \n\n"


def _note(label: Label, id: str) -> str:
    if not isinstance(label, str | int) or isinstance(label, bool):
        raise BadData(f"item {id!r} is labelled {label!r}: ris holds one class an item; export it as jsonl")
    known = {name: note for note, name in _SEEN.items()}
    return known.get(str(label), f"{_OURS}{label}")
