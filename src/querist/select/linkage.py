"""Clusters by average linkage."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from querist._arrays import BLOCK_BYTES, Rows
from querist.select.clusters import kmeans
from querist.select.distance import nearest

# The most rows whose distances, N²/2 numbers that SciPy copies once, fit one block: 2,896.
MOST_ROWS = isqrt(BLOCK_BYTES // 8)
CENTRES = 1_024


def average_linkage(rows: NDArray[np.floating], clusters: int, *, distance: float | None = None) -> Rows:
    """Merge the two clusters of least mean distance again and again; give the cluster of each row.

    It ends at ``distance``, when the two nearest clusters are farther apart, or else at ``clusters`` of them.
    Shapes: rows [N, D] → [N] numbers from 0. Cost: O(N²·D), memory 8·N² bytes. Source: Sokal & Michener 1958.

    >>> average_linkage(np.array([[0.0], [0.1], [5.0]]), 2).tolist()
    [0, 0, 1]
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(rows) < 2:
        return np.zeros(len(rows), np.intp)
    tree = linkage(rows.astype(np.float64), "average")
    if distance is None:
        found = fcluster(tree, clusters, criterion="maxclust")
    else:
        found = fcluster(tree, distance, criterion="distance")
    return np.asarray(found - 1, np.intp)


def linked(rows: NDArray[np.floating], clusters: int, *, distance: float | None, rng: np.random.Generator) -> Rows:
    """Cluster by average linkage, any number of rows: above 2,896 they first gather about 1,024 k-means centres.

    The centres are then merged, each counting as one row. Cost: O(N²·D), above that O(1,024·N·D) per iteration.
    """
    if len(rows) <= MOST_ROWS:
        return average_linkage(rows, clusters, distance=distance)
    centres = kmeans(rows, CENTRES, rng=rng)
    return average_linkage(centres, clusters, distance=distance)[nearest(rows, centres)[0]]
