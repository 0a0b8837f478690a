"""Rows that lie where others do: what an outlier teaches holds for nobody else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.select.distance import nearest_k

NEIGHBOURS = 5
SAMPLE = 1_000
FAR = 3.0
TIMES = 4.0
"""An outlier is at least so much farther than the third quartile: evenly spaced rows have no outliers."""


def typical(points: NDArray[np.floating], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mark the rows that are no far outliers by the logarithm of their distance to the fifth nearest other row.

    Formula: log d₅ ≤ Q₃ + max(3·(Q₃ − Q₁), log 4), quartiles of the sample's rows that are no copies; d₅ is measured to
    the 1,000 rows of smallest key. Five rows that lie together are no outliers, whatever their distance to the rest. At
    most about a quarter of the rows is left out, and none of fewer than 20. Shapes: points [T, D], keys uint64 [T] →
    bool [T]. Cost: O(1,000·T·D).
    Source: Tukey 1977 for the fence; Karamcheti et al. 2021 for what collective outliers do to active learning.

    >>> points = np.concatenate([np.arange(30.0), [1e6]])[:, None]
    >>> typical(points, np.arange(31, dtype=np.uint64)).tolist().index(False)
    30
    """
    if len(points) < 4 * NEIGHBOURS:
        return np.ones(len(points), bool)
    sample = np.argsort(keys, kind="stable")[:SAMPLE]
    far = _distance(points, sample)
    apart = far[sample][far[sample] > 0]
    if len(apart) == 0:
        return np.ones(len(points), bool)
    low, high = np.quantile(np.log(apart), [0.25, 0.75])
    return np.asarray(far <= np.exp(high + max(FAR * (high - low), np.log(TIMES))))


def _distance(points: NDArray[np.floating], sample: Rows) -> NDArray[np.float64]:
    """Measure the distance of each row to its fifth nearest other row of the sample."""
    near = nearest_k(points, points[sample], k=NEIGHBOURS + 1)
    inside = np.isin(np.arange(len(points)), sample)
    which = sample[np.where(inside, near[:, NEIGHBOURS], near[:, NEIGHBOURS - 1])]
    gap = points.astype(np.float64) - points[which].astype(np.float64)
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", gap, gap)))
