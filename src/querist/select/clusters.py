"""k-means clusters, and how typical a row is of its cluster."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, blocks
from querist.select.distance import squared_norms

# From this many clusters on, mini-batches: full iterations cost more than their slightly better optimum is worth.
MINI_BATCH_FROM = 50


def kmeans(rows: NDArray[np.floating], k: int, *, rng: np.random.Generator, weight: Floats | None = None) -> Floats:
    """Find the centres of at most k clusters; fewer when there are fewer distinct rows.

    ``weight`` counts a row so many times, in its seeding too; rows of weight 0 play no part, unless all have it.

    Full iterations up to 50 clusters, mini-batches of 5,000 rows above, as in the published code. One thread, because
    several add up in an order that changes from run to run. Moving or turning the rows moves the centres along, unless
    two seeds are equally good: then rounding decides.

    Shapes: rows [N, D], weight [N] ≥ 0 → centres [≤ k, D] float64. Needs N ≥ 1, k ≥ 1. Cost: O(N·k·D) per iteration.
    Source: Lloyd 1982; Arthur & Vassilvitskii 2007; Sculley 2010.

    >>> np.sort(kmeans(np.array([[0.0], [1.0], [9.0]]), 2, rng=np.random.default_rng(0)).ravel()).tolist()
    [0.5, 9.0]
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if weight is not None:
        some = weight > 0
        rows, weight = (rows[some], weight[some]) if some.any() else (rows, None)
    points = rows.astype(np.float64)
    if len(np.unique(points[: 4 * k], axis=0)) <= k:  # sorting them all takes as long as clustering them
        distinct = np.unique(points, axis=0)
        if len(distinct) <= k:
            return distinct
    seed = int(rng.integers(2**32))
    if k <= MINI_BATCH_FROM:
        model = KMeans(k, n_init=1, random_state=seed)
    else:
        model = MiniBatchKMeans(k, n_init=1, batch_size=5000, random_state=seed)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near copies may leave a cluster empty: allowed here
        return np.asarray(model.fit(points, sample_weight=weight).cluster_centers_)


def typicality(rows: NDArray[np.floating], members: NDArray[np.floating], *, k: int, own: NDArray[np.intp]) -> Floats:
    """Score each row by how close its k nearest other members of the cluster are.

    Formula: 1 / (ε + mean distance to the k nearest), ε = 10⁻⁵ so that copies have a finite score; 0 for k = 0.
    Euclidean distances, as in the paper (the published code averages squared ones).
    Shapes: rows [R, D], members [M, D], own [R] the row's own position in members, −1 when it is not there → [R].
    Range: [0, 10⁵]. Needs k < M. Cost: O(R·M·D). Source: Hacohen, Dekel & Weinshall 2022.

    >>> line = np.array([[0.0], [1.0], [3.0]])
    >>> typicality(line, line, k=1, own=np.arange(3)).round(3).tolist()
    [1.0, 1.0, 0.5]
    """
    out = np.zeros(len(rows))
    if k == 0:
        return out
    points = members.astype(np.float64)
    centre = points.mean(axis=0)
    half = squared_norms(points - centre) / 2
    for block in blocks(len(rows), 8 * (len(points) + 2 * k * rows.shape[1])):
        x = rows[block].astype(np.float64)
        apart = half - (x - centre) @ (points - centre).T
        inside = np.flatnonzero(own[block] >= 0)
        apart[inside, own[block][inside]] = np.inf
        near = np.argpartition(apart, k - 1, axis=1)[:, :k]
        gap = x[:, None, :] - points[near]
        # Sorted, so that copies of a row get the same sum to the last digit, and the keyed draw decides.
        distance = np.sort(np.sqrt(np.einsum("rkd,rkd->rk", gap, gap)), axis=1)
        out[block] = 1.0 / (1e-5 + distance.mean(axis=1))
    return out
