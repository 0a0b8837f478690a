"""Columns that give the answer away: features that hold the label itself under another name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from querist.data.columns import Columns
from querist.data.dataset import Dataset
from querist.data.records import Records
from querist.tasks.protocol import Label

FEWEST = 10
"""Labelled rows from which on a column that tells them all apart is no accident."""


def leaks(data: Dataset, classes: Sequence[Label] | None = None) -> list[str]:
    """Warn of each feature that says the class: by the names of the classes, or one value to each class.

    ``classes`` are the names that the user gave; None: those found. Cost O(N·D).

    >>> from querist.data import load
    >>> rows = [{"n": n, "type": ("good", "bad")[n % 2]} for n in range(4)]
    >>> leaks(load(rows), ["good", "bad"])[0].partition(":")[2].partition(" and ")[0]
    " the column 'type' holds the names of the classes"
    """
    encoding, records = Columns.of(data.pool), data.pool.records
    if encoding is None or not isinstance(records, Records):
        return []
    labels = data.labels or [None] * len(data.pool)
    names = {str(label) for label in (classes if classes is not None else labels) if label is not None}
    columns = ((column, records.table.column(column.name).to_pylist()) for column in encoding.columns)
    return [_warning(column.name, why) for column, values in columns for why in _why(values, labels, names)]


def _why(values: Sequence[Any], labels: Sequence[Label | None], names: set[str]) -> Iterator[str]:
    kinds = {value for value in values if value is not None}
    if len(names) > 1 and all(isinstance(kind, str) for kind in kinds) and kinds == names:
        yield "holds the names of the classes"
    elif _tells_apart(values, labels):
        yield "has one value for each class"


def _tells_apart(values: Sequence[Any], labels: Sequence[Label | None]) -> bool:
    """Say whether each class has a value of its own, on ten labelled rows or more."""
    pairs = [(v, c) for v, c in zip(values, labels, strict=True) if v is not None and c is not None]
    kinds, classes, both = {v for v, _ in pairs}, {c for _, c in pairs}, set(pairs)
    return len(pairs) >= FEWEST and 1 < len(both) == len(kinds) == len(classes)


def _warning(name: str, why: str) -> str:
    return (
        f"warning: the column {name!r} {why} and is used as a feature: if it is the answer, say label={name!r} "
        f"(--label {name}), or drop it"
    )
