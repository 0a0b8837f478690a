"""Scores of items that belong to several classes at once; higher is more informative.

``decision`` [N, C] holds the log-odds of each class, positive where it is predicted; p = 1 / (1 + exp(−f)).
``table`` [L, C] holds the sets of the labelled items as 0 and 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks, to_numpy
from querist.view import View

_LEAST = 1e-12


def odds(decision: Array) -> Floats:
    """Bring decision values to NumPy, float64 [N, C], row by row in memory: else the last digit would depend on it."""
    return np.asarray(to_numpy(decision), np.float64, order="C")


def label_table(view: View, classes: int) -> Floats:
    """Read the sets of the labelled rows with an answer off the votes, [L, C].

    A class belongs to a set when half of the people who named any class of that item named it; an item of which nobody
    named one has the empty set.
    """
    if view.votes is None:
        return np.empty((0, classes))
    votes, starts = np.asarray(to_numpy(view.votes.values)), view.votes.starts
    table = np.zeros((len(starts) - 1, classes))
    row = np.repeat(np.arange(len(table)), np.diff(starts))
    known = votes[:, 1] < classes
    np.add.at(table, (row[known], votes[known, 1]), 1.0)
    pairs = np.unique(np.stack([row, votes[:, 0]], axis=1), axis=0)
    people = np.bincount(pairs[:, 0].astype(np.int64), minlength=len(table))
    sets: Floats = (2 * table >= np.maximum(people, 1)[:, None]).astype(np.float64)
    return np.asarray(sets[view.labels >= 0])


def binmin(decision: Array) -> Floats:
    """Score by minus the distance of the least certain class to its boundary.

    Formula: −min_l |f_l|. Shapes: [N, C] → [N]. Range: (−∞, 0]. Cost: O(N·C). Source: Brinker 2006.

    >>> binmin(np.array([[2.0, -0.5], [1.0, -3.0]])).tolist()
    [-0.5, -1.0]
    """
    return np.asarray(-np.abs(odds(decision)).min(axis=1))


def mean_entropy(decision: Array) -> Floats:
    """Score by the entropy of a class being there or not, on average over the classes.

    Formula: (1/C) Σ_l H(p_l). Shapes: [N, C] → [N]. Range: [0, log 2] nats. Cost: O(N·C).
    Source: Clare & King 2001 (multi-label entropy), averaged.

    >>> mean_entropy(np.array([[0.0, 0.0], [0.0, 800.0]])).round(4).tolist()
    [0.6931, 0.3466]
    """
    f = np.abs(odds(decision))
    # H = log(1 + e^−|f|) + |f| / (1 + e^|f|), which neither overflows nor loses digits
    tail = np.exp(-f)
    each: Floats = np.log1p(tail) + f * tail / (1.0 + tail)
    return np.asarray(each.mean(axis=1))


def lci(decision: Array, table: Floats) -> Floats:
    """Score by how far the number of predicted classes lies from what is usual (label cardinality inconsistency).

    Formula: |#{l: f_l > 0} − mean size of a labelled set|; 0 without labels. Shapes: [N, C], [L, C] → [N].
    Range: [0, C]. Cost: O(N·C + L·C). Source: Li & Guo 2013.

    >>> lci(np.array([[1.0, 2.0, -1.0], [-1.0, -1.0, -1.0]]), np.array([[1, 0, 0], [0, 1, 1]])).tolist()
    [0.5, 1.5]
    """
    size = (odds(decision) > 0).sum(axis=1).astype(np.float64)
    usual = table.sum(axis=1).mean() if len(table) else size
    return np.asarray(np.abs(size - usual))


def separation(decision: Array) -> Floats:
    """Compute the gap between the predicted classes and the others.

    Formula: min over f_l > 0 of f_l − max over f_l ≤ 0 of f_l; a side without a class counts as the boundary, 0.
    Shapes: [N, C] → [N]. Range: [0, ∞). Source: Li & Guo 2013.

    >>> separation(np.array([[2.0, 0.5, -1.0], [-0.3, -2.0, -1.0]])).tolist()
    [1.5, 0.3]
    """
    f = odds(decision)
    inside, outside = np.where(f > 0, f, np.inf).min(axis=1), np.where(f > 0, -np.inf, f).max(axis=1)
    return np.where(np.isfinite(inside), inside, 0.0) - np.where(np.isfinite(outside), outside, 0.0)


def adaptive(decision: Array, table: Floats, *, beta: float) -> Floats:
    """Score by a small separation and an unusual number of classes together.

    Formula: (1 / separation)^β · lci^(1 − β). Shapes: [N, C], [L, C] → [N]. Range: [0, 1e12].
    Cost: O(N·C + L·C). Source: Li & Guo 2013.

    >>> adaptive(np.array([[2.0, 0.5, -1.5]]), np.array([[1, 0, 0]]), beta=0.5).round(4).tolist()
    [0.7071]
    """
    return (1.0 / np.maximum(separation(decision), _LEAST)) ** beta * lci(decision, table) ** (1.0 - beta)


def cvirs(decision: Array, targets: Array, table: Floats) -> Floats:
    """Score by uncertain classes (their ranks in the pool) times how unlike the predicted set is to the labelled ones.

    Formula: s = [(1/C) Σ_l #{t: |2p_tl − 1| > |2p_l − 1|} / (T − 1)] · [(1/L) Σ_y d(ŷ, y)], t over the targets; d is 1
    where ŷ and y differ in every class, else the normalised entropy distance (2·H(ŷ, y) − H(ŷ) − H(y)) / H(ŷ, y)
    of the two as columns of C cells, 0 for H(ŷ, y) = 0. Without labels the second factor is 1.
    Shapes: [N, C], [T, C], [L, C] → [N]. Range: [0, T / (T − 1)]. Cost: O((N + T)·C·log T + N·L·C).
    Source: Reyes, Morell & Ventura 2018.

    >>> decision = np.array([[0.1, 0.2], [3.0, -0.1]])
    >>> cvirs(decision, decision, np.array([[0, 1]])).round(4).tolist()
    [0.5, 0.5]
    """
    f, pool = np.abs(odds(decision)), np.sort(np.abs(odds(targets)), axis=0)
    larger = [len(pool) - np.searchsorted(pool[:, c], f[:, c], side="right") for c in range(f.shape[1])]
    rank = np.sum(larger, axis=0) / (f.shape[1] * max(1, len(pool) - 1)) if f.shape[1] else np.zeros(len(f))
    if not len(table):
        return np.asarray(rank, np.float64)
    said = (odds(decision) > 0).astype(np.float64)
    cuts = list(blocks(len(said), 64 * len(table))) or [slice(0, 0)]
    unlike = [_distances(said[rows], table).mean(axis=1) for rows in cuts]
    return np.asarray(rank * np.concatenate(unlike), np.float64)


def _distances(said: Floats, table: Floats) -> Floats:
    """Compare sets pairwise, [n, L]."""
    classes = said.shape[1]
    both = said @ table.T
    one, other = said.sum(axis=1)[:, None], table.sum(axis=1)[None, :]
    cells = [both, one - both, other - both, classes - one - other + both]
    joint = sum(_term(cell / classes) for cell in cells)
    single = [_term(size / classes) + _term(1.0 - size / classes) for size in (one, other)]
    # rounding of a joint entropy of 0 would make 0/0 of two sets that are alike
    safe = np.where(joint > _LEAST, joint, 1.0)
    distance = np.where(joint > _LEAST, (2 * joint - single[0] - single[1]) / safe, 0.0)
    return np.where(cells[1] + cells[2] >= classes, 1.0, np.clip(distance, 0.0, 1.0))


def _term(share: NDArray[np.float64]) -> Floats:
    """Compute −p·log p, 0 for p = 0."""
    return np.asarray(-share * np.log(np.where(share > 0, share, 1.0)))
