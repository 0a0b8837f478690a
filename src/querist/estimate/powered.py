"""The mean loss of a pool from a uniform sample, sharpened by the losses that a model expects of all its items."""

from __future__ import annotations

from math import exp, log

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate._checks import check_confidence, check_counts
from querist.estimate.protocol import Interval


def powered(
    losses: Floats, expected: Floats, *, mean_expected: float, pool: int | None, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Estimate the mean loss of a pool by power-tuned prediction-powered inference; the value and its interval.

    Formula: θ = l̄ − λ (f̄ − F), f̄ the mean of the expected losses on the n labelled items and F on all N; λ = Cov(l,
    f)/Var(f) makes the variance smallest, so that useless expectations have λ near 0 and cost nothing. θ ± t s √((1 −
    n/N)/n + (f̄ − F)²/Σ(f − f̄)²), s² the variance of the residuals and t the quantile with n − 2 degrees of freedom
    (asymptotic: from about 30 labels and 5 of each outcome on). For a pool that holds the sample this is the
    regression estimator of survey sampling. Shapes: losses, expected [n]; any finite scale. Cost: O(n). Raises
    BadInput. Source: Angelopoulos, Duchi & Zrnic 2023 (PPI++); Cochran 1977.

    >>> value, (low, high) = powered(
    ...     np.tile([0.0, 0.0, 0.0, 1.0], 10), np.tile([0.1, 0.2, 0.3, 0.8], 10), mean_expected=0.3, pool=400
    ... )
    >>> round(value, 3), round(low, 3), round(high, 3)
    (0.172, 0.136, 0.209)
    """
    check_confidence(confidence)
    loss, f = np.asarray(losses, np.float64), np.asarray(expected, np.float64)
    check_counts(0, len(loss), pool)
    if len(loss) < 3 or len(f) != len(loss):
        raise BadInput(
            f"prediction-powered inference needs 3 losses and as many expected: got {len(loss)} and {len(f)}"
        )
    from scipy.special import stdtrit

    n, off = len(loss), float(f.mean() - mean_expected)
    power, spread = tune(loss, f)
    residual = loss - loss.mean() - power * (f - f.mean())
    variance = float((residual**2).sum()) / (n - 2)
    shift = off**2 / spread if spread > 0 else 0.0
    error = (variance * ((1.0 if pool is None else 1 - n / pool) / n + shift)) ** 0.5
    value = float(loss.mean() - power * off)
    half = float(stdtrit(n - 2, (1 + confidence) / 2)) * error
    return value, (value - half, value + half)


def powered_apart(
    losses: Floats, expected: Floats, others: Floats, *, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Estimate the mean loss of what a sample was drawn from, with other unlabelled items drawn like it.

    Formula: θ = l̄ − λ·(f̄ − f̄'), f̄' the mean of the expected losses on M other items; λ = Cov(f)⁻¹ Cov(f, l) / (1 +
    n/M) makes the variance smallest. θ ± t √(Σ r²/n² + Var(λ·f')/M), t the quantile with n − 1 − k degrees of freedom,
    r = (l − λ·f − their mean)/(1 − h) with h the leverage of the item: a few odd items must not make the others look
    certain (asymptotic: from about 30 labels and 5 of each outcome on). Shapes: losses [n], expected [n] or, by k
    models, [n, k], others [M] or [M, k]. Cost: O((n + M) k²). Raises BadInput. Source: Angelopoulos, Duchi & Zrnic 2023
    (PPI++); several expectations, Cochran 1977 (multiple regression); the residuals, MacKinnon & White 1985 (HC3).

    >>> value, (low, high) = powered_apart(
    ...     np.tile([0.0, 0.0, 0.0, 1.0], 10), np.tile([0.1, 0.2, 0.3, 0.8], 10), np.tile([0.1, 0.5], 50)
    ... )
    >>> round(value, 3), round(low, 3), round(high, 3)
    (0.195, 0.122, 0.267)
    """
    check_confidence(confidence)
    loss, f, apart = np.asarray(losses, np.float64), _columns(expected), _columns(others)
    n, m, k = len(loss), len(apart), f.shape[1]
    if n < 2 + k or len(f) != n or m < 2 or apart.shape[1] != k:
        raise BadInput(
            f"prediction-powered inference needs {2 + k} losses, as many expected, and 2 other items: "
            f"got {n}, {len(f)} and {m}"
        )
    from scipy.special import stdtrit

    away = f - f.mean(axis=0)
    inverse = np.linalg.pinv(away, rcond=1e-9)
    weights = inverse @ (loss - loss.mean()) / (1 + n / m)
    rest, far = loss - f @ weights, apart @ weights
    leverage = np.minimum(1 / n + np.einsum("ij,ji->i", away, inverse), 1 - 1 / n)
    variance = float((((rest - rest.mean()) / (1 - leverage)) ** 2).sum()) / n**2 + float(far.var(ddof=1)) / m
    value = float(loss.mean() - (f.mean(axis=0) @ weights - far.mean()))
    half = float(stdtrit(n - 1 - k, (1 + confidence) / 2)) * variance**0.5
    return value, (value - half, value + half)


def within(value: float, ends: Interval) -> Interval:
    """Bend an interval around a share away from the nearer end of [0, 1], where estimates scatter less.

    Formula: on the scale of log(θ/(1 − θ)), half as long there as the delta method says. An interval that reaches 0 or
    1 is left alone: so far the delta method does not carry. Source: Agresti 2002.

    >>> [round(end, 3) for end in within(0.1, (0.04, 0.16))]
    [0.054, 0.178]
    """
    if ends[0] <= 0 or ends[1] >= 1:
        return ends
    half, centre = (ends[1] - ends[0]) / 2 / (value * (1 - value)), log(value / (1 - value))
    return 1 / (1 + exp(half - centre)), 1 / (1 + exp(-half - centre))


def _columns(expected: Floats) -> Floats:
    found = np.asarray(expected, np.float64)
    return found[:, None] if found.ndim == 1 else found


def tune(losses: Floats, expected: Floats) -> tuple[float, float]:
    """Give λ = Cov(l, f)/Var(f), 0 where f does not vary, and Σ (f − f̄)².

    >>> tune(np.array([0.0, 1.0]), np.array([0.0, 0.5]))
    (2.0, 0.125)
    """
    away = expected - expected.mean()
    spread = float((away**2).sum())
    if spread <= 1e-12:
        return 0.0, 0.0
    return float((away * (losses - losses.mean())).sum()) / spread, spread
