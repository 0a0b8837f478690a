"""The graph of nearest neighbours, and the choice of its densest nodes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist.select.top import foremost

Graph: TypeAlias = Any  # scipy.sparse.csr_array [N, N]


def nearest_manhattan(rows: NDArray[np.floating], *, k: int, ties: Floats) -> tuple[Rows, Floats]:
    """Find the k nearest other rows of each row by Manhattan distance, in no order, and their distances.

    Exact, a block of rows against all at a time; of rows at the same distance, those with larger tie numbers are
    nearer. Shapes: rows [N, D], ties [N], 0 ≤ k < N → [N, k] each. Cost: O(N²·D), memory one block.

    >>> points = np.array([[0.0, 0.0], [1.0, 2.0], [1.0, 1.0]])
    >>> nearest_manhattan(points, k=1, ties=np.arange(3.0))[1].ravel().tolist()
    [2.0, 1.0, 1.0]
    """
    from scipy.spatial.distance import cdist

    order = np.argsort(-ties, kind="stable")
    points = rows[order].astype(np.float64)
    near, distance = np.empty((len(rows), k), np.intp), np.empty((len(rows), k))
    for block in blocks(len(rows), 24 * len(rows)) if k else ():
        apart = cdist(points[block], points, "cityblock")
        apart[np.arange(len(apart)), np.arange(block.start, block.stop)] = np.inf
        found = _first_k_least(apart, k)
        near[order[block]] = order[found]
        distance[order[block]] = np.take_along_axis(apart, found, axis=1)
    return near, distance


def _first_k_least(values: Floats, k: int) -> Rows:
    """Give the columns of the k least values in each row, of equal ones the first; [N, k]."""
    last = np.partition(values, k - 1, axis=1)[:, k - 1 : k]
    below, level = values < last, values == last
    room = k - np.count_nonzero(below, axis=1)
    return np.nonzero(below | (level & (np.cumsum(level, axis=1) <= room[:, None])))[1].reshape(-1, k)


def neighbour_graph(near: Rows, weight: Floats) -> Graph:
    """Join every row to its neighbours, and them to it; edges of weight 0 are none.

    Shapes: near and weight [N, k] → sparse [N, N], symmetric. Cost: O(N·k).

    >>> neighbour_graph(np.array([[1], [0], [1]]), np.array([[0.5], [0.5], [0.2]])).toarray().tolist()
    [[0.0, 0.5, 0.0], [0.5, 0.0, 0.2], [0.0, 0.2, 0.0]]
    """
    from scipy.sparse import csr_array

    starts = np.arange(len(near) + 1) * near.shape[1]
    directed = csr_array((weight.ravel(), near.ravel(), starts), shape=(len(near), len(near)))
    both = csr_array(directed.maximum(directed.T))
    both.eliminate_zeros()
    return both


def density_of(graph: Graph) -> Floats:
    """Give the mean weight of each node's edges, 0 for a node without; [N], O(edges)."""
    edges = np.diff(graph.indptr)
    total = np.asarray(graph.sum(axis=1), np.float64).ravel()
    return np.asarray(total / np.maximum(edges, 1))


def densest_first(graph: Graph, density: Floats, *, n: int, ties: Floats) -> tuple[Rows, Floats]:
    """Choose n nodes, each time the densest, and take its density from those it is joined to.

    Shapes: density and ties [N], density −inf for nodes that may not be chosen → nodes [n] and the density of each at
    its pick [n]. Cost: O(n·N). Source: Ebert, Fritz & Schiele 2012.

    >>> line = neighbour_graph(np.array([[1], [0], [1], [2]]), np.array([[0.5], [0.5], [0.4], [0.1]]))
    >>> densest_first(line, density_of(line), n=2, ties=np.arange(4.0))[0].tolist()
    [0, 2]
    """
    left = density.copy()
    picked, value = np.empty(n, np.intp), np.empty(n)
    for i in range(n):
        row = foremost(left, ties)
        picked[i], value[i] = row, left[row]
        left[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] -= value[i]
        left[row] = -np.inf
    return picked, value
