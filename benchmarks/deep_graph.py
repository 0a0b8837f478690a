"""Features of the graph of nearest neighbours in the pool: its slow directions, made without a label.

Nothing of the test part shapes them: the graph is the pool's, and a test picture lies at the mean of its neighbours in
the pool (an out-of-sample extension, Bengio et al. 2004), so that the test may be of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.floating]
LEAST = 0.01
"""What is added to a direction's distance from standing still, so that the slowest do not drown the rest."""


@dataclass(frozen=True)
class Slow:
    """Slow directions of a graph: how much each slows down (N largest eigenvalues), and where each picture lies."""

    rates: Floats
    pool: Floats
    test: Floats

    def weighed(self) -> tuple[Floats, Floats]:
        """Weigh each direction by 1/(1 − rate + .01); the pool takes the step to its neighbours that the test took."""
        weight = 1.0 / (1.0 - self.rates + LEAST)
        return self.pool * self.rates * weight, self.test * weight


def slow(pool: Floats, test: Floats, *, neighbours: int, count: int) -> Slow:
    """Give the ``count`` slowest directions of a walk on the graph (Belkin & Niyogi 2003), each of variance 1."""
    found = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(pool)
    rates, vectors = _leading(found.kneighbors_graph(mode="connectivity"), count)
    places = found.kneighbors(test, return_distance=False)
    return Slow(rates, vectors, vectors[places].mean(axis=1))


def _leading(graph: Any, count: int) -> tuple[Floats, Floats]:
    """Give the largest eigenvalues below 1 of the walk on a graph made symmetric, and their directions."""
    from scipy.sparse.linalg import eigsh

    graph = graph.maximum(graph.T).tocsr()
    scale = 1.0 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    start = np.random.default_rng(0).random(graph.shape[0])
    walk = graph.multiply(scale[:, None]).multiply(scale).tocsr()
    rates, vectors = eigsh(walk, k=count + 1, which="LA", v0=start)
    slowest = vectors[:, ::-1][:, 1:] * scale[:, None]
    return rates[::-1][1:], slowest / slowest.std(axis=0)


def straightened(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centre pictures of 28 × 28 on their mass and take their slant away (LeCun et al. 1998); [N, 784]."""
    images, grid = flat.reshape(-1, 28, 28), np.arange(28, dtype=np.float32)
    mass = images.sum(axis=(1, 2)) + 1e-6
    row, column = (images.sum(axis=axis) @ grid / mass for axis in (2, 1))
    down, across = grid - row[:, None], grid - column[:, None]
    tall = (images.sum(axis=2) * down**2).sum(axis=1) / mass
    slant = np.einsum("nij,ni,nj->n", images, down, across) / mass / np.maximum(tall, 1e-3)
    rows = np.broadcast_to((grid - 13.5 + row[:, None])[:, :, None], images.shape)
    columns = (grid - 13.5 + column[:, None])[:, None, :] + (slant[:, None] * (grid - 13.5))[:, :, None]
    return _between(images, rows, columns).reshape(flat.shape)


def _between(images: NDArray[np.float32], rows: Floats, columns: Floats) -> NDArray[np.float32]:
    """Read pictures at places between pixels, linearly; what lies outside is 0."""
    padded, which = np.pad(images, ((0, 0), (1, 2), (1, 2))), np.arange(len(images))[:, None, None]
    low, left = np.floor(rows), np.floor(columns)
    lower, right = (rows - low).astype(np.float32), (columns - left).astype(np.float32)
    i, j = (np.clip(each.astype(np.int64) + 1, 0, 29) for each in (low, left))
    above = (1 - right) * padded[which, i, j] + right * padded[which, i, j + 1]
    below = (1 - right) * padded[which, i + 1, j] + right * padded[which, i + 1, j + 1]
    return (1 - lower) * above + lower * below
