"""One row for each centre: the rows that stand for clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist.select.distance import squared_norms, squared_to

# Squared distances from a matrix product are true to this share of the largest: within it, rows are measured again.
ROUNDING = 1e-9


def exemplars(rows: NDArray[np.floating], centres: Floats, *, ties: Floats) -> Rows:
    """Find the row nearest to each centre, no row twice.

    Centres choose in their order; one whose nearest row is taken gets the nearest of those that are left. Rows at the
    same distance are settled by their tie numbers. A matrix product finds the rows that may be nearest, the
    difference form measures them.

    Shapes: rows [N, D], centres [K, D], ties [N] → [min(K, N)]. Cost: O(N·K·D), memory one block.

    >>> points = np.array([[0.0], [1.0], [9.0]])
    >>> exemplars(points, np.array([[0.2], [0.1]]), ties=np.array([0.1, 0.2, 0.3])).tolist()
    [0, 1]
    """
    origin = rows.mean(axis=0, dtype=np.float64)
    middle = centres - origin
    size = squared_norms(middle)
    picked = np.empty(min(len(centres), len(rows)), np.intp)
    for block in blocks(len(picked), 8 * len(rows)):
        distance = _squared(rows, origin, middle[block]) + size[block, None]
        for at, apart in enumerate(distance, start=block.start):
            apart[picked[:at]] = np.inf
            picked[at] = _nearest(rows, centres[at], apart, ties=ties)
    return picked


def _squared(rows: NDArray[np.floating], origin: Floats, centres: Floats) -> Floats:
    """Compute ‖x‖² − 2·x·c of rows and centres about an origin; [K, N]."""
    out = np.empty((len(centres), len(rows)))
    for block in blocks(len(rows), 16 * rows.shape[1]):
        points = rows[block].astype(np.float64) - origin
        out[:, block] = squared_norms(points) - 2.0 * (centres @ points.T)
    return out


def _nearest(rows: NDArray[np.floating], centre: Floats, apart: Floats, *, ties: Floats) -> int:
    free = np.isfinite(apart)
    slack = ROUNDING * np.abs(apart[free]).max()
    close = np.flatnonzero(apart <= apart.min() + slack)
    exact = squared_to(rows[close], centre)
    level = close[exact <= exact.min()]
    return int(level[ties[level].argmax()])
