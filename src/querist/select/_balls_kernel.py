"""Balls of one radius, compiled: points lie in cells, and a ball passes over the cells that are too far away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import in_threads
from querist.select._gap_kernel import rough_gap, roughness, squared_gap
from querist.select._kcenter_kernel import farthest_first
from querist.select._nearest_kernel import nearest
from querist.select.top import foremost

MOST_CELLS = 256
# Beyond the rounding of a distance in double precision.
BEYOND = 1.0 + 1e-9


class Order(NamedTuple):
    """Rows by the nearest of G pivots: order [N], starts [G + 1] in it, reach [G] the distance of the farthest."""

    order: Rows
    starts: Rows
    reach: Floats


class Ball(NamedTuple):
    """An open ball: a point is inside when its rough gap is below ``low``, and outside when that is above ``high``."""

    radius: float
    low: float
    high: float


class Cells(NamedTuple):
    """Points [P, D] in the order of the nearest of some pivots [G, D], and the balls that may hold them.

    ``wide`` is a ball of twice the radius; ``sure``: what the root of a rough gap times it exceeds, the distance does.
    """

    points: Array
    pivots: Array
    lie: Order
    ball: Ball
    wide: Ball
    sure: float


def cells_of(points: NDArray[np.floating], radius: float) -> Cells:
    """Lay points, which lie by row in memory, into at most 256 cells about points far apart; O(P·G·D)."""
    count = min(MOST_CELLS, int(np.ceil(np.sqrt(len(points)))))
    far = np.full(len(points), np.inf)
    pivots = points[farthest_first(points, far, n=count, ties=np.arange(len(points), dtype=np.float64), first=0)[0]]
    lie = _lay(points, pivots)
    doubt = roughness(points.shape[1], points.dtype)
    most = float(np.finfo(points.dtype).max) / 2
    balls = (_ball(radius, doubt, most), _ball(2.0 * radius * BEYOND, doubt, most))
    return Cells(points[lie.order], pivots, lie, *balls, max(0.0, 1.0 - doubt))


def _ball(radius: float, doubt: float, most: float) -> Ball:
    square = radius * radius
    high = square * BEYOND / (1.0 - doubt) if doubt < 0.5 else np.inf
    return Ball(radius, square / BEYOND / (1.0 + doubt), high if high < most else np.inf)


def _lay(rows: NDArray[np.floating], pivots: NDArray[np.floating]) -> Order:
    home, distance = nearest(rows, pivots)
    reach = np.zeros(len(pivots))
    np.maximum.at(reach, home, distance)
    starts = np.concatenate([[0], np.cumsum(np.bincount(home, minlength=len(pivots)))])
    return Order(np.argsort(home, kind="stable"), starts, reach)


def count(rows: NDArray[np.floating], cells: Cells) -> Floats:
    """Count the points that the ball about each row holds; [N], rows in the precision of the points."""
    out = np.empty(len(rows))
    # row by row of a cell, so that the points which they meet stay in the cache
    in_threads(_count, len(rows), rows, _lay(rows, cells.pivots).order, cells, out)
    return out


def cover_greedily(
    rows: NDArray[np.floating], cells: Cells, degree: Floats, *, n: int, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose up to n rows as ``balls.cover_greedily`` does, with the same picks.

    Only rows within two radii of a pick may hold a point that it covers.
    """
    left, alive, lie = degree.copy(), np.ones(len(cells.points), bool), _lay(rows, cells.pivots)
    picked, value = [], []
    for _ in range(n):
        row = foremost(left, ties)
        if left[row] <= 0:
            break
        picked.append(row)
        value.append(left[row])
        covered = cells.points[_take(rows, row, cells, alive)]
        _uncount(rows, row, cells._replace(points=covered, lie=lie), left)
        left[row] = -np.inf
    return np.array(picked, np.intp), np.array(value, np.float64)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _held(rows: Array, row: int, points: Array, run: tuple[int, int], ball: Ball) -> int:
    """Count the points of a run that the ball about a row holds."""
    width, low, high, total = rows.shape[1], ball.low, ball.high, 0
    for at in range(run[0], run[1]):
        rough = rough_gap(rows, row * width, points, at * width, width)
        if rough <= high:
            total += rough < low or _is_inside(rows, row, points, at, ball.radius)
    return total


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _is_inside(rows: Array, row: int, points: Array, at: int, radius: float) -> bool:
    width = rows.shape[1]
    return bool(np.sqrt(squared_gap(rows, row * width, points, at * width, width)) < radius)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _near(rows: Array, row: int, cells: Cells, radius: float, found: Rows) -> int:
    """List the cells of which a ball about a row may hold something; gives their number."""
    width, pivots, reach, sure, few = rows.shape[1], cells.pivots, cells.lie.reach, cells.sure, 0
    for cell in range(len(pivots)):
        rough = np.float64(rough_gap(rows, row * width, pivots, cell * width, width))
        far = (radius + reach[cell]) * BEYOND
        if not (rough < np.inf and rough * sure > far * far):
            found[few] = cell
            few += 1
    return few


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _count(start: int, stop: int, rows: Array, order: Rows, cells: Cells, out: Floats) -> None:
    """Count the points in the balls about some rows of an order."""
    points, ball, starts, found = cells.points, cells.ball, cells.lie.starts, np.empty(len(cells.pivots), np.int64)
    for row in order[start:stop]:
        total = 0
        for cell in found[: _near(rows, row, cells, ball.radius, found)]:
            total += _held(rows, row, points, (starts[cell], starts[cell + 1]), ball)
        out[row] = total


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _take(rows: Array, row: int, cells: Cells, alive: Array) -> Rows:
    """Give the living points in the ball about a row; they live no more."""
    points, ball, starts, found = cells.points, cells.ball, cells.lie.starts, np.empty(len(cells.pivots), np.int64)
    held, count = np.empty(len(alive), np.int64), 0
    for cell in found[: _near(rows, row, cells, ball.radius, found)]:
        for at in range(starts[cell], starts[cell + 1]):
            if alive[at] and _held(rows, row, points, (at, at + 1), ball):
                held[count], alive[at] = at, False
                count += 1
    return held[:count].copy()


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _uncount(rows: Array, centre: int, cells: Cells, left: Floats) -> None:
    """Take points that the ball about a row holds off the counts of the rows, which lie in the cells."""
    points, ball, wide, lie = cells.points, cells.ball, cells.wide, cells.lie
    found = np.empty(len(cells.pivots), np.int64)
    for cell in found[: _near(rows, centre, cells, wide.radius, found)]:
        for row in lie.order[lie.starts[cell] : lie.starts[cell + 1]]:
            if _held(rows, centre, rows, (row, row + 1), wide):
                left[row] -= _held(rows, row, points, (0, len(points)), ball)
