"""The nearest of some points to every row, compiled: rough distances leave out most of the exact ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import in_threads
from querist.select._gap_kernel import LANES, rough_gap, roughness, squared_gap

TILE = 32
"""Rows that share a read of the points."""


class Points(NamedTuple):
    """Points [L, D] in float64 and in the precision of the rows.

    ``slack``: how far apart both are at most. ``sure``: what a rough gap times it exceeds, the gap does too; 0 when no
    rough gap is worth its time.
    """

    exact: Floats
    rough: Array
    slack: float
    sure: float


def points_for(rows: NDArray[np.floating], points: NDArray[np.floating]) -> Points:
    """Prepare points for rows [N, D], which are float32 or float64."""
    exact = np.ascontiguousarray(points, np.float64)
    with np.errstate(over="ignore"):
        rough = exact.astype(rows.dtype)
    off = exact - rough
    slack = float(np.sqrt(np.einsum("ld,ld->l", off, off).max(initial=0.0)))
    wide = rows.shape[1] >= LANES[0]
    return Points(exact, rough, slack, 1.0 - roughness(rows.shape[1], rows.dtype) if wide else 0.0)


def nearest(rows: NDArray[np.floating], others: NDArray[np.floating]) -> tuple[Rows, Floats]:
    """Find what ``distance.nearest`` does; rows by row in memory, L ≥ 1; of equal distances the first point."""
    which, squared = np.zeros(len(rows), np.intp), np.empty(len(rows))
    in_threads(_nearest, -(-len(rows) // TILE), rows, points_for(rows, others), which, squared)
    return which, np.sqrt(squared)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _nearest(start: int, stop: int, rows: Array, points: Points, which: Rows, squared: Floats) -> None:
    """Search for the rows of some tiles."""
    width, limit = rows.shape[1], np.empty(TILE)
    for first in range(start * TILE, min(stop * TILE, len(rows)), TILE):
        after = min(first + TILE, len(rows))
        squared[first:after], limit[:] = np.inf, np.inf
        for at in range(len(points.exact)):
            for row in range(first, after):
                if points.sure > 0.0:
                    rough = np.float64(rough_gap(rows, row * width, points.rough, at * width, width))
                    if rough * points.sure > limit[row - first] and rough < np.inf:
                        continue
                gap = squared_gap(rows, row * width, points.exact, at * width, width)
                if gap < squared[row]:
                    squared[row], which[row] = gap, at
                    limit[row - first] = gap if points.slack == 0.0 else (np.sqrt(gap) + points.slack) ** 2
