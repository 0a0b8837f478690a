"""Scores of boxes: how far two lie over each other, and how steady a box is over the draws of a model.

A box is (x, y, width, height), its corner at the least x and y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> Floats:
    """Give the intersection of boxes over their union; of two empty boxes 0.

    Formula: IoU = |a ∩ b| / |a ∪ b|. Shapes: [..., 4] and [..., 4], broadcast together → [...]. Range: [0, 1].
    Cost: O(pairs). Source: Jaccard 1912; Everingham et al. 2010.

    >>> others = np.array([[1.0, 0.0, 2.0, 2.0], [5.0, 5.0, 1.0, 1.0]])
    >>> overlap(np.array([0.0, 0.0, 2.0, 2.0]), others).round(4).tolist()
    [0.3333, 0.0]
    """
    left, right = np.maximum(one[..., :2], other[..., :2]), np.minimum(_ends(one), _ends(other))
    shared = np.maximum(right - left, 0.0).prod(axis=-1)
    whole = one[..., 2:].prod(axis=-1) + other[..., 2:].prod(axis=-1) - shared
    return np.asarray(shared / np.where(whole > 0, whole, 1.0), np.float64)


def _ends(boxes: NDArray[np.float64]) -> Floats:
    return np.asarray(boxes[..., :2] + boxes[..., 2:], np.float64)


def instability(draws: NDArray[np.float64]) -> Floats:
    """Score boxes by how far they move between the draws of a model.

    Formula: 1 − (1/K) Σ_k IoU(b_k, b̄), b̄ the mean of the draws, side by side. Shapes: [M, K, 4] → [M]. Range: [0, 1).
    Cost: O(M·K). Source: Kao et al. 2018 (localisation stability, from noisy copies of the image).

    >>> instability(np.array([[[0.0, 0.0, 4.0, 2.0], [1.0, 0.0, 4.0, 2.0]]])).round(4).tolist()
    [0.2222]
    """
    return np.asarray(1.0 - overlap(draws, draws.mean(axis=1, keepdims=True)).mean(axis=1), np.float64)
