"""How good a model is at each class, and what it takes for what: from audit items alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from querist._arrays import Rows
from querist.estimate.proportion import exact
from querist.estimate.protocol import Codes, Estimate, Interval, not_enough

LEAST = 10
"""Fewest audit items of a class that carry a figure: below, an exact interval is half the range or more."""


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one class, each with its interval and the number of audit items behind it."""

    label: str | int
    precision: Estimate
    recall: Estimate
    f1: Estimate

    def at(self, confidence: float) -> ClassFigures:
        """State another confidence: that at which the intervals hold over all looks, not at this one."""
        parts = (replace(one, confidence=confidence) for one in (self.precision, self.recall, self.f1))
        return ClassFigures(self.label, *parts)

    def facts(self) -> dict[str, Any]:
        """Give the figures as JSON."""
        parts = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {"label": self.label, **{name: part.facts() for name, part in parts.items()}}


def by_class(
    truth: Codes, predicted: Codes, *, classes: Sequence[str | int], confidence: float = 0.95
) -> list[ClassFigures]:
    """Estimate precision, recall and F1 of each class from a uniform sample that the model has not seen.

    Formula: precision is a share of the items predicted as c, recall of those that are c, each with its exact interval;
    F1 = 2J/(1 + J), J the share of those that are c among those that are c in truth or prediction, its interval carried
    over from J. Each needs 10 items to be a share of. Shapes: truth, predicted int64 [n]. Cost: O(n + C). Source:
    Clopper & Pearson 1934.

    >>> truth, said = np.repeat([0, 1], 20), np.repeat([0, 1, 0], [20, 16, 4])
    >>> found = by_class(truth, said, classes=("a", "b"))[1]
    >>> found.recall.value, round(found.recall.low, 3), found.recall.n, found.precision.value
    (0.8, 0.563, 20, 1.0)
    """
    count = len(classes)
    hit = np.bincount(truth[truth == predicted], minlength=count)
    size, said = np.bincount(truth, minlength=count), np.bincount(predicted, minlength=count)
    rows = zip(classes, hit.tolist(), said.tolist(), size.tolist(), strict=True)
    return [_figures(*row, confidence) for row in rows]


def _figures(label: str | int, hit: int, said: int, size: int, confidence: float) -> ClassFigures:
    return ClassFigures(
        label,
        _share("precision", hit, said, confidence),
        _share("recall", hit, size, confidence),
        _carried("f1", hit, said + size - hit, confidence),
    )


def _share(name: str, hit: int, n: int, confidence: float) -> Estimate:
    if n < LEAST:
        of = "predicted as it" if name == "precision" else "of it" if name == "recall" else "with it"
        return not_enough(name, n, confidence, f"{n} of {LEAST} audit items {of}")
    low, high = exact(hit, n, confidence=confidence)
    return Estimate(name, hit / n, low, high, n, confidence, "exact")


def _carried(name: str, hit: int, n: int, confidence: float) -> Estimate:
    found = _share(name, hit, n, confidence)
    if found.value is None:
        return found
    value, (low, high) = _f1(found.value), _ends((found.low, found.high))
    return Estimate(name, value, low, high, n, confidence, "exact")


def _ends(ends: Interval) -> Interval:
    return _f1(ends[0]), _f1(ends[1])


def _f1(share: float) -> float:
    return 2 * share / (1 + share)


def confusion(truth: Codes, predicted: Codes, *, classes: int) -> list[tuple[int, int, int]]:
    """Count how many items of each class the model takes for which: (true, predicted, number), those that occur.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2)
    [(0, 0, 1), (0, 1, 1), (1, 1, 1)]
    """
    pairs: Rows = truth * classes + predicted
    found, number = np.unique(pairs, return_counts=True)
    return [(int(pair) // classes, int(pair) % classes, int(n)) for pair, n in zip(found, number, strict=True)]
