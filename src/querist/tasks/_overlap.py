"""Which predicted box is which true one: overlaps of all pairs, and the greedy matching of the COCO evaluation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.scores.boxes import overlap

UNMATCHED = -1
"""What stands for no partner in a matching."""


def pairwise_overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> Floats:
    """Give the intersection over union of each box with each other one; [A, 4] and [B, 4] → [A, B], O(A·B).

    >>> pairwise_overlap(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[0.0, 0.0, 2.0, 1.0]])).tolist()
    [[0.5]]
    """
    return overlap(one[:, None, :], other[None, :, :])


def matched(overlaps: NDArray[np.float64], least: NDArray[np.float64]) -> NDArray[np.intp]:
    """Match detections, the best first, each to the free true box with which it overlaps most.

    Of equal overlaps the later true box is taken, as the COCO evaluation does. Shapes: overlaps [D, B], the rows in
    falling order of score; least [T], the overlap that a pair needs → intp [T, D], the true box or −1.
    Cost: O(T·D·B). Source: Lin et al. 2014.

    >>> matched(np.array([[0.9, 0.6], [0.8, 0.6]]), np.array([0.5, 0.7])).tolist()
    [[0, 1], [0, -1]]
    """
    found = np.full((len(least), len(overlaps)), UNMATCHED, np.intp)
    count = overlaps.shape[1]
    if count == 0:
        return found
    free, thresholds = np.ones((len(least), count), bool), np.arange(len(least))
    needed = np.minimum(least, 1 - 1e-10)
    for at, row in enumerate(overlaps):
        left = np.where(free, row, -1.0)
        best = count - 1 - left[:, ::-1].argmax(axis=1)
        hit = left[thresholds, best] >= needed
        found[hit, at] = best[hit]
        free[thresholds[hit], best[hit]] = False
    return found
