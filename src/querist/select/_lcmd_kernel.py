"""Largest cluster, maximum distance, compiled: rows that a new centre is too far away to take over are not measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import team
from querist.select._gap_kernel import LANES, rough_gap, roughness, squared_gap
from querist.select.top import TIE

# A centre at twice a row's distance from the centre of that row is no nearer to it; squared, and beyond rounding.
FAR = 4.0 * (1.0 + 1e-9)


class Clusters(NamedTuple):
    """The rows, and where they belong; all but the rows changed in place.

    Shapes: rows [N, D], float32 or float64; home [N] the centre of each, left [N] the squared distance to it; free [N].
    ``sure``: what a rough gap times it exceeds, the gap does too; 0 when no rough gap is worth its time.
    """

    rows: Array
    home: Rows
    left: Floats
    free: NDArray[np.bool_]
    sure: float


def largest_cluster(
    rows: NDArray[np.floating], home: Rows, squared: Floats, *, n: int, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose n rows as ``lcmd.largest_cluster`` does, with the same picks; rows lie by row in memory."""
    cold, known = bool(home[0] < 0), 1 + max(0, int(home.max()))
    sure = 1.0 - roughness(rows.shape[1], rows.dtype) if rows.shape[1] >= LANES[0] else 0.0
    home = np.maximum(home, 0).astype(np.intp)
    state = Clusters(rows, home, squared.astype(np.float64), np.ones(len(rows), bool), sure)
    picked, value = np.empty(n, np.intp), np.empty(n)
    # how far the new centre is from each centre before; not known of those that were there at the start
    apart = np.zeros(known + n)
    with team() as share:
        for i in range(n):
            row = _choose(state, ties, np.zeros(known + i))
            picked[i], value[i], state.free[row] = row, np.sqrt(state.left[row]), False
            if cold and i == 0:
                state.left[:] = np.inf
            _measure(state.rows, picked[: i + 1], apart[known:])
            share(_join, len(rows), state, row, known + i, apart)
    return picked, value


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _choose(state: Clusters, ties: Floats, size: Floats) -> int:
    """Find the row farthest from its centre in the clusters of largest sum; of several, by the largest tie number."""
    home, left, free = state.home, state.left, state.free
    for row in range(len(home)):
        size[home[row]] += left[row]
    least, most, found = size.max() * (1.0 - TIE), -1.0, -1
    for row in range(len(home)):
        if left[row] > most and free[row] and size[home[row]] >= least:
            most = left[row]
    for row in range(len(home)):
        if left[row] >= most * (1.0 - TIE) and free[row] and size[home[row]] >= least:
            found = row if found < 0 or ties[row] > ties[found] else found
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _measure(rows: Array, picked: Rows, out: Floats) -> None:
    """Measure the squared distance of the last row picked to each of those before."""
    width = rows.shape[1]
    for i in range(len(picked) - 1):
        out[i] = squared_gap(rows, picked[-1] * width, rows, picked[i] * width, width)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _join(start: int, stop: int, state: Clusters, centre: int, number: int, apart: Floats) -> None:
    """Let rows that are nearer to a new centre than to their own join it."""
    rows, home, left = state.rows, state.home, state.left
    width = rows.shape[1]
    for row in range(start, stop):
        if apart[home[row]] < FAR * left[row]:
            if state.sure > 0.0:
                rough = np.float64(rough_gap(rows, row * width, rows, centre * width, width))
                if rough * state.sure >= left[row] and rough < np.inf:
                    continue
            gap = squared_gap(rows, row * width, rows, centre * width, width)
            if gap < left[row]:
                left[row], home[row] = gap, number
