"""The mean loss of a pool from a uniform sample, sharpened by the losses that a model expects of all its items."""

from __future__ import annotations

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

    Formula: θ = l̄ − λ (f̄ − f̄'), f̄' the mean of the expected losses on M other items; λ = Cov(l, f) / (Var(f) (1 +
    n/M)) makes the variance smallest. θ ± t √(Var(l − λf)/n + λ² Var(f')/M), t the quantile with n − 2 degrees of
    freedom (asymptotic: from about 30 labels and 5 of each outcome on). Shapes: losses, expected [n], others [M]. Cost:
    O(n + M). Raises BadInput. Source: Angelopoulos, Duchi & Zrnic 2023 (PPI++).

    >>> value, (low, high) = powered_apart(
    ...     np.tile([0.0, 0.0, 0.0, 1.0], 10), np.tile([0.1, 0.2, 0.3, 0.8], 10), np.tile([0.1, 0.5], 50)
    ... )
    >>> round(value, 3), round(low, 3), round(high, 3)
    (0.195, 0.124, 0.265)
    """
    check_confidence(confidence)
    loss, f, apart = (np.asarray(part, np.float64) for part in (losses, expected, others))
    if len(loss) < 3 or len(f) != len(loss) or len(apart) < 2:
        raise BadInput(
            "prediction-powered inference needs 3 losses, as many expected, and 2 other items: "
            f"got {len(loss)}, {len(f)} and {len(apart)}"
        )
    from scipy.special import stdtrit

    n, m = len(loss), len(apart)
    power = tune(loss, f)[0] / (1 + n / m)
    rest = loss - power * f
    variance = float(((rest - rest.mean()) ** 2).sum()) / (n - 2) / n + power**2 * float(apart.var(ddof=1)) / m
    value = float(loss.mean() - power * (f.mean() - apart.mean()))
    half = float(stdtrit(n - 2, (1 + confidence) / 2)) * variance**0.5
    return value, (value - half, value + half)


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
