"""Average precision as the COCO evaluation works it out, and the counts of right boxes behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.tasks._overlap import UNMATCHED, matched, pairwise_overlap

OVERLAPS = np.linspace(0.5, 0.95, 10)
"""The overlaps from which on a box counts as found: .50, .55 … .95."""
RECALLS = np.linspace(0.0, 1.0, 101)
MOST = 100
"""Detections that count in one image and class, the best ones."""


@dataclass(frozen=True, eq=False)
class Tally:
    """The detections of one class in N images, in falling order of score.

    Shapes: scores [D], image intp [D], hit bool [T, D] whether the detection found a true box at each of ``OVERLAPS``;
    there int64 [N] the true boxes of each image.
    """

    scores: Floats
    image: NDArray[np.intp]
    hit: NDArray[np.bool_]
    there: NDArray[np.int64]

    def average_precision(self) -> Floats:
        """Give the mean precision at 101 levels of recall, [T]; 0 where nothing is there to be found.

        The precision at a recall is the highest at that recall or above. Source: Lin et al. 2014.
        """
        total = int(self.there.sum())
        if total == 0 or not len(self.scores):
            return np.zeros(len(OVERLAPS))
        right = np.cumsum(self.hit, axis=1, dtype=np.float64)
        wrong = np.cumsum(~self.hit, axis=1, dtype=np.float64)
        precision = right / (right + wrong + np.spacing(1.0))
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        return np.array([_at_recalls(*pair) for pair in zip(right / total, best, strict=True)])


def _at_recalls(recall: Floats, precision: Floats) -> float:
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(precision, 0.0)[np.minimum(places, len(precision))].mean())


def tallies(truth: Iterable[Any], said: Iterable[Any], *, classes: int) -> list[Tally]:
    """Match the detections of each class in each image; true boxes [B, 5] (class, box), detections [D, 6] with score.

    Cost: O(boxes · detections) an image and class.
    """
    there, found = list(truth), list(said)
    return [_tally([_of(t, code) for t in there], [_of(s, code) for s in found]) for code in range(classes)]


def _of(table: NDArray[np.float64], code: int) -> NDArray[np.float64]:
    return table[table[:, 0] == code, 1:]


def _tally(truth: list[NDArray[np.float64]], said: list[NDArray[np.float64]]) -> Tally:
    ranked = [found[np.argsort(-found[:, 4], kind="stable")[:MOST]] for found in said]
    hits = [_hits(boxes, found) for boxes, found in zip(truth, ranked, strict=True)]
    scores = np.concatenate([found[:, 4] for found in ranked]) if ranked else np.empty(0)
    image = np.repeat(np.arange(len(ranked)), [len(found) for found in ranked])
    order = np.argsort(-scores, kind="stable")
    hit = np.concatenate(hits, axis=1) if hits else np.empty((len(OVERLAPS), 0), bool)
    return Tally(scores[order], image[order], hit[:, order], np.array([len(boxes) for boxes in truth], np.int64))


def _hits(boxes: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(matched(pairwise_overlap(found[:, :4], boxes), OVERLAPS) != UNMATCHED)
