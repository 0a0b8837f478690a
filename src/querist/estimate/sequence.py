"""Confidence sequences: intervals that hold at every sample size at once, so that one may look after each label.

They hold for one fixed model; over several models spend the error with ``looks.alpha_at``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log

import numpy as np

from querist._arrays import Floats
from querist.estimate._checks import check_confidence, check_counts, check_losses
from querist.estimate.protocol import Interval

GRID = 1_000
"""Candidate means of a betting interval; its ends are rounded outwards to them."""
BET = 0.5
"""The share of the capital that a bet may put at risk."""
TINY = 1e-12


def proportion_sequence(count: int, n: int, *, confidence: float = 0.95, pool: int | None = None) -> Interval:
    """Give the interval of a proportion that holds at every n at once.

    Formula: the proportions whose likelihood exceeds (1 − confidence) times the mean likelihood under a uniform prior,
    1/(n + 1): the ratio of prior to posterior is a martingale at the truth. The likelihood is hypergeometric for a pool
    of N items sampled without replacement, else binomial. Range: [0, 1]. Cost: O(log N). Raises BadInput. Source:
    Waudby-Smith & Ramdas 2020; the mixture after Robbins 1970.

    >>> [round(end, 3) for end in proportion_sequence(90, 100)]
    [0.772, 0.971]
    >>> proportion_sequence(90, 100, pool=100)
    (0.9, 0.9)
    """
    check_confidence(confidence)
    check_counts(count, n, pool)
    if n == 0:
        return 0.0, 1.0
    least = log(1 - confidence) - log(n + 1)
    if pool is not None:
        return _finite_ends(count, n, pool, least)
    return _smooth_end(count, n, 0.0, least), _smooth_end(count, n, 1.0, least)


def _finite_ends(count: int, n: int, pool: int, least: float) -> Interval:
    """Search the fewest and the most marked items of the pool whose likelihood is large enough; it has one peak."""
    from scipy.special import gammaln

    def choose(n: int, k: int) -> float:
        return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    def likely(marked: int) -> bool:
        other = pool - marked
        return choose(marked, count) + choose(other, n - count) - choose(pool, n) > least

    fewest, most = count, pool - n + count
    peak = min(max(floor((pool + 1) * count / n), fewest), most)
    return _last(likely, peak, fewest) / pool, _last(likely, peak, most) / pool


def _last(likely: Callable[[int], bool], peak: int, end: int) -> int:
    """Give the number furthest from the peak towards the end that is still likely, by bisection."""
    if likely(end):
        return end
    while abs(end - peak) > 1:
        middle = (peak + end) // 2
        peak, end = (middle, end) if likely(middle) else (peak, middle)
    return peak


def _smooth_end(count: int, n: int, end: float, least: float) -> float:
    """Search the proportion beyond which the binomial likelihood is too small; rounded outwards."""
    from scipy.special import gammaln, xlog1py, xlogy

    ways = float(gammaln(n + 1) - gammaln(count + 1) - gammaln(n - count + 1))
    inside = count / n
    if inside == end:
        return end
    for _ in range(60):
        middle = (inside + end) / 2
        likely = ways + xlogy(count, middle) + xlog1py(n - count, -middle) > least
        inside, end = (middle, end) if likely else (inside, middle)
    return end


def mean_sequence(losses: Floats, *, confidence: float = 0.95, pool: int | None = None) -> Interval:
    """Give the interval of the mean of losses in [0, 1] that holds at every n at once, by betting.

    Formula: for each candidate mean m two gamblers bet that the losses are higher, or lower, K± = Π (1 ± λ_t (x_t −
    m_t)), with m_t the mean of what is left of the pool if m is true (m itself without ``pool``) and λ_t = √(2 log(2/α)
    / (V t log(1 + t))), V the variance so far, at most half of what could ruin them. At the truth their mean is a
    martingale, so m is refuted when it reaches 1/α. Ends are rounded outwards to a grid of 1/1000. Range: [0, 1]. Cost:
    O(1000·n). Raises BadInput. Source: Waudby-Smith & Ramdas 2020, 2023.

    >>> [round(end, 3) for end in mean_sequence(np.tile([0.1, 0.3], 100))]
    [0.178, 0.232]
    """
    check_confidence(confidence)
    check_losses(losses, pool)
    grid = np.linspace(0.0, 1.0, GRID + 1)
    capital = _capital(losses, grid, 1 - confidence, pool)
    low, high = hull(grid, capital, -log(1 - confidence))
    if pool is not None:  # what is left may be all 0, or all 1
        total = float(losses.sum())
        low, high = max(low, total / pool), min(high, (total + pool - len(losses)) / pool)
    return low, max(low, high)


def _capital(losses: Floats, grid: Floats, alpha: float, pool: int | None) -> Floats:
    """Compute the log of the mean of the two gamblers' capital for each candidate mean; inf where it cannot be."""
    up, down = np.zeros(len(grid)), np.zeros(len(grid))
    impossible = np.zeros(len(grid), bool)
    before = np.concatenate([[0.0], np.cumsum(losses)])
    for t, (loss, bet) in enumerate(zip(losses.tolist(), bets(losses, alpha).tolist(), strict=True)):
        left = grid if pool is None else (pool * grid - before[t]) / (pool - t)
        impossible |= (left < -TINY) | (left > 1 + TINY)
        safe = np.clip(left, TINY, 1 - TINY)
        up += np.log1p(np.minimum(bet, BET / safe) * (loss - safe))
        down += np.log1p(-np.minimum(bet, BET / (1 - safe)) * (loss - safe))
    return np.asarray(np.where(impossible, np.inf, np.logaddexp(up, down) - log(2)))


def bets(values: Floats, alpha: float) -> Floats:
    """Say how much to bet before each value, from the values before it; float64 [n].

    Formula: λ_t = √(2 log(2/α) / (V_{t−1} t log(1 + t))), V the variance so far with one value at distance ½ from the
    mean added in front. Cost: O(n). Source: Waudby-Smith & Ramdas 2023, the predictable plug-in.

    >>> bets(np.array([0.0, 1.0]), 0.05).round(3).tolist()
    [6.525, 4.636]
    """
    t = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (t + 1)
    variance = (0.25 + np.cumsum((values - mean) ** 2)) / (t + 1)
    past = np.concatenate([[0.25], variance[:-1]])[: len(values)]
    return np.asarray(np.sqrt(2 * log(2 / alpha) / (past * t * np.log1p(t))))


def hull(grid: Floats, capital: Floats, most: float) -> Interval:
    """Give the ends of the candidates not refuted, one step of the grid further out: the truth may lie between two."""
    kept = capital < most
    kept[np.argmin(capital)] = True
    rows = np.flatnonzero(kept)
    return float(grid[max(rows[0] - 1, 0)]), float(grid[min(rows[-1] + 1, len(grid) - 1)])
