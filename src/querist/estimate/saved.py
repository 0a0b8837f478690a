"""Labels saved: how many random labels the model's accuracy would have taken, told from the audit items alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.errors import BadInput
from querist.estimate.curve import MODELS, power, power_law, resampled
from querist.estimate.protocol import Estimate, not_enough
from querist.estimate.sample import FEW

NAME = "labels_saved"
SIZES = (0.2, 0.35, 0.5, 0.65, 0.8)
REPEATS = 4


def random_subsets(n: int, rng: np.random.Generator) -> list[Rows]:
    """Draw the audit items on which models of random labels are trained, to be scored on the others.

    Five sizes, from a fifth to four fifths of the n audit items, four times each; none below 30 items. The models serve
    the comparison only: they choose nothing and are thrown away.

    >>> [len(rows) for rows in random_subsets(40, np.random.default_rng(0))][::4]
    [8, 14, 20, 26, 32]
    """
    if n < FEW:
        return []
    sizes = [round(share * n) for share in SIZES for _ in range(REPEATS)]
    return [np.sort(rng.permutation(n)[:size]).astype(np.intp) for size in sizes]


def random_curve(subsets: list[Rows], right: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Average the outcomes of models of the same size on the items that they were not trained on.

    Shapes: right bool [models, n] → sizes [V], shares [V, n]; an item that all models of a size were trained on
    gets the mean of the others. Cost: O(models · n).
    """
    if right.shape[:1] != (len(subsets),):
        raise BadInput(f"right must have one row for each of the {len(subsets)} models: got {right.shape[:1]}")
    size = np.array([len(rows) for rows in subsets])
    out = np.ones(right.shape, bool)
    for model, rows in enumerate(subsets):
        out[model, rows] = False
    shares = [_mean_outside(right[size == one], out[size == one]) for one in np.unique(size)]
    return np.unique(size).astype(np.float64), np.array(shares).reshape(len(shares), right.shape[1])


def _mean_outside(right: NDArray[np.bool_], out: NDArray[np.bool_]) -> Floats:
    seen = out.sum(axis=0)
    found = (right & out).sum(axis=0) / np.maximum(seen, 1)
    return np.asarray(np.where(seen > 0, found, found[seen > 0].mean() if (seen > 0).any() else 0.0))


def labels_saved(
    sizes: Floats, random: Floats, current: NDArray[np.bool_], labels: int, rng: np.random.Generator
) -> Estimate:
    """Say how many random labels would be needed for each label that the current model was trained on.

    Formula: L/n, L the number of labels at which the power law through the models of random labels reaches the accuracy
    of the current model, a − b L^(−c) = accuracy; the 90 % interval refits both on the same resampled audit items. It
    extrapolates, and is approximate. Shapes: sizes [V], random [V, n], current [n]. Range: [0, ∞): below 1 the labels
    chosen were worse than random ones. Not enough below 30 audit items; where the curve is flat, so that half as many
    labels or random ones differ from the current model by less than the audit's standard error, and L is a division by
    nothing; or where random labels are not expected to get there: then ``low`` alone is a figure. Cost:
    O(400 V (n + 40)). Raises BadInput. Source: the power law after Viering & Loog 2022; Efron 1979.

    >>> random = np.arange(100) < np.array([[50], [60], [65], [68], [70]])
    >>> now = np.arange(100) < 75
    >>> found = labels_saved(np.array([10, 20, 30, 40, 50.0]), random, now, 40, np.random.default_rng(0))
    >>> bool(found.low <= found.value <= found.high), round(found.value, 1)
    (True, 2.3)
    """
    n = len(current)
    if labels < 1:
        return not_enough(NAME, n, 0.9, "no label was asked for yet")
    if n < FEW or len(np.unique(sizes)) < MODELS:
        return not_enough(NAME, n, 0.9, f"it needs {FEW} audit labels and {MODELS} sizes of random sets")
    outcomes = np.vstack([np.asarray(random, np.float64), np.asarray(current, np.float64)])
    fit = power_law(sizes, outcomes[:-1].mean(axis=1)[None])
    if _flat(fit, outcomes[-1], labels):
        why = f"half as many labels, or random ones, do as well as far as {n} audit labels can tell"
        return not_enough(NAME, n, 0.9, why)
    own = _reached(fit, outcomes[-1:].mean(axis=1)) / labels
    again = resampled(outcomes, rng)
    draws = np.sort(_reached(power_law(sizes, again[:, :-1]), again[:, -1]) / labels)
    low, high = float(draws[int(0.05 * len(draws))]), float(draws[int(np.ceil(0.95 * len(draws))) - 1])
    value = float(own[0])
    if not np.isfinite(low):
        return not_enough(NAME, n, 0.9, "random labels are not expected to get there at any number")
    if not np.isfinite(value):
        why = f"random labels are not expected to get there: at least {low:.2g} times as many"
        return Estimate(NAME, None, low, float("inf"), n, 0.9, "none", why)
    return Estimate(NAME, value, min(low, value), max(high, value), n, 0.9, "extrapolated")


def _flat(fit: Floats, current: Floats, labels: int) -> bool:
    """Say whether half as many labels, and as many random ones, do as well as the model as far as the audit can tell.

    Formula: r(L) − r(L/2) < s and |p − r(L)| < s, with r the power law, p the current accuracy, and s the standard
    error of p at (np + 1)/(n + 2).
    """
    n = len(current)
    share = (current.sum() + 1) / (n + 2)
    error = float(np.sqrt(share * (1 - share) / n))
    now, half = (float(power(fit, size)[0]) for size in (labels, labels / 2))
    return now - half < error and abs(float(current.mean()) - now) < error


def _reached(fits: Floats, accuracy: Floats) -> Floats:
    """Give the number of labels at which each power law reaches an accuracy; inf where it never does; [R]."""
    a, b, c = fits.T
    short = np.maximum(a - accuracy, 1e-12)
    with np.errstate(over="ignore", divide="ignore"):
        labels = np.exp(np.log(np.maximum(b, 1e-300) / short) / c)
    flat = np.where(a >= accuracy, 0.0, np.inf)
    return np.asarray(np.where(a <= accuracy, np.inf, np.where(b > 0, labels, flat)))
