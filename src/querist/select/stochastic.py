"""Sampling without replacement in proportion to a weight, by keyed Gumbel noise.

The n largest of log w + Gumbel noise are n successive draws without replacement, each in proportion to w among the
rows that are left (Yellott 1977; Vieira 2014; Kirsch et al. 2023 for acquisition). The noise belongs to the item, so
neither the order of the rows nor the shards play a part.
"""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats, Rows, logsumexp, topk


def power(scores: Floats, beta: float) -> Floats:
    """Give the log weight β·log s; a score of 0 or below has weight 0 (−inf).

    Shapes: scores [N] → [N]. Cost: O(N). Source: Kirsch et al. 2023.

    >>> power(np.array([1.0, 0.5, 0.0]), 2.0).round(4).tolist()
    [0.0, -1.3863, -inf]
    """
    positive = scores > 0
    return np.where(positive, beta * np.log(np.where(positive, scores, 1.0)), -np.inf)


def softmax(scores: Floats, beta: float) -> Floats:
    """Give the log weight β·s.

    Shapes: scores [N] → [N]. Cost: O(N). Source: Kirsch et al. 2023.

    >>> softmax(np.array([1.0, 0.5]), 2.0).tolist()
    [2.0, 1.0]
    """
    return beta * scores


def softrank(scores: Floats, beta: float) -> Floats:
    """Give the log weight −β·log rank, rank 1 for the largest score; equal scores share the better rank.

    A rank depends on the whole pool: not row-wise. Shapes: scores [N] → [N]. Cost: O(N log N).
    Source: Kirsch et al. 2023.

    >>> softrank(np.array([0.1, 0.9, 0.9]), 1.0).round(4).tolist()
    [-1.0986, -0.0, -0.0]
    """
    rank = 1 + np.searchsorted(np.sort(-scores), -scores, side="left")
    return np.asarray(-beta * np.log(rank))


def gumbel(uniform: Floats) -> Floats:
    """Turn uniform numbers in (0, 1) into standard Gumbel noise.

    >>> gumbel(np.array([0.5])).round(4).tolist()
    [0.3665]
    """
    return -np.log(-np.log(uniform))


def sample(log_weights: Floats, n: int, *, uniform: Floats) -> Rows:
    """Draw min(n, N) rows without replacement in proportion to their weight, in the order drawn.

    Rows of weight 0 (−inf) come after all others, each as probable as the next. Shapes: log_weights and uniform [N],
    the latter keyed draws in (0, 1). Cost: O(N + n log n). Source: Yellott 1977; Vieira 2014.

    >>> sample(np.log([0.5, 0.5, 1e-9]), 2, uniform=np.array([0.4, 0.6, 0.5])).tolist()
    [1, 0]
    """
    noise = gumbel(uniform)
    return topk(log_weights + noise, n, noise)


def propensity(log_weights: Floats, rows: Rows) -> Floats:
    """Give the probability of each pick given those before it: its weight over the weight that was left.

    ``rows`` are picks in order; log_weights [N] are those of the whole pool. A row of weight 0 has probability 0 while
    one with weight is left, and the same as the others after that. Shapes: [n], in (0, 1] for picks of ``sample``.
    Cost: O(N + n). Source: successive sampling (Raj 1956).

    >>> propensity(np.log([0.5, 0.3, 0.2]), np.array([0, 2])).round(4).tolist()
    [0.5, 0.4]
    """
    weighted = np.isfinite(log_weights)
    heavy = weighted[rows]
    picked = log_weights[rows[heavy]]
    left = log_weights[weighted & ~np.isin(np.arange(len(log_weights)), rows)]
    rest = float(logsumexp(left)) if len(left) else -np.inf
    # added up from the last pick to the first: subtracting picks from the total would cancel
    remaining = np.logaddexp.accumulate(np.concatenate([[rest], picked[::-1]]))[1:][::-1]
    out = np.empty(len(rows))
    out[heavy] = np.exp(picked - remaining)
    weightless = np.count_nonzero(~weighted) - np.arange(len(rows) - len(picked))
    out[~heavy] = (np.cumsum(heavy)[~heavy] == np.count_nonzero(weighted)) / weightless
    return out
