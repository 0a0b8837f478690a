"""The check of large evidence, in one pass over it; estimates of scores do it on the way."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array

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

    Looks at a part at a time, and stops at the first that does not.
    """
    step, bad = max(1, CHUNK // rows.shape[1]), 0
    for at in range(start, stop, step):
        bad += unsound(rows[at : min(at + step, stop)], tolerance)
        if bad:
            break
    return bad == 0


# Sums are taken in whatever order is fastest: they are compared with a tolerance far above their rounding, and what is
# found wrong here is looked at again in full.
@njit(nogil=True, fastmath={"reassoc"})  # type: ignore[untyped-decorator]
def unsound(rows: Array, tolerance: float) -> int:
    """Count the rows that are no distribution; rows [n, C], by row in memory."""
    # unsigned: whether a signed place is negative would be looked up for every number, which is slow
    flat, width = rows.reshape(-1), np.uint64(rows.shape[1])
    zero, bad = rows.dtype.type(0), 0
    for i in range(len(rows)):
        first, total, below = np.uint64(i) * width, zero, 0
        for c in range(width):
            share = flat[first + c]
            total += share
            below += not share >= zero
        bad += below > 0 or not abs(total - 1) <= tolerance
    return bad
