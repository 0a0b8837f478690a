"""What rises in similarity add up to, compiled: one read of a block of similarities."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array

LANES = 32
"""Partial sums side by side: two of the widest registers, so that they never leave the processor."""


@njit("(float32[:, ::1], float32[::1], float32[::1], float32[::1], float64[::1])", nogil=True, cache=True)  # type: ignore[untyped-decorator]
def add_rises(similar: Array, low: Array, span: Array, weight: Array, out: Array) -> None:
    """Add Σ_m weight_m·min(max(0, similar_rm − low_m), span_m) to out_r; similar [R, M] and out [R]."""
    sums = np.empty(LANES, np.float32)
    whole = similar.shape[1] // LANES * LANES
    for row in range(similar.shape[0]):
        sums[:] = 0.0
        for at in range(0, whole, LANES):
            for lane in range(LANES):
                rise = similar[row, at + lane] - low[at + lane]
                rise = rise if rise > np.float32(0.0) else np.float32(0.0)
                rise = rise if rise < span[at + lane] else span[at + lane]
                sums[lane] += weight[at + lane] * rise
        half = LANES // 2
        while half:
            for lane in range(half):
                sums[lane] += sums[lane + half]
            half //= 2
        total = np.float64(sums[0])
        for at in range(whole, similar.shape[1]):
            total += weight[at] * min(max(similar[row, at] - low[at], np.float32(0.0)), span[at])
        out[row] += total
