"""Metrics that are a mean over classes: balanced accuracy and macro F1, from a uniform sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.estimate.proportion import exact
from querist.estimate.protocol import Codes, Estimate, Interval, not_enough
from querist.estimate.sample import Sample

MOST_NAMED = 3


def balanced_accuracy(sample: Sample, *, confidence: float = 0.95) -> Estimate:
    """Estimate the mean recall over the classes.

    Formula: the recall of class c is a share of the audit labels of c, with its own exact interval; the mean's interval
    is their combination by ``mean_of``, the recalls being independent. Not enough until each class has an audit label
    or the whole pool has: the recall of a class that nobody saw could be anything. Cost: O(n + C). Source: Zou & Donner
    2008; Clopper & Pearson 1934.

    >>> truth, said = np.repeat([0, 1], 20), np.repeat([0, 1, 0], [20, 16, 4])
    >>> found = balanced_accuracy(Sample(truth, said, classes=("a", "b")))
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.9, 0.755, 0.971)
    """
    name, classes = "balanced_accuracy", len(sample.classes)
    size = np.bincount(sample.truth, minlength=classes)
    refusal = _refusal(sample, size == 0, "no audit label of")
    if refusal:
        return not_enough(name, len(sample), confidence, refusal)
    hit = np.bincount(sample.truth[sample.wrong == 0], minlength=classes)
    hit, size = hit[size > 0], size[size > 0]
    ends = _ends(hit, size, sample.whole, confidence)
    value, (low, high) = mean_of(hit / size, ends, np.eye(len(size)))
    return Estimate(name, value, low, high, len(sample), confidence, "exact by class, combined approximately")


def macro_f1(sample: Sample, *, confidence: float = 0.95) -> Estimate:
    """Estimate the mean of F1 over the classes.

    Formula: F1 = 2J/(1 + J), J = TP/(TP + FP + FN): a share of the items that belong to the class in truth or
    prediction, with its own exact interval, carried over because F1 rises with J. The mean's interval is their
    combination by ``mean_of``, with the correlation of the influence of each item on each F1. Not enough while some
    class occurs neither in the audit labels nor in the predictions on them. Cost: O(n·C + C²). Source: Zou & Donner
    2008; Clopper & Pearson 1934.

    >>> truth, said = np.repeat([0, 1], 20), np.repeat([0, 1, 0], [20, 16, 4])
    >>> found = macro_f1(Sample(truth, said, classes=("a", "b")))
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.899, 0.753, 0.97)
    """
    name, classes = "macro_f1", len(sample.classes)
    hits, either = _memberships(sample.truth, sample.predicted, classes)
    count, size = hits.sum(axis=0), either.sum(axis=0)
    refusal = _refusal(sample, size == 0, "no audit label and no prediction of")
    if refusal:
        return not_enough(name, len(sample), confidence, refusal)
    hits, either, count, size = hits[:, size > 0], either[:, size > 0], count[size > 0], size[size > 0]
    ends = [(_f1(low), _f1(high)) for low, high in _ends(count, size, sample.whole, confidence)]
    f1 = np.array([_f1(share) for share in (count / size).tolist()])
    influence = 2 * hits - f1 * (either + hits)
    value, (low, high) = mean_of(f1, ends, correlation(influence))
    return Estimate(name, value, low, high, len(sample), confidence, "exact by class, combined approximately")


def mean_of(values: Floats, ends: Sequence[Interval], related: Floats) -> tuple[float, Interval]:
    """Combine estimates with intervals of their own into an interval of their mean.

    Formula: θ̄ − √(Σ_ij ρ_ij (θ_i − l_i)(θ_j − l_j))/C, and likewise above: each side recovers its variances from the
    distances to the ends, so that a share of 0 or 1 does not look certain. Approximate. Shapes: values [C], ends C
    pairs, related [C, C]. Cost: O(C²). Source: Zou & Donner 2008 (MOVER).

    >>> value, (low, high) = mean_of(np.array([0.5, 1.0]), [(0.4, 0.6), (0.7, 1.0)], np.eye(2))
    >>> value, round(low, 3), round(high, 3)
    (0.75, 0.592, 0.8)
    """
    low, high = np.array(ends, np.float64).reshape(-1, 2).T
    down, up = values - low, high - values
    mean, count = float(values.mean()), len(values)
    return mean, (mean - float(down @ related @ down) ** 0.5 / count, mean + float(up @ related @ up) ** 0.5 / count)


def correlation(influence: Floats) -> Floats:
    """Correlate columns, [n, C] → [C, C]: at least 0, and 1 where a column does not vary, which widens the interval.

    >>> correlation(np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    away = influence - influence.mean(axis=0)
    size = np.sqrt((away**2).sum(axis=0))
    known = np.outer(size, size) > 1e-12
    found = np.divide(away.T @ away, np.outer(size, size), out=np.ones(known.shape), where=known)
    np.fill_diagonal(found, 1.0)
    return np.asarray(np.clip(found, 0.0, 1.0))


def _ends(count: NDArray[Any], size: NDArray[Any], whole: bool, confidence: float) -> list[Interval]:
    """Give the exact interval of each class's share; its value when the whole pool was audited."""
    if whole:
        return [(share, share) for share in (count / size).tolist()]
    return [exact(int(k), int(n), confidence=confidence) for k, n in zip(count, size, strict=True)]


def _f1(share: float) -> float:
    return 2 * share / (1 + share)


def _memberships(truth: Codes, predicted: Codes, classes: int) -> tuple[Floats, Floats]:
    """Mark for each item the class that it hits, and the classes it belongs to in truth or prediction; [n, C] each."""
    one = np.eye(classes)
    hits = one[truth] * one[predicted]
    return hits, np.maximum(one[truth], one[predicted])


def _refusal(sample: Sample, missing: NDArray[np.bool_], what: str) -> str:
    if sample.propensity is not None:
        return "a mean over classes needs a uniform sample"
    if not len(sample):
        return "no audit label yet"
    if sample.whole:
        return ""
    names = [repr(name) for name, gone in zip(sample.classes, missing.tolist(), strict=True) if gone]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{what} {', '.join(names[:MOST_NAMED])}{more} yet" if names else ""
