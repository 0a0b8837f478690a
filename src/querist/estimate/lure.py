"""The mean loss of a pool from items drawn one by one, with known unequal chances, without replacement.

Order of powers of scores with Gumbel or exponential noise ("successive sampling") is such a draw; a strategy that takes
the n best without chance is not, and no estimator can mend that.
"""

from __future__ import annotations

from math import log

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate._checks import check_chances, check_confidence, check_losses
from querist.estimate.protocol import Interval
from querist.estimate.sequence import BET, GRID, TINY, bets, hull


def lure_weights(propensity: Floats, *, pool: int) -> Floats:
    """Give the weight of each loss, in the order drawn; float64 [M].

    Formula: v_m = 1 + (N − M)/(N − m) · (1/((N − m + 1) q_m) − 1), q_m the probability of the m-th pick among what
    remained. 1 for uniform picks. Shapes: propensity [M] → [M]. Range: (0, ∞) for a pick less likely than a uniform
    one, else it may fall below 0. Cost: O(M). Raises BadInput. Source: Farquhar, Gal & Rainforth 2021.

    >>> lure_weights(np.array([0.5, 0.25]), pool=4).round(4).tolist()
    [0.6667, 1.3333]
    """
    q = np.asarray(propensity, np.float64)
    m, drawn = np.arange(1, len(q) + 1), len(q)
    _check_draws(q, drawn, pool)
    if drawn == pool:
        return np.ones(drawn)
    return np.asarray(1 + (pool - drawn) / (pool - m) * (1 / ((pool - m + 1) * q) - 1))


def lure(losses: Floats, propensity: Floats, *, pool: int) -> float:
    """Estimate the mean loss of the pool without bias.

    Formula: R = (1/M) Σ_m v_m l_m, v of ``lure_weights``. Shapes: losses, propensity [M], in the order drawn. Cost:
    O(M). Raises BadInput. Source: Farquhar, Gal & Rainforth 2021; Kossen 2021.

    >>> round(lure(np.array([1.0, 0.0]), np.array([0.5, 0.25]), pool=4), 4)
    0.3333
    """
    loss = np.asarray(losses, np.float64)
    _check_draws(propensity, len(loss), pool)
    if not len(loss):
        raise BadInput("LURE needs at least one loss: got none; label some items first")
    return float((lure_weights(propensity, pool=pool) * loss).mean())


def lure_interval(losses: Floats, propensity: Floats, *, pool: int, confidence: float = 0.95) -> Interval:
    """Give an approximate interval of the mean loss around ``lure``, from about 30 draws on.

    Formula: LURE is Σ_m c_m a_m, a_m = (Σ_{k<m} l_k + l_m/q_m)/N, c_m = N(N − M)/(M (N − m)(N − m + 1)): each a_m has
    the mean loss as its mean given the draws before, so that Σ c_m² (a_m − R)² · M/(M − 1) estimates the variance; ± t
    quantile with M − 1 degrees of freedom (asymptotic). Range: within [0, 1] for losses in [0, 1]; (0, 1) below 2
    draws. Cost: O(M). Raises BadInput. Source: the terms after Farquhar 2021, the interval after Hall & Heyde 1980.

    >>> losses = np.tile([0.0, 0.0, 0.0, 1.0], 10)
    >>> [round(end, 3) for end in lure_interval(losses, 1 / (400 - np.arange(40)), pool=400)]
    [0.117, 0.383]
    """
    loss = np.asarray(losses, np.float64)
    check_confidence(confidence)
    middle, drawn = lure(loss, propensity, pool=pool), len(loss)
    if drawn == pool:
        return middle, middle
    if drawn < 2:
        return 0.0, 1.0
    from scipy.special import stdtrit

    m = np.arange(1, drawn + 1)
    share = pool * (pool - drawn) / (drawn * (pool - m) * (pool - m + 1))
    spread = share * (_terms(loss, propensity, pool) - middle)
    error = float(np.sqrt((spread**2).sum() * drawn / (drawn - 1)))
    half = float(stdtrit(drawn - 1, (1 + confidence) / 2)) * error
    return min(max(0.0, middle - half), 1.0), max(min(1.0, middle + half), 0.0)


def _terms(losses: Floats, propensity: Floats, pool: int) -> Floats:
    """Give a_m, of which each has the pool's mean loss as its mean, given the draws before."""
    before = np.cumsum(losses) - losses
    return np.asarray((before + losses / propensity) / pool)


def lure_sequence(losses: Floats, propensity: Floats, *, pool: int, confidence: float = 0.95) -> Interval:
    """Give the interval of the mean loss that holds after every draw at once, for any number of draws.

    Formula: as ``mean_sequence``, but each side bets against its own end: on l_m/(N q_m), whose mean given the draws
    before is m − Σ_{k<m} l_k/N, for the lower end at half of the error probability, and on 1 − l for the upper end. A
    bet is lost by half of the capital at most. Shapes: losses in [0, 1] and propensity [M], in the order drawn. Range:
    [0, 1], rounded outwards to a grid of 1/1000. Cost: O(1000·M). Raises BadInput. Source: Shekhar, Xu, Lipton, Liang &
    Ramdas 2023.

    >>> losses = np.tile([0.0, 0.0, 0.0, 1.0], 10)
    >>> [round(end, 3) for end in lure_sequence(losses, 1 / (400 - np.arange(40)), pool=400)]
    [0.071, 0.451]
    """
    loss, q = np.asarray(losses, np.float64), np.asarray(propensity, np.float64)
    check_confidence(confidence)
    check_losses(loss, pool)
    _check_draws(q, len(loss), pool)
    alpha = (1 - confidence) / 2
    low, high = _lower(loss, q, pool, alpha), 1 - _lower(1 - loss, q, pool, alpha)
    if low <= high:
        return low, high
    return float(loss.sum() / pool), float((loss.sum() + pool - len(loss)) / pool)  # all refuted: what is certain


def _lower(losses: Floats, propensity: Floats, pool: int, alpha: float) -> float:
    """Give the smallest mean loss that betting on higher losses does not refute."""
    grid = np.linspace(0.0, 1.0, GRID + 1)
    capital = np.zeros(len(grid))
    value = losses / (pool * propensity)
    seen = (np.cumsum(losses) - losses) / pool
    for t, bet in enumerate(bets(value, 2 * alpha).tolist()):
        left = np.maximum(grid - seen[t], TINY)
        capital += np.log1p(np.minimum(bet, BET / left) * (value[t] - left))
    capital[grid < losses.sum() / pool] = np.inf  # so much was seen
    return hull(grid, capital, -log(alpha))[0]


def _check_draws(propensity: Floats, drawn: int, pool: int) -> None:
    check_chances(np.asarray(propensity, np.float64), drawn, "propensity")
    if drawn > pool:
        raise BadInput(f"{drawn} draws without replacement cannot come from a pool of {pool} items")
