"""Scores of a committee, in single precision and one pass over a large pool.

Each kernel scores rows start to stop of draws [N, K, C], by row in memory, into out [N] float32. On the way it checks
them, as they are at hand: it returns how many draws are no distribution, their sum off by more than a tolerance.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array
from querist._check_kernel import unsound
from querist._sum_kernel import sum_rows
from querist.scores._log_kernel import ONE, ZERO, xlogx32

CHUNK = 4096
"""Numbers at a time: they and their terms stay in the processor's nearest cache."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def consensus_entropy(start: int, stop: int, draws: Array, out: Array, tolerance: float) -> int:
    """Compute H(p̄)."""
    step, means, spare = _room(draws)
    bad = 0
    for at in range(start, stop, step):
        chunk = draws[at : min(at + step, stop)]
        bad += unsound(chunk.reshape(-1, draws.shape[2]), tolerance)
        _entropy_of_means(chunk, means, spare, out[at : at + len(chunk)])
    return bad


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def bald(start: int, stop: int, draws: Array, out: Array, tolerance: float) -> int:
    """Compute H(p̄) − (1/K) Σ_k H(p_k)."""
    members, width = draws.shape[1], draws.shape[1] * draws.shape[2]
    step, means, spare = _room(draws)
    terms, sums, bad = np.empty((step, width), np.float32), np.empty(step, np.float32), 0
    for at in range(start, stop, step):
        chunk = draws[at : min(at + step, stop)]
        scores = out[at : at + len(chunk)]
        bad += unsound(chunk.reshape(-1, draws.shape[2]), tolerance)
        _entropy_of_means(chunk, means, spare, scores)
        xlogx32(chunk.reshape(-1), terms.reshape(-1))
        sum_rows(terms[: len(chunk)], sums, spare)
        for i in range(len(scores)):
            scores[i] += sums[i] / np.float32(members)
    return bad


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def vote_entropy(start: int, stop: int, draws: Array, out: Array, tolerance: float) -> int:
    """Compute the entropy of the shares of votes, the vote of a member split evenly among its best classes."""
    part, scores = draws[start:stop], out[start:stop]
    members, classes = np.float32(draws.shape[1]), draws.shape[2]
    shares, terms = np.empty((1, classes), np.float32), np.empty((1, classes), np.float32)
    spare, bad = np.empty(classes // 2 + 1, np.float32), 0
    for i in range(len(part)):
        bad += unsound(part[i], tolerance)
        shares[0, :] = ZERO
        for k in range(part.shape[1]):
            best, count = part[i, k, 0], 0
            for c in range(1, classes):
                best = max(best, part[i, k, c])
            for c in range(classes):
                count += part[i, k, c] == best
            for c in range(classes):
                if part[i, k, c] == best:
                    shares[0, c] += ONE / np.float32(count)
        for c in range(classes):
            shares[0, c] /= members
        xlogx32(shares[0], terms[0])
        sum_rows(terms, scores[i : i + 1], spare)
        scores[i] = -scores[i]
    return bad


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _room(draws: Array) -> tuple[int, Array, Array]:
    """Make room for a chunk: how many rows it has, their means and the terms of those [2, n, C], and half a row."""
    width = draws.shape[1] * draws.shape[2]
    step = max(1, CHUNK // width)
    return step, np.empty((2, step, draws.shape[2]), np.float32), np.empty(width // 2 + draws.shape[2], np.float32)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _entropy_of_means(chunk: Array, means: Array, spare: Array, out: Array) -> None:
    """Compute the entropy of the mean over members; chunk [n, K, C], out [n]."""
    flat, members, classes = chunk.reshape(-1), chunk.shape[1], chunk.shape[2]
    for i in range(len(chunk)):
        _sum_members(flat, i * members * classes, members, classes, spare)
        for c in range(classes):
            means[0, i, c] = spare[c] / np.float32(members)
    # into another array: over the numbers themselves, the compiler would take one logarithm at a time
    xlogx32(means[0].reshape(-1), means[1].reshape(-1))
    sum_rows(means[1, : len(chunk)], out, spare)
    for i in range(len(out)):
        out[i] = -out[i]


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _sum_members(values: Array, start: int, members: int, classes: int, spare: Array) -> None:
    """Add K runs of C values by halves, as in ``sum_rows``; the sums are the first C of spare."""
    # unsigned, for speed: see _sum_kernel
    first, left, two, width = np.uint64(start), np.uint64(members), np.uint64(2), np.uint64(classes)
    half = left // two
    left -= half
    for i in range(half * width):
        spare[i] = np.float32(values[first + i]) + np.float32(values[first + left * width + i])
    if left > half:
        for i in range(half * width, left * width):
            spare[i] = np.float32(values[first + i])
    while left > np.uint64(1):
        half = left // two
        left -= half
        for i in range(half * width):
            spare[i] += spare[left * width + i]
