"""Inference in linear chains, many at a time: marginals, the log-partition and the best paths.

The tokens of all N chains lie one after another (``starts`` [N + 1]); step t of every chain that has one is taken at
once, so the loops are as long as the longest chain. Weights are log-potentials: unary [M, S] and transition [S, S]
(from, to) over S states.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist._parallel import in_threads

Ints = NDArray[np.int64]


class _Steps(NamedTuple):
    """Chains by falling length: so those that have a step t are the first ``counts[t]``."""

    order: Ints
    first: Ints
    counts: Ints

    def rows(self, t: int) -> Ints:
        """Give the token at step t of each chain that is so long."""
        found: Ints = self.first[: self.counts[t]] + t
        return found


def _steps(starts: Ints) -> _Steps:
    sizes = np.diff(starts)
    order = np.argsort(-sizes, kind="stable")
    longest = int(sizes.max(initial=0))
    counts = np.searchsorted(-sizes[order], -np.arange(longest), side="left").astype(np.int64)
    return _Steps(order.astype(np.int64), starts[:-1][order], counts)


class Inference(NamedTuple):
    """The marginals of each token [M, S] and the log-partition of each chain [N]."""

    marginals: Floats
    partition: Floats


def infer(unary: Floats, transition: Floats, starts: Ints) -> Inference:
    """Run the forward and the backward pass; an empty chain has log-partition 0. Cost O(M·S²), memory O(M·S).

    Messages are scaled to sum to 1 at each step (Rabiner 1989), so no logarithm is taken inside the loop.

    >>> found = infer(np.zeros((2, 2)), np.array([[0.0, np.log(3)], [0.0, 0.0]]), np.array([0, 2]))
    >>> found.marginals.round(4).tolist(), round(float(np.exp(found.partition[0])), 4)
    ([[0.6667, 0.3333], [0.3333, 0.6667]], 6.0)
    """
    steps = _steps(starts)
    top = unary.max(axis=1, keepdims=True, initial=-np.inf)
    local, high = np.exp(unary - top), transition.max(initial=0.0)
    moves = np.exp(transition - high)
    forward, scale = _forward(local, moves, steps)
    backward = _backward(local, moves, steps)
    marginals = forward * backward
    marginals /= marginals.sum(axis=1, keepdims=True)
    logs = np.log(scale) + top[:, 0] + high
    logs[starts[:-1][np.diff(starts) > 0]] -= high  # no move leads to a first token
    partition = np.zeros(len(starts) - 1)
    filled = np.diff(starts) > 0
    if filled.any():
        partition[filled] = np.add.reduceat(logs, starts[:-1][filled])
    return Inference(marginals, partition)


def _forward(local: Floats, moves: Floats, steps: _Steps) -> tuple[Floats, Floats]:
    messages, scale = np.empty_like(local), np.empty(len(local))
    for t in range(len(steps.counts)):
        rows = steps.rows(t)
        value = local[rows] if t == 0 else (messages[rows - 1] @ moves) * local[rows]
        total = value.sum(axis=1)
        messages[rows], scale[rows] = value / total[:, None], total
    return messages, scale


def _backward(local: Floats, moves: Floats, steps: _Steps) -> Floats:
    messages = np.ones_like(local)
    for t in range(len(steps.counts) - 1, 0, -1):
        rows = steps.rows(t)
        value = (local[rows] * messages[rows]) @ moves.T
        messages[rows - 1] = value / value.sum(axis=1, keepdims=True)
    return messages


def best(unary: Floats, transition: Floats, starts: Ints, *, n: int) -> Floats:
    """Score the n best paths of each chain, best first: log-scores [N, n], not normalised; −inf where there are fewer.

    An empty chain has one path, of score 0. Cost O(M·S²·n), on all cores. Source: Seshadri & Sundberg 1994 (list
    Viterbi).

    >>> best(np.zeros((2, 2)), np.array([[0.0, 3.0], [0.0, 0.0]]), np.array([0, 2]), n=3).tolist()
    [[3.0, 0.0, 0.0]]
    """
    from querist.learners._paths_kernel import n_best

    scores = np.full((len(starts) - 1, n), -np.inf)
    unary, transition = np.ascontiguousarray(unary), np.ascontiguousarray(transition)
    in_threads(n_best, len(scores), starts, unary, transition, scores)
    return scores
