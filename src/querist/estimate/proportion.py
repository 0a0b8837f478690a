"""Intervals of a proportion from a uniform sample of a pool, read once."""

from __future__ import annotations

from math import ceil, log, log1p

import numpy as np
from numpy.typing import ArrayLike

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate._checks import check_confidence, check_counts
from querist.estimate.protocol import Interval


def normal_quantile(confidence: float) -> float:
    """Give the two-sided normal quantile z; 1.96 for 0.95.

    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    from scipy.special import ndtri

    return float(-ndtri((1 - confidence) / 2))


def wilson(count: float, n: float, *, confidence: float = 0.95, pool: int | None = None) -> Interval:
    """Give the score interval of a proportion; approximate, and good from few labels on.

    Formula: (p + z²/2m ± z √(p(1−p)/m + z²/4m²)) / (1 + z²/m), p = count/n, m = n(N−1)/(N−n) for a pool of N items
    sampled without replacement, m = n without ``pool``. Range: [0, 1]; (0, 1) for n = 0. Cost: O(1). Raises BadInput.
    Source: Wilson 1927; the finite pool after Korn & Graubard 1998.

    >>> [round(end, 4) for end in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    check_confidence(confidence)
    check_counts(count, n, pool)
    if n == 0:
        return 0.0, 1.0
    p, z = count / n, normal_quantile(confidence)
    if n == pool:
        return p, p
    m = n if pool is None else n * (pool - 1) / (pool - n)
    middle, half = p + z**2 / (2 * m), z * (p * (1 - p) / m + z**2 / (4 * m**2)) ** 0.5
    scale = 1 + z**2 / m
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def exact(count: int, n: int, *, confidence: float = 0.95, pool: int | None = None) -> Interval:
    """Give the interval that covers at least at its confidence, whatever the proportion and the sample size.

    Formula: each end is the proportion at which the count or one more extreme has probability (1 − confidence)/2: by
    the hypergeometric distribution for a pool of N items sampled without replacement, else by the binomial. Range:
    [0, 1]; the pool's ends are multiples of 1/N. Cost: O(n log N). Raises BadInput. Source: Clopper & Pearson 1934; the
    finite pool after Buonaccorsi 1987.

    >>> [round(end, 4) for end in exact(9, 10)]
    [0.555, 0.9975]
    >>> exact(9, 10, pool=12)
    (0.75, 0.9166666666666666)
    """
    check_confidence(confidence)
    check_counts(count, n, pool)
    alpha = (1 - confidence) / 2
    if pool is None:
        return 1 - _endless_upper(n - count, n, alpha), _endless_upper(count, n, alpha)
    most = _finite_upper(count, n, alpha, pool)
    return (pool - _finite_upper(n - count, n, alpha, pool)) / pool, most / pool


def upper_bound(count: int, n: int, *, confidence: float = 0.95, pool: int | None = None) -> float:
    """Give the largest proportion that the count does not refute, from one side.

    Formula: the largest p with P(X ≤ count | p) ≥ 1 − confidence. Range: [0, 1]. Cost: O(n log N). Raises BadInput.
    Source: Clopper & Pearson 1934.

    >>> round(upper_bound(0, 59), 4)
    0.0495
    """
    check_confidence(confidence)
    check_counts(count, n, pool)
    if pool is None:
        return _endless_upper(count, n, 1 - confidence)
    return _finite_upper(count, n, 1 - confidence, pool) / pool


def _endless_upper(count: int, n: int, alpha: float) -> float:
    from scipy.special import betaincinv

    return 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - alpha))


def _finite_upper(count: int, n: int, alpha: float, pool: int) -> int:
    """Search the largest number K of the pool's items with P(X ≤ count | K) ≥ alpha; the probability falls with K."""
    below, above = count, pool - n + count + 1
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if _tail(count, n, middle, pool) >= alpha else (below, middle)
    return below


def _tail(count: int, n: int, marked: int, pool: int) -> float:
    """Compute P(X ≤ count) when n items are drawn from a pool of which some are marked; O(count)."""
    drawn = np.arange(max(0, n - (pool - marked)), count + 1)
    return float(
        np.exp(_log_choose(marked, drawn) + _log_choose(pool - marked, n - drawn) - _log_choose(pool, n)).sum()
    )


def _log_choose(n: ArrayLike, k: ArrayLike) -> Floats:
    from scipy.special import gammaln

    top, bottom = np.asarray(n, np.float64), np.asarray(k, np.float64)
    return np.asarray(gammaln(top + 1) - gammaln(bottom + 1) - gammaln(top - bottom + 1))


def labels_needed(error: float, *, confidence: float = 0.95, pool: int | None = None) -> int:
    """Give the fewest audit labels, all of them right, that prove an error of at most ``error``.

    Formula: the smallest n with upper_bound(0, n) ≤ error; ⌈log(1 − confidence) / log(1 − error)⌉ for a pool without
    end. Range: [0, N]. Cost: O(n log N · log n). Raises BadInput.

    >>> labels_needed(0.05), labels_needed(0.05, pool=100)
    (59, 39)
    """
    check_confidence(confidence)
    check_share(error)
    without_end = ceil(log(1 - confidence) / log1p(-error))
    if pool is None:
        return without_end
    low, high = 0, min(without_end, pool)  # a finite pool never needs more
    while low < high:
        middle = (low + high) // 2
        enough = upper_bound(0, middle, confidence=confidence, pool=pool) <= error
        low, high = (low, middle) if enough else (middle + 1, high)
    return high


def check_share(error: float) -> None:
    """Refuse an error that is not strictly between 0 and 1."""
    if not 0 < error < 1:
        raise BadInput(f"the error to prove must lie between 0 and 1, both excluded: got {error}; 0.05 is 5 %")
