"""Points found against points that are there: who belongs to whom, and how that goes with the threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows

Pairs = NDArray[np.intp]
"""Rows [k, 2]: the point found, the point there."""


def inside(points: Floats, regions: Floats | None) -> NDArray[np.bool_]:
    """Say which points [S, 2] lie in one of the rectangles [R, 4] (x, y, width, height); None: everywhere.

    The left and upper edge belong to a rectangle, the right and lower one to its neighbour. Cost O(S·R).

    >>> inside(np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[0.0, 0.0, 4.0, 4.0]])).tolist()
    [True, False]
    """
    if regions is None:
        return np.ones(len(points), bool)
    corner, size = regions[None, :, :2], regions[None, :, 2:]
    place = points[:, None, :]
    within = ((place >= corner) & (place < corner + size)).all(axis=2)
    return np.asarray(np.any(within, axis=1))


def close(found: Floats, there: Floats, radius: float) -> tuple[Pairs, Floats]:
    """List the pairs of points [P, 2] and [T, 2] no farther apart than ``radius``, and their distances.

    Cost O((P + T) log T + pairs).
    """
    from scipy.spatial import cKDTree

    if not len(found) or not len(there):
        return np.empty((0, 2), np.intp), np.empty(0)
    # the tree decides by squared distances, which round at the edge: it looks a little farther, and we decide
    near = cKDTree(found).query_ball_tree(cKDTree(there), radius * (1 + 1e-9))
    first = np.repeat(np.arange(len(found)), [len(rows) for rows in near])
    second = np.array([row for rows in near for row in sorted(rows)], np.intp)
    apart = np.hypot(*(found[first] - there[second]).T)
    kept = apart <= radius
    return np.stack([first, second], axis=1)[kept], apart[kept]


def assigned(found: Floats, there: Floats, radius: float) -> Pairs:
    """Pair points so that as many as possible have a partner within ``radius``, then with the least total distance.

    Each point has one partner at most. The assignment is optimal: it is solved by the Hungarian method in each group of
    points that hang together, so 1,000 points against 1,000 take milliseconds. Source: Kuhn 1955.

    >>> assigned(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[2.0, 0.0], [5.0, 0.0]]), 2.5).tolist()
    [[0, 0], [1, 1]]
    """
    pairs, apart = close(found, there, radius)
    if not len(pairs):
        return pairs
    group = _groups(pairs, len(found), len(there))
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    kept = [part[_best(pairs[part], apart[part], radius)] for part in np.split(order, cuts)]
    chosen = pairs[np.concatenate(kept)]
    return chosen[np.argsort(chosen[:, 0], kind="stable")]


def _groups(pairs: Pairs, found: int, there: int) -> NDArray[np.int32]:
    """Number the groups of points that hang together by pairs, [pairs]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = (np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1] + found))
    graph = coo_array(edges, shape=(found + there, found + there))
    group: NDArray[np.int32] = connected_components(graph, directed=False)[1][pairs[:, 0]]
    return group


def _best(pairs: Pairs, apart: Floats, radius: float) -> Rows:
    """Choose the pairs of one group: as many as can be, the nearest of these."""
    from scipy.optimize import linear_sum_assignment

    if len(pairs) == 1:
        return np.zeros(1, np.intp)
    rows, row = np.unique(pairs[:, 0], return_inverse=True)
    columns, column = np.unique(pairs[:, 1], return_inverse=True)
    # a pair more is worth more than any distance saved: k distances together stay below this
    worth = (min(len(rows), len(columns)) + 1) * max(radius, 1.0)
    cost = np.zeros((len(rows), len(columns)))
    number = np.full(cost.shape, -1, np.intp)
    cost[row, column], number[row, column] = apart - worth, np.arange(len(pairs))
    chosen: Rows = number[linear_sum_assignment(cost)]
    return chosen[chosen >= 0]


def gains(found: Floats, there: Floats, radius: float) -> NDArray[np.bool_]:
    """Say which points, taken one after another, let one more pair be made; [P].

    The sum of the first k is the number of pairs of an optimal assignment of the first k, so one pass gives precision
    and recall at every threshold. Cost O(P·group), by augmenting paths. Source: Berge 1957.

    >>> gains(np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]]), np.array([[0.5, 0.0]]), 2.0).tolist()
    [True, False, False]
    """
    pairs, _ = close(found, there, radius)
    cuts = np.searchsorted(pairs[:, 0], np.arange(1, len(found)))
    near = [part.tolist() for part in np.split(pairs[:, 1], cuts)] if len(found) else []
    owner, own = [-1] * len(there), [-1] * len(found)
    return np.array([_augment(point, near, owner, own) for point in range(len(found))], bool)


def _augment(point: int, near: Sequence[Sequence[int]], owner: list[int], own: list[int]) -> bool:
    """Find a partner for a point, others changing theirs if that helps."""
    reached: dict[int, int] = {}
    waiting = [point]
    while waiting:
        here = waiting.pop()
        for place in near[here]:
            if place in reached:
                continue
            reached[place] = here
            if owner[place] < 0:
                _shift(place, reached, owner, own)
                return True
            waiting.append(owner[place])
    return False


def _shift(free: int, reached: dict[int, int], owner: list[int], own: list[int]) -> None:
    """Give each point along the path the partner that it reached."""
    place = free
    while place >= 0:
        point = reached[place]
        own[point], owner[place], place = place, point, own[point]
