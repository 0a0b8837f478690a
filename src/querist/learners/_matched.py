"""Boxes that several detectors, or several draws of one, found in an image: which of them are the same object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from querist._arrays import Floats
from querist.tasks._overlap import pairwise_overlap

SAME = 0.5
"""The overlap from which on boxes of two detectors are the same object."""


class Detections(NamedTuple):
    """What one detector found in an image: boxes [M, 4], probabilities [M, 1 + C] with nothing first."""

    boxes: Floats
    probs: Floats


def match_draws(draws: Sequence[Detections]) -> tuple[Floats, Floats]:
    """Match the boxes of K opinions on one image: boxes [P, K, 4] and probabilities [P, K, 1 + C].

    Each opinion in turn: its boxes, the surest first, join the object whose mean box they overlap most, by one half at
    least, whatever the class; others begin a new one. An opinion that has no box for an object says that nothing is
    there, at the mean place of the others. Cost: O(K·P·M).

    >>> one = Detections(np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([[0.2, 0.8]]))
    >>> boxes, probs = match_draws([one, Detections(np.empty((0, 4)), np.empty((0, 2)))])
    >>> boxes.shape, probs.tolist()
    ((1, 2, 4), [[[0.2, 0.8], [1.0, 0.0]]])
    """
    objects: list[dict[int, int]] = []
    for at, draw in enumerate(draws):
        partners = _partners(draw, np.array([_mean(each, draws) for each in objects]).reshape(-1, 4))
        for box, partner in enumerate(partners):
            if partner < 0:
                objects.append({at: box})
            else:
                objects[partner][at] = box
    width = draws[0].probs.shape[1]
    boxes, probs = np.empty((len(objects), len(draws), 4)), np.zeros((len(objects), len(draws), width))
    probs[:, :, 0] = 1.0
    for row, members in enumerate(objects):
        boxes[row] = _mean(members, draws)
        for at, box in members.items():
            boxes[row, at], probs[row, at] = draws[at].boxes[box], draws[at].probs[box]
    return boxes, probs


def _mean(members: dict[int, int], draws: Sequence[Detections]) -> Floats:
    return np.asarray(np.mean([draws[at].boxes[box] for at, box in members.items()], axis=0))


def _partners(draw: Detections, objects: Floats) -> list[int]:
    """Give for each box of an opinion the object that it is, −1 for a new one; an object is given once."""
    overlaps = pairwise_overlap(draw.boxes, objects)
    found = [-1] * len(draw.boxes)
    if not len(objects):
        return found
    for box in np.argsort(draw.probs[:, 0], kind="stable").tolist():
        best = int(overlaps[box].argmax())
        if overlaps[box, best] >= SAME:
            found[box] = best
            overlaps[:, best] = -1.0
    return found
