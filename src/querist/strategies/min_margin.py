"""The smallest margin that any member of an ensemble sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, namespace
from querist.scores.committee import by_blocks, of_classes
from querist.scores.uncertainty import margin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class MinMargin(Strategy):
    """Prefer the rows on which at least one member of an ensemble is undecided.

    Formula: s = −min_k (p_k₁ − p_k₂) over the K members or draws. Range: [−1, 0]. Cost: O(N·K·C).
    Source: Jiang & Gupta 2021.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.8, 0.2], [0.8, 0.2]], [[0.9, 0.1], [0.6, 0.4]]])
    >>> querist.choose("min-margin", 1, draws=draws).value.round(4).tolist()
    [-0.2]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    floor: ClassVar[float] = -1.0
    about: ClassVar[About] = About("committee", "−min_k (p_k₁ − p_k₂)", "O(N·K·C)", "Jiang & Gupta 2021")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus the smallest margin among its members; [N]."""
        return by_blocks(_least_margin, of_classes(view.draws))


def _least_margin(draws: Array) -> Array:
    xp = namespace(draws)
    n, members, classes = draws.shape
    margins = xp.reshape(margin(xp.reshape(draws, (n * members, classes))), (n, members))
    return xp.max(margins, axis=1)
