"""Margins of the elements of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.elements import Reduction, check_reduction, consensus, score_elements
from querist.scores.uncertainty import margin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class TokenMargin(Strategy):
    """Prefer the items whose elements (tokens, boxes) have a close second class, one by one.

    Formula: s = R_t [1 − (p₍₁₎ − p₍₂₎)], R = ``reduce``: mean, sum or max over the elements, which makes it 0 where
    nothing is to be asked; members of a committee are averaged before. Range: [0, 1], for sum times the number of
    elements. Cost: O(M·C). The sum prefers items with much on them. Raises BadInput. Source: Brust et al. 2019.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> elements = Ragged(np.array([[0.5, 0.4, 0.1], [0.9, 0.1, 0.0], [0.6, 0.3, 0.1]]), np.array([0, 2, 3]))
    >>> [querist.query(f"token-margin(reduce={r!r})", 1, elements=elements).tolist() for r in ("mean", "max")]
    [[1], [0]]
    """

    reduce: Reduction = "mean"

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "R [1 − (p₍₁₎ − p₍₂₎)]", "O(M·C)", "Brust et al. 2019")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the margins of its elements; [N]."""
        assert view.elements is not None
        return score_elements(consensus(view.elements), lambda probs: 1.0 + margin(probs), self.reduce)
