"""Numbers over seeds: medians, paired differences and factors saved, each with its interval."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from querist._arrays import Floats

RESAMPLES = 2_000
ENOUGH_SEEDS = 4
"""From so many seeds on, an interval says more than their range."""


class Mean(TypedDict):
    """A mean over seeds; ``se`` is None for one seed."""

    mean: float
    se: float | None


class Median(TypedDict):
    """A median number of labels with its 95 % bootstrap interval; None where most seeds do not reach the target.

    No interval below four seeds: their resamples would say less than the seeds themselves, and look sure of it.
    """

    median: float | None
    interval: list[float | None] | None
    reached: int


class Factor(TypedDict):
    """How many times fewer labels than the baseline, with its 95 % paired bootstrap interval from four seeds on.

    None where only one of the two reaches the target without any label.
    ``at_least`` is set when only the baseline misses the target: its budget then stands for what it needs.
    """

    factor: float | None
    interval: list[float | None] | None
    at_least: float | None


class Versus(TypedDict):
    """A paired difference over seeds, and in how many of them it was above, at or below zero."""

    mean: float
    se: float | None
    win: int
    tie: int
    loss: int


def mean_se(values: ArrayLike) -> Mean:
    """Give the mean and its standard error.

    Formula: s / √S with S − 1 degrees of freedom.

    >>> mean_se([1.0, 2.0, 3.0])
    {'mean': 2.0, 'se': 0.577...}
    """
    x = np.asarray(values, np.float64)
    return {"mean": float(x.mean()), "se": float(x.std(ddof=1) / np.sqrt(len(x))) if len(x) > 1 else None}


def versus(values: ArrayLike, baseline: ArrayLike, *, tolerance: float = 1e-9) -> Versus:
    """Compare paired values, seed by seed; a tie is a difference of at most ``tolerance``: the same curve.

    >>> versus([0.9, 0.8, 0.7], [0.8, 0.8, 0.8])["win"]
    1
    """
    gap = np.asarray(values, np.float64) - np.asarray(baseline, np.float64)
    win, loss = int((gap > tolerance).sum()), int((gap < -tolerance).sum())
    return {**mean_se(gap), "win": win, "tie": len(gap) - win - loss, "loss": loss}


def median_labels(labels: ArrayLike, rng: np.random.Generator) -> Median:
    """Give the median of labels needed over seeds; infinite entries are seeds that never got there.

    >>> median_labels([20.0, 40.0, np.inf], np.random.default_rng(0))["median"]
    40.0
    """
    x = np.asarray(labels, np.float64)
    middle = float(_median(x))
    interval = None
    if len(x) >= ENOUGH_SEEDS and np.isfinite(middle):
        spread = _median(x[resamples(len(x), rng)])
        interval = _interval(spread, spread)
    return {"median": _finite(middle), "interval": interval, "reached": int(np.isfinite(x).sum())}


def factor_saved(labels: ArrayLike, baseline: ArrayLike, *, budget: float, rng: np.random.Generator) -> Factor:
    """Say how many times fewer labels a strategy needs than the baseline, paired by seed.

    Formula: median(baseline labels) / median(strategy labels); the interval resamples seeds, the same ones for both
    (Efron 1979). An end is None where the resamples run past the budget. Two medians of no label at all give 1.

    >>> factor_saved([10.0, 20.0], [20.0, 40.0], budget=100, rng=np.random.default_rng(0))["factor"]
    2.0
    """
    own, other = np.asarray(labels, np.float64), np.asarray(baseline, np.float64)
    need, base = float(_median(own)), float(_median(other))
    if not np.isfinite(need) or (need == 0) != (base == 0):
        return {"factor": None, "interval": None, "at_least": None}
    if not np.isfinite(base):
        return {"factor": None, "interval": None, "at_least": budget / need}
    interval = None
    if len(own) >= ENOUGH_SEEDS:
        picks = resamples(len(own), rng)
        interval = _interval(*_ratios(_median(other[picks]), _median(own[picks])))
    return {"factor": float(_quotient(base, need)), "interval": interval, "at_least": None}


def resamples(count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw bootstrap resamples of seeds; intp [2000, count]."""
    return rng.integers(count, size=(RESAMPLES, count), dtype=np.intp)


def _median(x: Floats) -> Floats:
    """Take medians along the last axis, exact beside infinite values: half of inf and inf is inf, not nan."""
    ordered = np.sort(x, axis=-1)
    low, high = ordered[..., (x.shape[-1] - 1) // 2], ordered[..., x.shape[-1] // 2]
    return np.asarray(np.where(low == high, low, low / 2 + high / 2))


def _quotient(base: ArrayLike, own: ArrayLike) -> Floats:
    """Divide labels by labels; none by none is 1: both needed the same."""
    top, bottom = np.asarray(base, np.float64), np.asarray(own, np.float64)
    found = np.divide(top, bottom, out=np.full(top.shape, np.inf), where=bottom > 0)
    return np.asarray(np.where((top == 0) & (bottom == 0), 1.0, found))


def _ratios(base: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Bound the factor of each resample from below and above: who never arrives may need any number more."""
    finite = _quotient(base, np.where(np.isinf(own), 1.0, own))
    low = np.where(np.isinf(own), -np.inf, finite)
    high = np.where(np.isinf(base), np.inf, np.where(np.isinf(own), low, finite))
    return np.asarray(low), np.asarray(high)


def _interval(low: Floats, high: Floats) -> list[float | None]:
    ends = np.sort(low)[int(0.025 * len(low))], np.sort(high)[int(np.ceil(0.975 * len(high))) - 1]
    return [_finite(v) for v in ends]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
