"""What formats of other tools share: labels that are spans or sets, and a single class where every set has just one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from querist.errors import BadData
from querist.formats.protocol import LabelRow, Table
from querist.tasks.protocol import Label


def is_spans(label: Label) -> bool:
    """Say whether a label is a list of spans; an empty list may be one."""
    return isinstance(label, list) and all(isinstance(part, Mapping) and "start" in part for part in label)


def check_whole(row: LabelRow, form: str) -> None:
    """Raise BadData for an item that was looked at in part, which most formats cannot say."""
    if any(isinstance(answer.label, Mapping) and "asked" in answer.label for answer in row.answers):
        raise BadData(
            f"item {row.id!r} was looked at in part, which {form} has no word for; export it as jsonl, csv or conll"
        )


def is_boxes(label: Label) -> bool:
    """Say whether a label is a list of boxes; an empty list may be one."""
    return isinstance(label, list) and all(isinstance(part, Mapping) and "box" in part for part in label)


def is_classes(label: Label) -> bool:
    """Say whether a label is a class or a list of classes."""
    parts = label if isinstance(label, list) else [label]
    return all(isinstance(part, str | int) for part in parts)


def simplified(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """Turn sets into classes where every set of the rows has just one; spans and other labels stay.

    >>> from querist.tasks.protocol import Answer
    >>> simplified([LabelRow("a", {}, (Answer("a", ["x"]),))])[0].answers[0].label
    'x'
    """
    labels = [answer.label for row in rows for answer in row.answers if answer.kind == "label"]
    if not labels or not all(isinstance(label, list) and len(label) == 1 and is_classes(label) for label in labels):
        return list(rows)
    return [
        replace(row, answers=tuple(replace(a, label=a.label[0]) if a.kind == "label" else a for a in row.answers))
        for row in rows
    ]


def as_table(rows: Sequence[LabelRow], where: Callable[[int], str]) -> Table:
    """Make a table of items and their latest label: the columns of the data, id and label."""
    from querist.formats._rows import table_of

    found = []
    for row in rows:
        labels = [answer.label for answer in row.answers if answer.kind == "label"]
        taken = {name if name not in ("id", "label") else f"data.{name}": value for name, value in row.data.items()}
        found.append({"id": row.id, **taken, "label": labels[-1] if labels else None})
    if all(each["label"] is None for each in found):
        found = [{name: value for name, value in each.items() if name != "label"} for each in found]
    return table_of(found, where)


def span_of(start: Any, end: Any, label: Any, where: str) -> dict[str, Any]:
    """Make a span of what a file holds; raises BadData."""
    whole = all(isinstance(place, int) and not isinstance(place, bool) for place in (start, end))
    if not whole or not isinstance(label, str | int) or not 0 <= start < end:
        raise BadData(
            f"{where}: a span must have a start, an end behind it and a class: got {start!r}, {end!r}, {label!r}"
        )
    return {"start": start, "end": end, "label": label}


def text_of(row: LabelRow, form: str) -> str:
    """Give the text of an item; raises BadData where it has none."""
    text = row.data.get("text")
    if not isinstance(text, str):
        raise BadData(f"item {row.id!r} has no text: {form} holds labels of texts; export it as jsonl")
    return text
