"""Sums that a processor adds up many numbers at a time, in an order that never changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from querist._arrays import Array

SHORT = 16


@njit(nogil=True)  # type: ignore[untyped-decorator]
def sum_rows(rows: Array, sums: Array, spare: Array) -> None:
    """Sum each row in the order of ``_total``; rows [n, W] by row in memory, sums [n], spare [≥ W / 2 + 1].

    The rounding of a sum is at most that of 16 + log₂ W additions.
    """
    if rows.shape[1] <= SHORT:
        for i in range(len(rows)):
            sum = rows[i, 0]
            for j in range(1, rows.shape[1]):
                sum += rows[i, j]
            sums[i] = sum
    else:
        flat = rows.reshape(-1)
        for i in range(len(rows)):
            sums[i] = _total(flat, i * rows.shape[1], rows.shape[1], spare)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _total(values: Array, start: int, count: int, spare: Array) -> Any:
    """Sum more than 16 values from a place on: in pairs, pairs of pairs and so on.

    A plain loop adds one number at a time, since another order would give another result; here the order is the same
    on every processor.
    """
    # unsigned: whether a signed place is negative would be looked up for every number, which is slow
    first, left, two, short = np.uint64(start), np.uint64(count), np.uint64(2), np.uint64(SHORT)
    half = left // two
    left -= half
    for i in range(half):
        spare[i] = values[first + i] + values[first + left + i]
    if left > half:
        spare[half] = values[first + half]
    while left > short:
        half = left // two
        left -= half
        for i in range(half):
            spare[i] += spare[left + i]
    sum = spare[0]
    for i in range(np.uint64(1), left):
        sum += spare[i]
    return sum
