"""The learning curve: a power law through the accuracies of the models so far, and what more labels would bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate.protocol import Estimate, History, not_enough
from querist.estimate.sample import FEW

SLOPES = np.geomspace(0.05, 2.0, 40)
"""The exponents c that are tried: for each of them the rest of the fit is linear."""
REFITS = 400
MODELS = 4
"""Fewest models through which a curve of three parameters is drawn."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A fitted learning curve accuracy(n) = a − b n^(−c), with refits on resampled audit items.

    ``fit`` float64 [3] and ``refits`` [R, 3] hold (a, b, c); ``scatter`` is the standard deviation of single models
    around the curve; ``labels`` is what the last model was trained on, ``n`` the number of audit labels.
    """

    fit: Floats
    refits: Floats
    scatter: float
    labels: int
    n: int

    def value(self, labels: float) -> float:
        """Give the accuracy on the curve; within [0, 1]."""
        return float(np.clip(power(self.fit[None], labels)[0], 0.0, 1.0))


def fit_curve(labels: Floats, right: Floats, rng: np.random.Generator) -> Curve | None:
    """Fit a learning curve to models that were scored on the same audit items; None when they are too few.

    Formula: least squares of a − b n^(−c), 0 ≤ a ≤ 1, b ≥ 0, c in [0.05, 2]; 400 refits on audit items drawn with
    replacement, the same ones for all models, so that what the models share does not count as a difference. Shapes:
    labels [V], right [V, n], bool or shares in [0, 1]. Needs 4 different numbers of labels and 30 audit items. Cost:
    O(400 V (n + 40)). Raises BadInput. Source: the power law after Figueroa 2012 and Viering & Loog 2022; Efron 1979.

    >>> right = np.arange(100) < np.array([[60], [70], [75], [78]])
    >>> curve = fit_curve(np.array([10, 20, 30, 40]), right, np.random.default_rng(0))
    >>> round(curve.value(80), 2)
    0.83
    """
    sizes, outcomes = np.asarray(labels, np.float64), np.asarray(right, np.float64)
    if outcomes.shape[:1] != sizes.shape:
        raise BadInput(f"right must have one row for each of the {len(sizes)} models: got {outcomes.shape[:1]}")
    if len(sizes) and sizes.min() < 1:
        raise BadInput("a learning curve starts at 1 label: leave models without any out")
    n = outcomes.shape[1] if outcomes.ndim == 2 else 0
    if len(np.unique(sizes)) < MODELS or n < FEW:
        return None
    fit = power_law(sizes, outcomes.mean(axis=1)[None])
    residual = outcomes.mean(axis=1) - power(fit, sizes[:, None])[:, 0]
    scatter = float(np.sqrt((residual**2).sum() / max(len(sizes) - 3, 1)))
    return Curve(fit[0], power_law(sizes, resampled(outcomes, rng)), scatter, int(sizes[-1]), n)


def curve_of(history: History, rng: np.random.Generator) -> Curve | None:
    """Fit the learning curve of a study's models, those of the present label set; None when they are too few."""
    sizes = np.array([version.labels for version in history.comparable()], np.float64)
    right = history.outcomes().astype(np.float64)
    return fit_curve(sizes[sizes > 0], right[sizes > 0], rng)


def resampled(outcomes: Floats, rng: np.random.Generator) -> Floats:
    """Average [V, n] over items drawn with replacement, the same for all rows; float64 [400, V]."""
    n = outcomes.shape[1]
    counts = rng.multinomial(n, np.full(n, 1 / n), size=REFITS)
    return np.asarray(counts @ outcomes.T / n)


def power_law(labels: Floats, values: Floats) -> Floats:
    """Fit a − b n^(−c) to R curves at once by least squares; values [R, V] → [R, 3]; cost O(40·R·V).

    >>> n = np.array([10.0, 20.0, 40.0, 80.0])
    >>> power_law(n, 0.9 - n[None] ** -0.5).round(1).tolist()
    [[0.9, 1.0, 0.5]]
    """
    x = (labels / labels.max()) ** -SLOPES[:, None]
    away = x - x.mean(axis=1, keepdims=True)
    middle = values.mean(axis=1, keepdims=True)
    b = np.maximum(-(values - middle) @ away.T / (away**2).sum(axis=1), 0.0)
    a = middle + b * x.mean(axis=1)
    capped = np.maximum((1 - values) @ x.T / (x**2).sum(axis=1), 0.0)
    a, b = np.where(a > 1, 1.0, a), np.where(a > 1, capped, b)
    loss = ((values[:, None] - a[..., None] + b[..., None] * x) ** 2).sum(axis=2)
    best = loss.argmin(axis=1)
    row = np.arange(len(values))
    c = SLOPES[best]
    return np.column_stack([a[row, best], b[row, best] * labels.max() ** c, c])


def power(fits: Floats, labels: Floats | float) -> Floats:
    """Give the accuracy on each curve (a, b, c) at so many labels; [R, 3] → [R].

    >>> power(np.array([[0.9, 1.0, 0.5]]), 100.0).round(2).tolist()
    [0.8]
    """
    return np.asarray(fits[:, 0] - fits[:, 1] * np.asarray(labels, np.float64) ** -fits[:, 2])


def forecast(curve: Curve | None, more: int, rng: np.random.Generator, *, confidence: float = 0.9) -> Estimate:
    """Forecast the accuracy of the model after ``more`` labels, with an approximate interval.

    Formula: the curve at n + more; the interval holds the middle of the refits, each with the luck of one model added
    (normal, of the scatter around the curve). It trusts the power law. Cost: O(400).
    """
    if curve is None:
        return not_enough("accuracy", 0, confidence, f"a forecast needs {MODELS} models and {FEW} audit labels")
    draws = power(curve.refits, float(curve.labels + more)) + curve.scatter * rng.standard_normal(len(curve.refits))
    low, high = _middle(np.clip(draws, 0.0, 1.0), confidence)
    value = curve.value(curve.labels + more)
    return Estimate("accuracy", value, min(low, value), max(high, value), curve.n, confidence, "power-law forecast")


def gain(curve: Curve, more: int, *, confidence: float = 0.9) -> tuple[float, float, float]:
    """Forecast how much accuracy the next ``more`` labels bring on the curve: value, low, high.

    Formula: a power law's difference between n + more and n, and the middle of that of the refits. Range: [0, 1].
    Cost: O(400).

    >>> flat = Curve(np.array([0.9, 0.0, 1.0]), np.array([[0.9, 0.0, 1.0]]), 0.0, 50, 100)
    >>> gain(flat, 50)
    (0.0, 0.0, 0.0)
    """
    now, then = float(curve.labels), float(curve.labels + more)
    rise = power(curve.refits, then) - power(curve.refits, now)
    low, high = _middle(rise, confidence)
    value = float((power(curve.fit[None], then) - power(curve.fit[None], now))[0])
    return value, min(low, value), max(high, value)


def _middle(draws: Floats, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
