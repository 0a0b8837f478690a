"""Points in the plane: where the items of a pool lie to each other, for people to look at."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist._draw import Draw
from querist.errors import BadInput, MissingExtra

Method: TypeAlias = Literal["pca", "umap"]
METHODS: tuple[Method, ...] = ("pca", "umap")
SAMPLE = 20_000
"""Rows that show the principal directions of a larger pool."""
NEIGHBOURS = 15


def plane(points: NDArray[Any], order: Rows, *, method: Method = "pca") -> NDArray[np.float32]:
    """Place rows of a representation in the plane; float32 [N, 2], centred, at a mean distance of 1 from the middle.

    ``pca`` takes the two directions of most variance, each turned so that its longest part is positive; of a larger
    pool the first 20,000 rows in ``order`` show them. ``umap`` keeps neighbours together, and needs umap-learn. Equal
    points give equal places. Shapes: points [N, D], order [N]. Cost: O(min(N, 20,000)·D² + N·D), and that of UMAP.
    Raises BadInput, MissingExtra. Source: Pearson 1901; McInnes, Healy & Melville 2018.

    >>> line = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    >>> plane(line, np.arange(3)).round(2).tolist()
    [[-1.5, 0.0], [0.0, 0.0], [1.5, 0.0]]
    """
    if method not in METHODS:
        raise BadInput(f"a map is drawn by {' or '.join(METHODS)}: got {method!r}")
    rows = np.asarray(points)
    placed = _umap(rows, order) if method == "umap" else rows @ directions(rows[np.sort(order[:SAMPLE])])
    return _scaled(np.asarray(placed, np.float64))


def directions(sample: NDArray[Any]) -> Floats:
    """Find the two directions of most variance, orthonormal columns [D, 2]; zero where there is none."""
    rows = np.asarray(sample, np.float64)
    centred = rows - rows.mean(axis=0) if len(rows) else rows
    values, vectors = np.linalg.eigh(centred.T @ centred)
    found = np.zeros((rows.shape[1], 2))
    top = vectors[:, ::-1][:, :2] * (values[::-1][:2] > 1e-12 * max(values.max(initial=0.0), 1e-300))
    found[:, : top.shape[1]] = top
    longest = np.abs(found).argmax(axis=0)
    return np.asarray(found * np.where(found[longest, [0, 1]] < 0, -1.0, 1.0))


def _scaled(placed: Floats) -> NDArray[np.float32]:
    """Centre places and scale them to a mean distance of 1 from the middle."""
    centred = placed - placed.mean(axis=0) if len(placed) else placed
    size = float(np.hypot(*centred.T).mean()) if len(placed) else 0.0
    return np.asarray(centred / (size or 1.0) + 0.0, np.float32)


def _umap(points: NDArray[Any], order: Rows) -> Floats:
    try:
        import umap
    except ImportError:
        raise MissingExtra('a map by umap needs umap-learn: pip install "querist[map]"') from None
    start = (points @ directions(points[np.sort(order[:SAMPLE])]))[: len(points)]
    neighbours = max(2, min(NEIGHBOURS, len(points) - 1))
    seed = int(Draw(0).rng("umap").integers(2**31))
    made: Any = umap.UMAP(n_neighbors=neighbours, init=np.asarray(start, np.float32), random_state=seed, n_jobs=1)
    return np.asarray(made.fit_transform(points))


def aligned(places: NDArray[np.float32], before: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
    """Turn and mirror new places so that they lie as near as may be to those of before; [N, 2].

    Formula: R = U Vᵀ of the singular vectors of Xᵀ Y, over the ``rows`` that both have, ``before`` [len(rows), 2]; no
    stretching. Cost: O(N). Source: Schönemann 1966.

    >>> old = np.array([[1, 0], [0, 1], [-1, -1]], np.float32)
    >>> bool(np.allclose(aligned(old @ np.array([[0, 1], [1, 0]], np.float32), old, np.arange(3)), old))
    True
    """
    if not len(rows):
        return places
    new, old = np.asarray(places[rows], np.float64), np.asarray(before, np.float64)
    middle = new.mean(axis=0)
    left, _, right = np.linalg.svd((new - middle).T @ (old - old.mean(axis=0)))
    turned = (np.asarray(places, np.float64) - middle) @ (left @ right) + middle
    return np.asarray(turned + 0.0, np.float32)
