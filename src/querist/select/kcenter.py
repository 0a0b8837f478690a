"""Farthest-first traversal: each pick is the row farthest from everything chosen so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.select.distance import squared_to
from querist.select.top import foremost


def kcenter(rows: NDArray[np.floating], nearest: Floats, *, n: int, ties: Floats) -> tuple[Rows, Floats]:
    """Choose n rows, each time arg max_x min_{c ∈ labelled ∪ chosen} ‖x − c‖.

    ``nearest`` is each row's distance to the nearest labelled row, inf when there is none. Then the first pick is
    the row nearest to the mean of the rows: it needs no chance, it does not change when the rows are moved, turned or
    put in another order, and unlike the farthest row it is no outlier. Copies of a chosen row come last.

    Shapes: rows [N, D], nearest [N], ties [N] → rows [n] and the distance of each at its pick [n], never rising; a
    first pick with nothing labelled has the distance it leaves to the farthest row. Needs 1 ≤ n ≤ N.
    Cost: O(n·N·D), memory O(N). Source: Gonzalez 1985; Sener & Savarese 2018.

    >>> points = np.array([[0.0], [1.0], [5.0], [2.0]])
    >>> kcenter(points, np.full(4, np.inf), n=3, ties=np.arange(4.0))[0].tolist()
    [3, 2, 0]
    """
    left = np.array(nearest, dtype=np.float64)
    picked, value = np.empty(n, np.intp), np.empty(n)
    for i in range(n):
        cold = not np.isfinite(left[0]) and i == 0
        row = central(rows, ties) if cold else foremost(left, ties)
        far = left[row]
        np.minimum(left, np.sqrt(squared_to(rows, rows[row].astype(np.float64))), out=left)
        picked[i], value[i] = row, left.max() if cold else far
        left[row] = -np.inf
    return picked, value


def central(rows: NDArray[np.floating], ties: Floats) -> int:
    """Give the row nearest to the mean of the rows; O(N·D).

    >>> central(np.array([[0.0], [2.0], [3.0]]), np.array([0.1, 0.2, 0.3]))
    1
    """
    return foremost(-np.sqrt(squared_to(rows, rows.mean(axis=0, dtype=np.float64))), ties)
