"""Disagreement of the draws of a model on the class and the place of each box."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats
from querist.errors import BadEvidence, BadInput
from querist.scores.bayes import bald
from querist.scores.boxes import instability
from querist.scores.elements import Reduction, check_reduction, members, reduce_elements
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, Ragged, View


@dataclass(frozen=True)
class BoxDisagreement(Strategy):
    """Prefer the images on whose boxes the draws of a model disagree, on the class and on the place.

    Formula: s = R_t [bald(p_t) / log C + place · m_t · (1 − mean_k IoU(b_tk, b̄_t))], p_t the K draws of the class of
    box t, b_tk those of its place, m_t = 1 − p̄_t(nothing) with ``background``, else 1: a box that is not there has no
    place; R = ``reduce``: sum, mean or max. Elements [M, K, C] and places [M, K, 4], the boxes of the draws matched
    (``querist.tasks._overlap.gathered`` matches them); one draw agrees with itself. ``place`` 0 leaves the class alone.
    Range: [0, 1 + place], for sum times the number of boxes. Cost: O(M·K·C). Raises BadInput, BadEvidence.
    Source: Kao et al. 2018; Houlsby et al. 2011.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> probs, still, moved = [[0.1, 0.9]] * 2, [[0, 0, 4, 4]] * 2, [[0, 0, 4, 4], [2, 0, 4, 4]]
    >>> elements = Ragged(np.array([probs, probs]), np.array([0, 1, 2]))
    >>> places = Ragged(np.array([still, moved], float), np.array([0, 1, 2]))
    >>> querist.query("box-disagreement", 1, elements=elements, places=places).tolist()
    [1]
    """

    reduce: Reduction = "mean"
    place: float = 1.0
    background: bool = False

    needs: ClassVar[frozenset[Need]] = frozenset({"elements", "places"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("committee", "R [bald / log C + 1 − mean IoU]", "O(M·K·C)", "Kao et al. 2018")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if not isinstance(self.place, int | float) or not isfinite(self.place) or self.place < 0:
            raise BadInput(f"place must be a weight of 0 or more: got {self.place!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each image by the disagreement on its boxes; [N]."""
        assert view.elements is not None
        elements = members(view.elements)
        probs = np.ascontiguousarray(host(elements.values))  # the order of a sum depends on the layout
        there = 1.0 - probs[:, :, 0].mean(axis=1) if self.background else 1.0
        classes = host(bald(elements.values)) / log(max(2, probs.shape[2]))
        return reduce_elements(classes + self.place * there * _moved(view.places), elements.starts, self.reduce)


def _moved(places: Ragged | None) -> Floats:
    """Score boxes by how far they move; those of one draw stand still. Raises BadEvidence unless they are boxes."""
    assert places is not None
    boxes = np.ascontiguousarray(host(places.values))
    boxes = boxes[:, None, :] if boxes.ndim == 2 else boxes
    if boxes.ndim != 3 or boxes.shape[2] != 4:
        got = tuple(places.values.shape)
        raise BadEvidence(f"box-disagreement needs places [M, K, 4], x, y, width and height: got {got}")
    return instability(boxes)
