"""Balls of one radius: which points they hold, how large they may be, and a greedy cover by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist.select.distance import COMPILED, nearest, packed, squared_norms, squared_to
from querist.select.top import foremost

if TYPE_CHECKING:
    from querist.select._balls_kernel import Cells

# One block of distances: large enough for an efficient matrix product, small enough for the processor's cache.
BLOCK_BYTES = 2**23
# Measuring one pair costs as much as this many pairs of a product.
WIDE = 64


@dataclass(frozen=True, eq=False)
class Balls:
    """Points [P, D] that open balls of one radius may hold: a point at the distance of the radius lies outside.

    >>> Balls(np.array([[1.0], [0.5], [0.0]]), 1.0).count(np.array([[0.0]])).tolist()
    [2.0]
    """

    points: NDArray[np.floating]
    radius: float

    @cached_property
    def origin(self) -> Floats:
        """The mean of the points, [D]."""
        return self.points.mean(axis=0, dtype=np.float64) if len(self.points) else np.zeros(self.points.shape[1])

    @cached_property
    def double(self) -> Floats:
        """The points about their mean, ready for a product; [P, D+2]."""
        moved = self.points.astype(np.float64) - self.origin
        return np.column_stack([moved, np.ones(len(moved)), squared_norms(moved)])

    @cached_property
    def single(self) -> NDArray[np.float32]:
        """The same in single precision."""
        return self.double.astype(np.float32)

    def cells(self, rows: NDArray[np.floating]) -> Cells | None:
        """Lay the points into cells for a compiled loop over rows; None where that is not worth it."""
        if rows.size * len(self.points) < COMPILED:
            return None
        from querist.select._balls_kernel import cells_of

        kind = np.result_type(packed(rows[:1]), packed(self.points[:1]))
        return cells_of(np.ascontiguousarray(self.points, dtype=kind), self.radius)

    def hold(self, rows: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell which points the ball about each row holds.

        A matrix product in single precision settles most pairs, the difference form those near the border; where the
        border is wide, because the points lie far apart for the radius, a product in double precision comes between.
        Shapes: rows [R, D] → [R, P]; the caller keeps R·P small. Cost: O(R·P·D).

        >>> Balls(np.array([[1.0], [0.5], [0.0]]), 1.0).hold(np.array([[0.0]])).tolist()
        [[False, True, True]]
        """
        moved = rows.astype(np.float64) - self.origin
        size = squared_norms(moved)
        left = np.column_stack([-2.0 * moved, size - self.radius**2, np.ones(len(moved))])
        largest = size.max(initial=0.0) + self.double[:, -1].max(initial=0.0) + self.radius**2
        inside, close = _signs(left.astype(np.float32), self.single, largest)
        if np.count_nonzero(close) - np.count_nonzero(inside) > inside.size // WIDE:
            inside, close = _signs(left, self.double, largest)
        if np.count_nonzero(close) > np.count_nonzero(inside):
            i, j = np.nonzero(close & ~inside)
            for part in blocks(len(i), 24 * rows.shape[1]):
                gap = rows[i[part]].astype(np.float64) - self.points[j[part]]
                inside[i[part], j[part]] = np.sqrt(np.einsum("nd,nd->n", gap, gap)) < self.radius
        return inside

    def count(self, rows: NDArray[np.floating]) -> Floats:
        """Count the points that the ball about each row holds; [N], O(N·P·D) at worst, memory one block, or O(P·D)."""
        cells = self.cells(rows)
        if cells is not None:
            from querist.select._balls_kernel import count

            return count(np.ascontiguousarray(rows, dtype=cells.points.dtype), cells)
        out = np.zeros(len(rows))
        for block in blocks(len(rows), 6 * max(1, len(self.points)), limit=BLOCK_BYTES):
            out[block] = np.count_nonzero(self.hold(rows[block]), axis=1)
        return out

    def only(self, which: NDArray[np.bool_]) -> Balls:
        """Keep some of the points."""
        return Balls(self.points[which], self.radius)


def _signs(left: NDArray[Any], right: NDArray[Any], largest: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell where left·rightᵀ is negative whatever the rounding, and where it may be; both [R, P]."""
    beyond = left @ right.T
    slack = beyond.dtype.type(4 * (left.shape[1] + 2) * float(np.finfo(beyond.dtype).eps) * largest)
    return beyond < -slack, beyond <= slack


def cover_greedily(
    rows: NDArray[np.floating], balls: Balls, degree: Floats, *, n: int, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose up to n rows, each time the one whose ball holds most points that no ball holds yet; stop when none does.

    ``degree`` [N] is ``balls.count(rows)``. No graph is kept: when points become covered, the balls that hold them are
    counted again, each point once in all. Shapes: rows [N, D], ties [N] → rows [≤ n] and the newly covered points of
    each, never rising. Cost: O(N·P·D) for all picks at worst, memory O(N) and one block; of many points, which a
    compiled loop holds in cells, O((N + P)·D). Source: Yehuda et al. 2022.

    >>> points = np.array([[0.0], [0.4], [0.8], [3.0]])
    >>> balls = Balls(points, 0.5)
    >>> cover_greedily(points, balls, balls.count(points), n=4, ties=np.arange(4.0))[0].tolist()
    [1, 3]
    """
    cells = balls.cells(rows)
    if cells is not None:
        from querist.select import _balls_kernel as compiled

        return compiled.cover_greedily(
            np.ascontiguousarray(rows, dtype=cells.points.dtype), cells, degree, n=n, ties=ties
        )
    left = degree.copy()
    picked, value = [], []
    for _ in range(n):
        row = foremost(left, ties)
        if left[row] <= 0:
            break
        picked.append(row)
        value.append(left[row])
        covered = balls.hold(rows[row : row + 1])[0]
        left -= balls.only(covered).count(rows)
        left[row] = -np.inf
        balls = balls.only(~covered)
    return np.array(picked, np.intp), np.array(value, np.float64)


def pure_radius(points: NDArray[np.floating], labels: Rows, *, purity: float) -> float:
    """Give the largest radius at which a share ``purity`` of the balls about the points hold points of one label only.

    An open ball is pure up to the distance of the nearest point with another label, so the radius is exact: no grid is
    searched. With one label, a radius that holds everything. Shapes: points [P, D], labels [P], P ≥ 1. Cost: O(P²·D).
    Source: Yehuda et al. 2022.

    >>> pure_radius(np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([0, 0, 1, 1]), purity=0.75)
    2.0
    """
    found = np.unique(labels)
    if len(found) == 1:
        return 1.0 + 2.0 * float(np.sqrt(squared_to(points, points.mean(axis=0, dtype=np.float64)).max()))
    reach = np.empty(len(points))
    for label in found:
        own = labels == label
        reach[own] = nearest(points[own], points[~own])[1]
    impure = int((1.0 - purity) * len(points) + 1e-9)
    return float(np.sort(reach)[min(impure, len(points) - 1)])
