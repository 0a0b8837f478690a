"""JSON lines: one JSON object a line. The label format that loses nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple

from querist.errors import BadData
from querist.formats._files import name_of, read_text, write_bytes
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer, Kind

_STATUS: dict[Kind, str] = {
    "label": "final",
    "skip": "skipped",
    "unsure": "unsure",
    "retract": "retracted",
    "note": "note",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Line(NamedTuple):
    """An object of a file and where it stands."""

    where: str
    value: dict[str, Any]


@dataclass(frozen=True)
class Jsonl:
    """Objects as rows of a table; labels with times, prediction and selection, and back without loss.

    A label line is ``{"id", "data", "labels": [{"task", "value", "by", "at", "seconds", "source", "status"}],
    "predictions": [{"model", "version", "probs", "acquisition"}], "selection": {"round", "strategy", "rank",
    "propensity"}}``; ``cost`` and ``uid`` of an answer are added when known, and ``agreed``, the label that a study
    made of those of several people. The short forms ``{"id", "label"}`` and ``{"id", "skip" or "unsure": true}`` are
    read too. A lease token is never written.
    """

    about: ClassVar[About] = About(
        "jsonl", (".jsonl", ".ndjson"), True, True, "table; labels and all that belongs to them"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read objects as a table; it has its own types, so hints are not asked; raises BadData with the line."""
        from querist.formats._rows import table_of

        lines = objects_in(path)
        return table_of([line.value for line in lines], lambda i: lines[i].where)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table, an object a line; dates as ISO text."""
        lines = [_dump(row, f"row {at}") for at, row in enumerate(rows.to_pylist(), 1)]
        write_bytes(path, "".join(lines).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write one line per item."""
        for row in rows:
            stream.write(_dump(_entry(row), f"item {row.id!r}"))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers; raises BadData that names the line."""
        return [_row(line) for line in json_lines(stream.read().removeprefix("\ufeff"), name_of(stream))]

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the file."""
        return answers_of(self.read_rows(stream))


def objects_in(path: Path) -> list[Line]:
    """Read the objects of a file, one a line, at least one; raises BadData."""
    lines = list(json_lines(read_text(path).decode(), Path(path).name))
    if not lines:
        raise BadData(f"{Path(path).name} holds no rows: write one object a line")
    return lines


def json_lines(text: str, name: str) -> Iterator[Line]:
    """Read the objects of a text, one a line, empty lines left aside; raises BadData that names the line."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise BadData(
                f"{where} is not JSON ({error}): got {line.strip()[:60]!r}; write one object a line"
            ) from None
        if not isinstance(value, dict):
            raise BadData(f"{where}: each line must be one JSON object: got a {type(value).__name__}")
        yield Line(where, value)


def _dump(value: Any, what: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str) + "\n"
    except ValueError:
        raise BadData(f"{what} holds nan or infinity, which JSON has no word for: leave such values empty") from None


def _entry(row: LabelRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "data": dict(row.data),
        "labels": [_label(answer, at, row.task) for answer, at in row.timed()],
        "predictions": [] if row.prediction is None else [dict(row.prediction)],
        "selection": None if row.selection is None else dict(row.selection),
        **({} if row.agreed is None else {"agreed": row.agreed}),
    }


def _label(answer: Answer, at: int | None, task: str) -> dict[str, Any]:
    extra = {"cost": answer.cost, "uid": answer.uid}
    return {
        "task": task,
        "value": answer.label,
        "by": answer.who,
        "at": None if at is None else iso(at),
        "seconds": answer.seconds,
        "source": "human",
        "status": _STATUS[answer.kind],
        **{name: value for name, value in extra.items() if value is not None},
    }


def _row(line: Line) -> LabelRow:
    entry, id = line.value, line.value.get("id")
    if not isinstance(id, str | int) or isinstance(id, bool) or id == "":
        raise BadData(f"{line.where}: 'id' must be a text or a whole number: got {id!r}")
    labels = _list(line, "labels") if "labels" in entry else _short(entry)
    # a label that a model wrote is no answer: only people and oracles answer
    answered = [_answer(str(id), label, line.where) for label in labels if label.get("source", "human") != "model"]
    predictions = _list(line, "predictions")
    return LabelRow(
        str(id),
        _mapping(line, "data") or {},
        tuple(answer for answer, _ in answered),
        predictions[-1] if predictions else None,
        _mapping(line, "selection"),
        tuple(at for _, at in answered) if any(at is not None for _, at in answered) else (),
        next((str(label["task"]) for label in labels if label.get("task")), LabelRow.task),
        entry.get("agreed"),
    )


def _short(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    aside = [status for name, status in (("skip", "skipped"), ("unsure", "unsure")) if entry.get(name)]
    if aside:
        return [{**entry, "status": aside[0]}]
    return [{**entry, "value": entry["label"]}] if entry.get("label") is not None else []


def _list(line: Line, name: str) -> list[dict[str, Any]]:
    value = line.value.get(name) or []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise BadData(f"{line.where}: {name!r} must be a list of objects: got {str(value)[:60]!r}")
    return value


def _mapping(line: Line, name: str) -> dict[str, Any] | None:
    value = line.value.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadData(f"{line.where}: {name!r} must be an object: got {str(value)[:60]!r}")
    return value


def _answer(id: str, label: Mapping[str, Any], where: str) -> tuple[Answer, int | None]:
    status = label.get("status", "final")
    kind = next((k for k, s in _STATUS.items() if s == status), None)
    if kind is None:
        raise BadData(f"{where}: 'status' must be one of {', '.join(_STATUS.values())}: got {status!r}")
    for name in ("seconds", "cost"):
        if not isinstance(label.get(name), int | float | None):
            raise BadData(f"{where}: {name!r} must be a number or null: got {label[name]!r}")
    value = label.get("value") if kind in ("label", "note") else None
    if kind == "label" and value is None:
        raise BadData(f"{where}: a final label has no 'value': give one, or the status skipped or unsure")
    who = str(label.get("by") or label.get("who") or "")
    answer = Answer(id, value, kind, who, label.get("seconds"), label.get("cost"), uid=label.get("uid"))
    return answer, _milliseconds(label.get("at"), where)


def iso(at: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC.

    >>> iso(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(at: Any, where: str) -> int | None:
    if at is None or (isinstance(at, int) and not isinstance(at, bool)):
        return at
    try:
        return round((datetime.fromisoformat(at) - _EPOCH) / timedelta(milliseconds=1))
    except (TypeError, ValueError):
        raise BadData(
            f"{where}: 'at' must be an ISO time with its zone, or milliseconds since 1970: got {at!r}"
        ) from None
