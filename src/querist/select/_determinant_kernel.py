"""Rows of large determinant under x·y, compiled: a row meets the picks that it missed only while it may be next.

The variance of a row only falls as rows are chosen, so an old one is an upper bound. With the linear kernel what a pick
explains of a row x is (x·w)², w a vector of D numbers, so that no factor of N numbers is kept for each pick. In the
precision of the rows an inner product is fast and bounds the true one; rows that may be next are measured in float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import team
from querist.select._gap_kernel import inner, rough_inner, roughness
from querist.select.determinant import EXPLAINED
from querist.select.distance import squared_norms
from querist.select.process import Process
from querist.select.top import TIE

BLOCK = 256
BAND = 1.0 - 2.1 * TIE
LOST = 1e-30
"""More than what an inner product in single precision loses of the smallest numbers."""


class Front(NamedTuple):
    """The rows and what is known of them, all but the rows changed in place.

    Shapes: rows [N, D], float32 or float64; ways [n, D] the w of each pick, rough [n, D] the same in the precision of
    the rows; slack [n] and lengths [N], whose product is the error of a rough inner product; left [N] bounds of the
    variances, −1 once chosen, met [N] how many picks each counts; exact [N] and known [N] the same for the variances;
    tops [B] the largest bound of each block; order [B] of the blocks; best [1] the largest variance that is no bound.
    """

    rows: Array
    ways: Floats
    rough: Array
    slack: Floats
    lengths: Floats
    left: Floats
    met: NDArray[np.int32]
    exact: Floats
    known: NDArray[np.int32]
    tops: Floats
    order: Rows
    best: Floats


def greedy_determinant(
    rows: NDArray[np.floating], process: Process, variance: Floats, *, n: int, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose n rows as ``determinant.greedy_determinant`` does with the columns of a linear process, the same picks."""
    front, small = _front(rows, process, variance, n=n), EXPLAINED * float(variance.max())
    picked, value = np.empty(n, np.intp), np.empty(n)
    with team() as share:
        for i in range(n):
            if i:
                _begin(front, i, small)
                share(_sweep, len(front.tops), front, i, small)
            row = _leader(front, ties, small)
            picked[i], value[i] = row, max(front.left[row], 0.0)
            point = rows[row].astype(np.float64)
            met = front.ways[:i] @ point
            front.ways[i] = (process.direction(point) - met @ front.ways[:i]) / np.sqrt(value[i] + process.noise)
            front.rough[i] = front.ways[i]
            front.slack[i] = roughness(rows.shape[1], rows.dtype) * np.sqrt(front.ways[i] @ front.ways[i])
            front.left[row] = -1.0
    return picked, value


def _front(rows: NDArray[np.floating], process: Process, variance: Floats, *, n: int) -> Front:
    blocks = np.arange(0, len(rows), BLOCK)
    # far apart one after the other, as in the kernel of kcenter
    order = np.argsort(np.arange(len(blocks)) * 0.6180339887498949 % 1.0).astype(np.intp, copy=False)
    left, ways = np.maximum(variance, 0.0), np.empty((n, rows.shape[1]))
    lengths = np.sqrt(squared_norms(rows) if len(process.labelled) else left)
    met, known = np.zeros((2, len(rows)), np.int32)
    tops = np.maximum.reduceat(left, blocks)
    rough = np.empty_like(ways, dtype=rows.dtype)
    return Front(rows, ways, rough, np.zeros(n), lengths, left, met, left.copy(), known, tops, order, np.zeros(1))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _begin(front: Front, count: int, small: float) -> None:
    """Bring the row of largest bound up to date, so that the sweep begins with a best."""
    front.best[0] = 0.0
    first = front.tops.argmax() * BLOCK
    _meet(front, first + front.left[first : first + BLOCK].argmax(), count, small)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _sweep(start: int, stop: int, front: Front, count: int, small: float) -> None:
    """Bring blocks up to date as far as they may hold the row of largest variance.

    Threads share ``best``: one that reads an old value does some work too much, and the outcome is the same.
    """
    left, met = front.left, front.met
    for at in range(start, stop):
        block = front.order[at]
        if front.tops[block] >= max(small, front.best[0] * BAND):
            first, after = block * BLOCK, min((block + 1) * BLOCK, len(left))
            for row in range(first, after):
                if met[row] < count and left[row] >= max(small, front.best[0] * BAND):
                    _meet(front, row, count, small)
            front.tops[block] = left[first:after].max()


@njit(nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _meet(front: Front, row: int, count: int, small: float) -> None:
    """Take off what the picks that a row missed explain of it, while its bound is no less than the best."""
    rows, rough, floor = front.rows, front.rough, max(small, front.best[0] * BAND)
    width, bound, at = rows.shape[1], front.left[row], front.met[row]
    while at < count and bound >= floor:
        found = abs(np.float64(rough_inner(rows, row * width, rough, at * width, width)))
        sure = found - front.slack[at] * front.lengths[row] - LOST
        if not sure < np.inf:
            sure = abs(inner(rows, row * width, front.ways, at * width, width))
        if sure > 0.0:
            bound -= sure * sure
        at += 1
    front.left[row], front.met[row] = max(bound, 0.0), at
    if at == count and bound >= floor:
        _measure(front, row, count)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _measure(front: Front, row: int, count: int) -> None:
    """Compute the variance of a row, from where it was last measured."""
    rows, width, left = front.rows, front.rows.shape[1], front.exact[row]
    for at in range(front.known[row], count):
        left -= inner(rows, row * width, front.ways, at * width, width) ** 2
    front.exact[row], front.known[row], front.left[row] = left, count, max(left, 0.0)
    if left > front.best[0]:
        front.best[0] = left


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _leader(front: Front, ties: Floats, small: float) -> int:
    """Give the row of largest variance; of several, and of all below a small one, that of the largest tie number."""
    top = front.tops.max()
    least, found = top * (1.0 - TIE) if top >= small else 0.0, -1
    for block in range(len(front.tops)):
        if front.tops[block] >= least:
            for row in range(block * BLOCK, min((block + 1) * BLOCK, len(front.left))):
                if front.left[row] >= least and (found < 0 or ties[row] > ties[found]):
                    found = row
    return found
