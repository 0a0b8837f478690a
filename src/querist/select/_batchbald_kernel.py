"""The entropy of labels given those of the rows chosen, in single precision."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array
from querist.scores._log_kernel import ZERO, fused, xlogx32

LANES = 128
"""Labellings side by side: a multiple of every processor's width, and few enough for the nearest cache."""
TOGETHER = 8
"""Rows that share a read of the posteriors."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def conditional_entropy(
    start: int, stop: int, rows: Array, draws: Array, posterior: Array, weight: Array, out: Array
) -> None:
    """Compute Σ_j w_j H(Σ_k W_jk p_k) of rows start to stop of some rows of draws.

    Shapes: rows [R], draws [N, K, C], posterior [B, K, LANES] and weight [B, LANES] float32, in blocks of labellings of
    which the last is filled up with zeros; out [R] float64.
    """
    # classes go in pairs and members in fours: what is missing at the end has probability 0
    probs = np.zeros((TOGETHER, draws.shape[2] + 1, draws.shape[1] + 3), np.float32)
    mixed, terms, sums = np.empty((2, LANES), np.float32), np.empty((2, LANES), np.float32), np.empty(LANES, np.float32)
    for at in range(start, stop, TOGETHER):
        count = min(TOGETHER, stop - at)
        for i in range(count):
            out[at + i] = 0.0
            for k in range(draws.shape[1]):
                for c in range(draws.shape[2]):
                    probs[i, c, k] = draws[rows[at + i], k, c]
        for block in range(len(posterior)):
            for i in range(count):
                sums[:] = ZERO
                for c in range(0, draws.shape[2], 2):
                    _mix(posterior[block], probs[i, c], probs[i, c + 1], mixed)
                    xlogx32(mixed.reshape(-1), terms.reshape(-1))
                    for lane in range(LANES):
                        sums[lane] += terms[0, lane] + terms[1, lane]
                out[at + i] -= _weighted(weight[block], sums)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _mix(posterior: Array, first: Array, second: Array, out: Array) -> None:
    """Compute Σ_k posterior[k]·p[k] of two classes; posterior [K, LANES], first and second [K + 3], out [2, LANES]."""
    out[:] = ZERO
    last = len(posterior) - 1
    for k in range(0, last + 1, 4):
        k1, k2, k3 = min(k + 1, last), min(k + 2, last), min(k + 3, last)
        a0, a1, a2, a3 = first[k], first[k + 1], first[k + 2], first[k + 3]
        b0, b1, b2, b3 = second[k], second[k + 1], second[k + 2], second[k + 3]
        for lane in range(LANES):
            w0, w1, w2, w3 = posterior[k, lane], posterior[k1, lane], posterior[k2, lane], posterior[k3, lane]
            out[0, lane] = fused(a3, w3, fused(a2, w2, fused(a1, w1, fused(a0, w0, out[0, lane]))))
            out[1, lane] = fused(b3, w3, fused(b2, w2, fused(b1, w1, fused(b0, w0, out[1, lane]))))


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _weighted(weight: Array, sums: Array) -> float:
    """Add up weight·sums by halves, which overwrites sums."""
    for lane in range(LANES):
        sums[lane] *= weight[lane]
    left = LANES
    while left > 1:
        left //= 2
        for lane in range(left):
            sums[lane] += sums[lane + left]
    return np.float64(sums[0])
