"""The n best labellings of chains: the list Viterbi algorithm, a chain at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def n_best(first: int, last: int, starts: Array, unary: Array, transition: Array, scores: Array) -> None:
    """Score the n best paths of chains first to last into scores [N, n], falling; −inf where there are fewer.

    Each state keeps the n best paths that end in it; those into the next state are merged from the S falling lists.
    """
    states, n = unary.shape[1], scores.shape[1]
    beam, found = np.empty((states, n)), np.empty((states, n))
    taken = np.empty(states, np.int64)
    for item in range(first, last):
        begin, end = starts[item], starts[item + 1]
        if begin == end:
            scores[item, 0] = 0.0
            continue
        beam[:, :] = -np.inf
        beam[:, 0] = unary[begin]
        for t in range(begin + 1, end):
            for state in range(states):
                _merge(beam, transition[:, state], taken, found[state])
                found[state] += unary[t, state]
            beam, found = found, beam
        _merge(beam, np.zeros(states), taken, scores[item])


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _merge(beam: Array, extra: Array, taken: Array, out: Array) -> None:
    """Write the highest of beam[s] + extra[s] over all s into out, falling."""
    states, n = beam.shape
    taken[:] = 0
    for k in range(n):
        best, chosen = -np.inf, -1
        for s in range(states):
            if taken[s] < n:
                value = beam[s, taken[s]] + extra[s]
                if value > best:
                    best, chosen = value, s
        out[k] = best
        if chosen >= 0:
            taken[chosen] += 1
        else:
            taken[:] = n
