"""The check of large evidence, in one pass over it."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array
from querist._sum_kernel import sum_rows

CHUNK = 2048


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def all_finite(start: int, stop: int, rows: Array) -> bool:
    """Tell whether every number of some rows is finite; rows [N, W], by row in memory."""
    flat = rows[start:stop].reshape(-1)
    limit, bad = np.inf, 0
    for i in range(len(flat)):
        bad += not abs(flat[i]) < limit
    return bad == 0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def all_distributions(start: int, stop: int, rows: Array, tolerance: float) -> bool:
    """Tell whether some rows hold finite numbers ≥ 0 that sum to 1 within a tolerance; rows [N, C], by row in memory.

    Looks at rows that fit the processor's nearest cache, twice, and stops at the first that do not.
    """
    zero, step = rows.dtype.type(0), max(1, CHUNK // rows.shape[1])
    sums, spare = np.empty(step, rows.dtype), np.empty(rows.shape[1] // 2 + 1, rows.dtype)
    for at in range(start, stop, step):
        chunk = rows[at : min(at + step, stop)]
        flat, bad = chunk.reshape(-1), 0
        for i in range(len(flat)):
            bad += not flat[i] >= zero
        sum_rows(chunk, sums, spare)
        for i in range(len(chunk)):
            bad += not abs(sums[i] - 1) <= tolerance
        if bad:
            return False
    return True
