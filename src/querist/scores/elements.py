"""Scores of items that have elements (the tokens of a text, the boxes of a picture), reduced to one an item.

The element scores are those of rows: any function of ``scores.uncertainty`` on elements [M, C], any of
``scores.committee`` or ``scores.bayes`` on elements [M, K, C]. Higher is more informative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, namespace, segment_sum, to_numpy
from querist.errors import BadInput, near
from querist.view import Ragged

Reduction: TypeAlias = Literal["sum", "mean", "max"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)


def check_reduction(reduction: str) -> None:
    """Raise BadInput unless a reduction is sum, mean or max."""
    if reduction not in REDUCTIONS:
        raise BadInput(f"reduce must be sum, mean or max: got {reduction!r}; {near(str(reduction), REDUCTIONS)}")


def reduce_elements(scores: Array, starts: NDArray[np.int64], reduction: Reduction) -> Floats:
    """Reduce scores of elements [M] to scores of items [N]; an item without elements has 0.

    ``sum`` prefers items with many elements, ``mean`` does not, ``max`` looks at the worst one. Cost O(M).
    Source: Settles & Craven 2008 (token entropy, total and mean).

    >>> reduce_elements(np.array([1.0, 3.0, 2.0]), np.array([0, 2, 2, 3]), "mean").tolist()
    [2.0, 0.0, 2.0]
    """
    if reduction == "max":
        return _segment_max(np.asarray(to_numpy(scores), np.float64), starts)
    total = segment_sum(scores, starts)
    return total if reduction == "sum" else total / np.maximum(np.diff(starts), 1)


def score_elements(elements: Ragged, score: Callable[[Array], Array], reduction: Reduction) -> Floats:
    """Score each element, then reduce; cost that of the score on M rows.

    >>> from querist.scores.uncertainty import least_confidence
    >>> score_elements(Ragged(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 2])), least_confidence, "mean").tolist()
    [0.25]
    """
    return reduce_elements(score(elements.values), elements.starts, reduction)


def uncertain_elements(scores: Array, starts: NDArray[np.int64], *, above: float, window: int = 0) -> NDArray[np.bool_]:
    """Mark the elements of each item that score above a bound, or the highest of the item where none does; bool [M].

    ``window`` neighbours on each side, within the item, are marked with them. Cost O(M·window).

    >>> scores = np.array([0.3, 0.0, 0.0, 0.0, 0.1])
    >>> uncertain_elements(scores, np.array([0, 3, 5]), above=0.2).tolist()
    [True, False, False, False, True]
    >>> uncertain_elements(scores, np.array([0, 3, 5]), above=0.2, window=1).tolist()
    [True, True, False, True, True]
    """
    values = np.asarray(to_numpy(scores), np.float64)
    item = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    marked = (values > above) | (values >= _segment_max(values, starts)[item])
    same = item[1:] == item[:-1]
    for _ in range(window):
        right, left = marked[:-1] & same, marked[1:] & same
        marked[1:] |= right
        marked[:-1] |= left
    return marked


def runs(marked: NDArray[np.bool_], starts: NDArray[np.int64]) -> Ragged:
    """Give the runs of marked elements of each item, [S, 2]: the first and the one after the last, counted in the item.

    >>> runs(np.array([True, True, False, True]), np.array([0, 1, 4])).values.tolist()
    [[0, 1], [0, 1], [2, 3]]
    """
    item = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    edge = np.ones(len(marked) + 1, bool)
    edge[1:-1] = item[1:] != item[:-1]
    first = np.flatnonzero(marked & (edge[:-1] | ~np.concatenate([[False], marked[:-1]])))
    last = np.flatnonzero(marked & (edge[1:] | ~np.concatenate([marked[1:], [False]])))
    found = np.stack([first, last + 1], axis=1) - starts[:-1][item[first], None]
    counts = np.bincount(item[first], minlength=len(starts) - 1)
    return Ragged(found.astype(np.int64), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def consensus(elements: Ragged) -> Ragged:
    """Average the members of a committee, [M, K, C] → [M, C]; elements without members stay.

    >>> consensus(Ragged(np.array([[[1.0, 0.0], [0.0, 1.0]]]), np.array([0, 1]))).values.tolist()
    [[0.5, 0.5]]
    """
    if len(elements.values.shape) == 2:
        return elements
    return Ragged(namespace(elements.values).mean(elements.values, axis=1), elements.starts)


def members(elements: Ragged) -> Ragged:
    """Give elements a member axis, [M, C] → [M, 1, C]; those of a committee stay."""
    if len(elements.values.shape) == 3:
        return elements
    return Ragged(elements.values[:, None, :], elements.starts)


def best_path(paths: Ragged) -> Floats:
    """Give the log-probability of the best labelling of each item, [N]; 0 for an item without paths.

    >>> best_path(Ragged(np.array([-0.5, -2.0, -0.1]), np.array([0, 2, 3]))).tolist()
    [-0.5, -0.1]
    """
    return _segment_max(np.asarray(to_numpy(paths.values), np.float64), paths.starts)


def sequence_least_confidence(paths: Ragged) -> Floats:
    """Score by the probability that the best labelling of the whole item is wrong.

    Formula: 1 − P(ŷ|x). Range: [0, 1). Cost: O(paths). Source: Culotta & McCallum 2005.

    >>> sequence_least_confidence(Ragged(np.log([0.7, 0.2]), np.array([0, 2]))).round(4).tolist()
    [0.3]
    """
    return -np.expm1(np.minimum(best_path(paths), 0.0))


def mnlp(paths: Ragged, sizes: NDArray[np.int64]) -> Floats:
    """Score by minus the log-probability of the best labelling per element, so that length does not count.

    Formula: −(1/n) log P(ŷ|x), n = elements (``sizes`` [N]), at least 1. Range: [0, ∞) nats. Cost: O(paths).
    Source: Shen et al. 2018 (maximum normalised log-probability).

    >>> mnlp(Ragged(np.array([-3.0, -3.0]), np.array([0, 1, 2])), np.array([3, 6])).tolist()
    [1.0, 0.5]
    """
    return -np.minimum(best_path(paths), 0.0) / np.maximum(sizes, 1)


def n_best_entropy(paths: Ragged) -> Floats:
    """Score by the entropy among the best labellings.

    Formula: −Σ_i p̂_i log p̂_i, p̂ = the probabilities of the N best paths, made to sum to 1. Range: [0, log N] nats.
    Cost: O(paths). Source: Kim et al. 2006; Settles & Craven 2008.

    >>> n_best_entropy(Ragged(np.log([0.25, 0.25]), np.array([0, 2]))).round(4).tolist()
    [0.6931]
    """
    logs = np.asarray(to_numpy(paths.values), np.float64)
    item = np.repeat(np.arange(len(paths)), np.diff(paths.starts))
    weights = np.exp(logs - best_path(paths)[item])
    total = segment_sum(weights, paths.starts)
    share = weights / total[item]
    terms = share * np.log(np.where(share > 0, share, 1.0))
    return np.maximum(-segment_sum(terms, paths.starts), 0.0) + 0.0


def _segment_max(values: Floats, starts: NDArray[np.int64]) -> Floats:
    filled = np.diff(starts) > 0
    found = np.zeros(len(filled))
    if filled.any():
        found[filled] = np.maximum.reduceat(values, starts[:-1][filled])
    return found
