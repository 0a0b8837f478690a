"""Largest cluster, maximum distance: farthest-first where most of the pool is badly represented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.select.distance import COMPILED, packed, squared_to
from querist.select.top import foremost, leaders


def largest_cluster(
    rows: NDArray[np.floating], home: Rows, squared: Floats, *, n: int, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose n rows, each time the one farthest from its centre in the cluster with the largest sum of squares.

    Every row belongs to its nearest centre; a row chosen becomes a centre. ``home`` is the nearest of the centres that
    are there before (0 … L − 1), ``squared`` the squared distance to it. With −1 in ``home`` there is no centre: the
    first pick is the largest of ``squared``. Clusters of equal size count as one. Copies of centres come last.

    Shapes: rows [N, D], home, squared and ties [N] → rows [n] and the distance of each to its centre at its pick [n].
    Needs 1 ≤ n ≤ N. Cost: O(n·N·D), memory O(N); many distances are measured by a compiled loop, which leaves out those
    that the triangle inequality settles. Source: Holzmüller et al. 2023.

    >>> points = np.array([[0.0], [1.0], [1.2], [9.0]])
    >>> largest_cluster(points, np.zeros(4, np.intp), points[:, 0] ** 2, n=2, ties=np.arange(4.0))[0].tolist()
    [3, 2]
    """
    if n * rows.size >= COMPILED:
        from querist.select import _lcmd_kernel as compiled

        return compiled.largest_cluster(packed(rows), home, squared, n=n, ties=ties)
    cold = bool(home[0] < 0)
    home, left = np.maximum(home, 0), np.array(squared, dtype=np.float64)
    centres, free = 1 + int(home.max()), np.ones(len(rows), bool)
    picked, value = np.empty(n, np.intp), np.empty(n)
    for i in range(n):
        size = np.bincount(home, weights=left, minlength=centres).astype(np.float64, copy=False)
        largest = leaders(size)
        row = foremost(np.where(free & np.isin(home, largest), left, -np.inf), ties)
        picked[i], value[i], free[row] = row, np.sqrt(left[row]), False
        fresh = squared_to(rows, rows[row].astype(np.float64))
        closer = np.ones(len(rows), bool) if cold and i == 0 else fresh < left
        home[closer], left[closer] = centres, fresh[closer]
        centres += 1
    return picked, value
