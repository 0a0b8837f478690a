"""Farthest-first traversal: each pick is the row farthest from everything chosen so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.select.distance import COMPILED, packed, squared_to
from querist.select.top import foremost


def kcenter(
    rows: NDArray[np.floating], nearest: Floats, *, n: int, ties: Floats, first: int | None = None
) -> tuple[Rows, Floats]:
    """Choose n rows, each time arg max_x min_{c ∈ labelled ∪ chosen} ‖x − c‖.

    ``nearest`` is each row's distance to the nearest labelled row, inf when there is none. Then the first pick is
    ``first``, by default the row nearest to the mean of the rows: it needs no chance, it does not change when the rows
    are moved, turned or put in another order, and unlike the farthest row it is no outlier. Copies of a chosen row come
    last.

    Shapes: rows [N, D], nearest [N], ties [N] → rows [n] and the distance of each at its pick [n], never rising; a
    first pick with nothing labelled has the distance it leaves to the farthest row. Needs 1 ≤ n ≤ N.
    Cost: O(n·N·D), from 2²⁶ on in a compiled loop that leaves most distances out; memory O(N), there also n·D.
    Source: Gonzalez 1985; Sener & Savarese 2018.

    >>> points = np.array([[0.0], [1.0], [5.0], [2.0]])
    >>> kcenter(points, np.full(4, np.inf), n=3, ties=np.arange(4.0))[0].tolist()
    [3, 2, 0]
    """
    cold = bool(np.isinf(nearest[0]))
    if n * rows.size >= COMPILED:
        from querist.select import _kcenter_kernel as compiled

        rows = packed(rows)
        start = compiled.central(rows, ties) if cold and first is None else first
        return compiled.farthest_first(rows, nearest, n=n, ties=ties, first=start if cold else None)
    start = central(rows, ties) if cold and first is None else first

    def gap(row: int) -> Floats:
        return np.asarray(np.sqrt(squared_to(rows, rows[row].astype(np.float64))))

    return farthest_first(gap, nearest, n=n, ties=ties, first=start if cold else None)


def farthest_first(
    gap: Callable[[int], Floats], nearest: Floats, *, n: int, ties: Floats, first: int | None = None
) -> tuple[Rows, Floats]:
    """Choose n rows, each time the one with the largest gap to the nearest of those labelled or chosen.

    ``gap(c)`` gives the gap between every row and row c [N]; no triangle inequality is asked of it. ``nearest`` [N]
    and ``first`` as for ``kcenter``; with None the first pick is the largest of ``nearest``. Cost: n calls of ``gap``.

    >>> x = np.array([0.0, 1.0, 5.0, 2.0])
    >>> farthest_first(lambda c: np.abs(x - x[c]), x, n=3, ties=np.arange(4.0))[0].tolist()
    [2, 3, 1]
    """
    left = np.array(nearest, dtype=np.float64)
    picked, value = np.empty(n, np.intp), np.empty(n)
    for i in range(n):
        given = first if i == 0 else None
        row = foremost(left, ties) if given is None else given
        far = left[row]
        np.minimum(left, gap(row), out=left)
        picked[i], value[i] = row, far if given is None else left.max()
        left[row] = -np.inf
    return picked, value


def central(rows: NDArray[np.floating], ties: Floats) -> int:
    """Give the row nearest to the mean of the rows; O(N·D).

    >>> central(np.array([[0.0], [2.0], [3.0]]), np.array([0.1, 0.2, 0.3]))
    1
    """
    return foremost(-np.sqrt(squared_to(rows, rows.mean(axis=0, dtype=np.float64))), ties)
