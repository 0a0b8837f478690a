"""JSON as Label Studio imports and exports it: tasks with choices, labelled spans of a text, or rectangles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from querist.errors import BadData
from querist.formats._files import name_of, read_text, write_bytes
from querist.formats._labelled import as_table, check_whole, is_boxes, is_classes, is_spans, simplified, span_of
from querist.formats._rectangles import RECTANGLES, box_of, region_of
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer

ID = "querist_id"
"""Where our id goes in the data of a task, since Label Studio numbers the tasks itself."""
_KINDS = ("choices", "labels", RECTANGLES)


@dataclass(frozen=True)
class LabelStudio:
    """A list of tasks with ``choices``, ``labels`` or ``rectanglelabels``: classes, spans, boxes.

    The ending is .label-studio.json. Rectangles are in percent there: boxes need the width and height of the image.

    Places are code points; where the text of a region says that they were UTF-16 units, as browsers count, they are
    brought to code points. An annotation that was cancelled is a skip. Where every set of choices has one class, the
    label is that class. Predictions are kept: the last one, with its score as the confidence.
    """

    about: ClassVar[About] = About(
        "label-studio", (".label-studio.json",), True, True, "choices, spans and boxes, as Label Studio has them"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read the data of tasks and their latest label as a table; raises BadData that names the task."""
        rows = _rows(read_text(path).decode(), Path(path).name)
        return as_table(rows, lambda i: f"{Path(path).name}, task {i + 1}")

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as tasks, with the column label as their annotation."""
        found = [_of_record(row, at) for at, row in enumerate(rows.to_pylist())]
        write_bytes(path, _dump([_task(row) for row in found]).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write a task for each item, an annotation for each answer; raises BadData on other labels."""
        for row in rows:
            check_whole(row, "Label Studio")
        stream.write(_dump([_task(row) for row in rows]))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers and predictions; raises BadData that names the task."""
        return _rows(stream.read().removeprefix("\ufeff"), name_of(stream))

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, task by task."""
        return answers_of(self.read_rows(stream))


def _dump(tasks: list[dict[str, Any]]) -> str:
    lines = ",\n".join(json.dumps(task, ensure_ascii=False, default=str) for task in tasks)
    return f"[{lines}]\n"


def _rows(text: str, name: str) -> list[LabelRow]:
    try:
        tasks = json.loads(text)
    except ValueError as error:
        raise BadData(f"{name} is not JSON ({error}): export the project as JSON, not as JSON_MIN or CSV") from None
    if not isinstance(tasks, list) or not tasks:
        raise BadData(f"{name} must hold a list of tasks, one or more: export the project as JSON")
    return simplified([_row(task, f"{name}, task {at}") for at, task in enumerate(tasks, 1)])


def _row(task: Any, where: str) -> LabelRow:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        raise BadData(f"{where} has no 'data': export the project as JSON, not as JSON_MIN or CSV")
    id = str(data.get(ID, task.get("id", where.rpartition(" ")[2])))
    shown = {name: value for name, value in data.items() if name != ID}
    answers = tuple(_answer(each, id, shown, where) for each in _list(task, "annotations", where))
    predictions = _list(task, "predictions", where)
    said = _prediction(predictions[-1], shown, where) if predictions else None
    return LabelRow(id, shown, answers, said, task=_task_of(answers))


def _task_of(answers: Sequence[Answer]) -> str:
    labels = [answer.label for answer in answers if answer.kind == "label" and answer.label]
    if any(is_spans(label) for label in labels):
        return "spans"
    return "boxes" if any(is_boxes(label) for label in labels) else LabelRow.task


def _list(task: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = task.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadData(f"{where}: {name!r} must be a list of objects: got {str(found)[:60]!r}")
    return found


def _answer(annotation: Mapping[str, Any], id: str, data: Mapping[str, Any], where: str) -> Answer:
    by = annotation.get("who", annotation.get("completed_by", ""))
    who = str(by.get("email", by.get("id", "")) if isinstance(by, dict) else "" if by is None else by)
    seconds = annotation.get("lead_time")
    if annotation.get("was_cancelled"):
        return Answer(id, kind="skip", who=who, seconds=seconds)
    return Answer(id, _label(annotation, data, where), who=who, seconds=seconds)


def _prediction(prediction: Mapping[str, Any], data: Mapping[str, Any], where: str) -> dict[str, Any]:
    label, version = _label(prediction, data, where), prediction.get("model_version")
    return {"model": version, "version": version, "label": label, "confidence": prediction.get("score")}


def _label(holder: Mapping[str, Any], data: Mapping[str, Any], where: str) -> list[Any]:
    results = _list(holder, "result", where)
    kinds = {str(result.get("type")) for result in results}
    if len(kinds) > 1 or not kinds <= set(_KINDS):
        raise BadData(
            f"{where}: the results are of the type {' and '.join(sorted(kinds))}: choices are read, labels, or "
            f"{RECTANGLES}"
        )
    if kinds == {"choices"}:
        return [name for result in results for name in _value(result, "choices", where)]
    if kinds == {RECTANGLES}:
        return [box_of(result, str(_value(result, RECTANGLES, where)[0]), where) for result in results]
    return sorted((_span(result, data, where) for result in results), key=lambda span: int(span["start"]))


def _value(result: Mapping[str, Any], kind: str, where: str) -> list[Any]:
    value = result.get("value")
    names = value.get(kind) if isinstance(value, dict) else None
    if not isinstance(names, list) or not names:
        raise BadData(f"{where}: a result of the type {kind} must have a value with {kind!r}: got {str(value)[:60]!r}")
    return names


def _span(result: Mapping[str, Any], data: Mapping[str, Any], where: str) -> dict[str, Any]:
    names, value = _value(result, "labels", where), result["value"]
    found = span_of(value.get("start"), value.get("end"), names[0], where)
    text, marked = data.get(str(result.get("to_name", "text")), data.get("text")), value.get("text")
    if not isinstance(text, str) or not isinstance(marked, str) or text[found["start"] : found["end"]] == marked:
        return found
    units = text.encode("utf-16-le")[2 * found["start"] : 2 * found["end"]]
    if units != marked.encode("utf-16-le"):
        raise BadData(
            f"{where}: characters {found['start']} to {found['end']} of the text are not {marked!r}; export it again"
        )
    before = text.encode("utf-16-le")[: 2 * found["start"]].decode("utf-16-le")
    return {**found, "start": len(before), "end": len(before) + len(marked)}


def _of_record(record: Mapping[str, Any], at: int) -> LabelRow:
    data = {name: value for name, value in record.items() if name not in ("id", "label")}
    id, label = str(record.get("id", at)), record.get("label")
    return LabelRow(id, data, () if label is None else (Answer(id, label),))


def _task(row: LabelRow) -> dict[str, Any]:
    annotations = [_annotation(a, row, at) for at, a in enumerate(row.answers) if a.kind in ("label", "skip", "unsure")]
    predictions = []
    if row.prediction is not None and row.prediction.get("label") is not None:
        said = {"model_version": str(row.prediction.get("version")), "score": row.prediction.get("confidence")}
        predictions = [{**said, "result": _results(row.prediction["label"], row, "p")}]
    return {"data": {**row.data, ID: row.id}, "annotations": annotations, "predictions": predictions}


def _annotation(answer: Answer, row: LabelRow, at: int) -> dict[str, Any]:
    cancelled = answer.kind != "label"
    results = [] if cancelled else _results(answer.label, row, f"a{at}")
    return {"result": results, "was_cancelled": cancelled, "lead_time": answer.seconds, "who": answer.who}


def _results(label: Any, row: LabelRow, prefix: str) -> list[dict[str, Any]]:
    if label and is_boxes(label):
        return [region_of(box, row, f"{prefix}b{at}") for at, box in enumerate(label)]
    if is_spans(label):
        text = str(row.data.get("text", ""))
        return [_region(span, text, f"{prefix}s{at}") for at, span in enumerate(label)]
    if is_classes(label):
        names = [str(name) for name in (label if isinstance(label, list) else [label])]
        return [_result("choices", f"{prefix}c", {"choices": names})]
    raise BadData(
        f"item {row.id!r} is labelled {label!r}: Label Studio gets classes, spans and boxes; export it as jsonl"
    )


def _region(span: Mapping[str, Any], text: str, id: str) -> dict[str, Any]:
    places = {"start": span["start"], "end": span["end"], "text": text[span["start"] : span["end"]]}
    return _result("labels", id, {**places, "labels": [str(span["label"])]})


def _result(kind: str, id: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "type": kind, "from_name": "label", "to_name": "text", "value": value}
