"""Which predicted box is which true one: overlaps of all pairs, and the greedy matching of the COCO evaluation."""

from __future__ import annotations

from collections.abc import Sequence

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


def gathered(
    boxes: Sequence[NDArray[np.float64]], probs: Sequence[NDArray[np.float64]], *, least: float = 0.5
) -> tuple[Floats, Floats]:
    """Match the boxes that K draws of a detector found in one image: which of them are the same one.

    Draw by draw, each box joins the free group it overlaps most with (with the first box of the group, by ``least`` or
    more), the best box first, or begins a group. A draw without a box in a group says "nothing there" for certain, at
    the mean place of the others. Shapes: boxes K × [B, 4], probs K × [B, 1 + C] with "nothing there" first → elements
    [M, K, 1 + C] and places [M, K, 4], as strategies over draws read them. Cost: O(K·B·M).

    >>> one, two = np.array([[0.0, 0, 10, 10]]), np.array([[1.0, 0, 10, 10], [50, 50, 9, 9]])
    >>> sure = np.array([0.1, 0.9])
    >>> elements, places = gathered([one, two], [np.array([sure]), np.array([sure, sure])])
    >>> elements[:, :, 1].tolist(), places[1, 0].tolist()
    ([[0.9, 0.9], [0.0, 0.9]], [50.0, 50.0, 9.0, 9.0])
    """
    width = max((each.shape[1] for each in probs), default=1)
    groups: list[dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]]] = []
    for draw, (found, said) in enumerate(zip(boxes, probs, strict=True)):
        order = np.argsort(said[:, 0], kind="stable")  # the surest that something is there first
        firsts = np.array([next(iter(group.values()))[0] for group in groups]).reshape(-1, 4)
        partner = matched(pairwise_overlap(found[order], firsts), np.array([least]))[0]
        for row, group in zip(order.tolist(), partner.tolist(), strict=True):
            if group == UNMATCHED:
                groups.append({})
            groups[group][draw] = (found[row], said[row])
    nothing = np.eye(width)[0]
    elements = [[group[k][1] if k in group else nothing for k in range(len(boxes))] for group in groups]
    places = [_places(group, len(boxes)) for group in groups]
    return (
        np.array(elements, np.float64).reshape(-1, len(boxes), width),
        np.array(places, np.float64).reshape(-1, len(boxes), 4),
    )


def _places(group: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]], draws: int) -> list[Floats]:
    mean = np.mean([box for box, _ in group.values()], axis=0)
    return [group[k][0] if k in group else mean for k in range(draws)]
