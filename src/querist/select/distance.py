"""Euclidean distances, block by block and without cancellation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks

# Differences of a block this small stay in the processor's cache, and the memory allocator keeps their place at hand.
CACHE_BYTES = 2**18
COMPILED = 2**26
"""Numbers to read or pairs times their width from which compiled loops repay loading the compiler; NumPy takes 0.1 s
for as many."""


def packed(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Give rows as compiled loops read them, by row in memory and in float32 or float64; a copy if they are not so.

    >>> packed(np.ones((2, 3), np.int8, order="F")).dtype
    dtype('float64')
    """
    kind = rows.dtype if rows.dtype in (np.float32, np.float64) else np.float64
    return np.ascontiguousarray(rows, dtype=kind)


def squared_norms(rows: NDArray[np.floating]) -> Floats:
    """Compute ‖x‖² of each row in float64.

    Shapes: [N, D] → [N]. Cost: O(N·D).

    >>> squared_norms(np.array([[3.0, 4.0]])).tolist()
    [25.0]
    """
    return squared_to(rows, np.zeros(rows.shape[1]))


def unit(rows: NDArray[np.floating]) -> Floats:
    """Scale each row to length 1, in float64; a row of zeros stays as it is.

    Shapes: [N, D] → [N, D]. Cost: O(N·D).

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    points = np.asarray(rows, np.float64, order="C")
    largest = np.abs(points).max(axis=1, keepdims=True, initial=0.0)
    scaled = points / np.where(largest > 0, largest, 1.0)  # squares of tiny or huge numbers would leave the range
    length = np.sqrt(squared_norms(scaled))[:, None]
    return np.asarray(scaled / np.where(length > 0, length, 1.0))


def squared_to(rows: NDArray[np.floating], point: Floats) -> Floats:
    """Compute ‖x − c‖² of each row x to one point c.

    In difference form and float64: a copy of c is at exactly 0, wherever the origin lies. (‖x‖² + ‖c‖² − 2·x·c is
    faster, but far from the origin its rounding exceeds small distances.)
    Shapes: rows [N, D], point [D] → [N]. Cost: O(N·D).

    >>> squared_to(np.array([[1e8, 1.0], [1e8, 3.0]]), np.array([1e8, 1.0])).tolist()
    [0.0, 4.0]
    """
    out, space = np.empty(len(rows)), np.empty(0)
    for block in blocks(len(rows), 8 * rows.shape[1], limit=CACHE_BYTES):
        part = rows[block]
        space = np.empty(part.shape) if part.shape != space.shape else space
        gap = np.subtract(part, point, out=space, dtype=np.float64)
        np.einsum("nd,nd->n", gap, gap, out=out[block])
    return out


def nearest(rows: NDArray[np.floating], others: NDArray[np.floating]) -> tuple[Rows, Floats]:
    """Find the nearest of some other points to each row, and its distance.

    A matrix product names the nearest, the difference form measures it, so the distance to a copy is 0; many pairs are
    measured by a compiled loop. Points that are equally near to within rounding may be named one for the other.
    Shapes: rows [N, D], others [L, D] → which [N], distance [N]; distance inf where L = 0. Cost: O(N·L·D).

    >>> which, distance = nearest(np.array([[0.0], [4.0]]), np.array([[1.0], [9.0]]))
    >>> which.tolist(), distance.tolist()
    ([0, 0], [1.0, 3.0])
    """
    which, distance = np.zeros(len(rows), np.intp), np.full(len(rows), np.inf)
    if len(others) == 0:
        return which, distance
    if rows.size * len(others) >= COMPILED:
        from querist.select import _nearest_kernel as compiled

        return compiled.nearest(packed(rows), others)
    points = others.astype(np.float64)
    centre = points.mean(axis=0)
    half = squared_norms(points - centre) / 2
    for block in blocks(len(rows), 8 * (len(points) + 2 * rows.shape[1])):
        x = rows[block].astype(np.float64)
        which[block] = np.argmin(half - (x - centre) @ (points - centre).T, axis=1)
        gap = x - points[which[block]]
        distance[block] = np.sqrt(np.einsum("nd,nd->n", gap, gap))
    return which, distance


def nearest_k(rows: NDArray[np.floating], others: NDArray[np.floating], *, k: int) -> Rows:
    """Find the k nearest of some other points to each row, nearest first; equal distances by their order.

    A matrix product finds 2k that may be nearest, the difference form ranks them, so a row's neighbours do not depend
    on the rows beside it. Shapes: rows [N, D], others [L, D], 1 ≤ k ≤ L → [N, k]. Cost: O(N·L·D), memory one block.

    >>> nearest_k(np.array([[0.0]]), np.array([[3.0], [1.0], [-2.0]]), k=2).tolist()
    [[1, 2]]
    """
    out, wide = np.empty((len(rows), k), np.intp), min(2 * k, len(others))
    points = others.astype(np.float64)
    centre = points.mean(axis=0)
    half = squared_norms(points - centre) / 2
    for block in blocks(len(rows), 8 * (len(points) + 2 * wide * rows.shape[1])):
        x = rows[block].astype(np.float64)
        apart = half - (x - centre) @ (points - centre).T
        near = np.sort(np.argpartition(apart, wide - 1, axis=1)[:, :wide], axis=1)
        gap = x[:, None, :] - points[near]
        order = np.argsort(np.einsum("rkd,rkd->rk", gap, gap), axis=1, kind="stable")[:, :k]
        out[block] = np.take_along_axis(near, order, axis=1)
    return out


def pairwise(rows: NDArray[np.floating], others: NDArray[np.floating]) -> Floats:
    """Compute the distances between two small sets of points, in difference form.

    Shapes: [N, D], [L, D] → [N, L]; the caller keeps N·L small. Cost: O(N·L·D).

    >>> pairwise(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[5.0, 0.0]]
    """
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(rows.astype(np.float64), others.astype(np.float64)))


def gap_to_others(rows: NDArray[np.floating], others: NDArray[np.floating]) -> Floats:
    """Measure how far each row is from the nearest point that is no copy of it; inf when there is none.

    Shapes: [N, D], [L, D] → [N]. Cost: O(N·L·D), memory one block.

    >>> gap_to_others(np.array([[0.0], [2.0]]), np.array([[0.0], [0.0], [2.0], [5.0]])).tolist()
    [2.0, 2.0]
    """
    out = np.full(len(rows), np.inf)
    for block in blocks(len(rows), 8 * max(1, len(others))):
        distance = pairwise(rows[block], others)
        distance[distance == 0] = np.inf
        out[block] = distance.min(axis=1, initial=np.inf)
    return out
