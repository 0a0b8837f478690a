"""Least confidence of the elements of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.elements import Reduction, check_reduction, consensus, score_elements
from querist.scores.uncertainty import least_confidence
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class TokenLeastConfidence(Strategy):
    """Prefer the items on whose elements (tokens, boxes) the model expects to err, one by one.

    Formula: s = R_t [1 − p₍₁₎], R = ``reduce``: mean, sum or max over the elements; the sum is the number of errors
    that are expected. Members of a committee are averaged before. Range: [0, 1 − 1/C], for sum times the number of
    elements. Cost: O(M·C). Raises BadInput. Source: Culotta & McCallum 2005; Settles & Craven 2008.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> elements = Ragged(np.array([[0.8, 0.2], [0.8, 0.2], [0.7, 0.3]]), np.array([0, 2, 3]))
    >>> [querist.query(f"token-least-confidence(reduce={r!r})", 1, elements=elements).tolist() for r in ("mean", "sum")]
    [[1], [0]]
    """

    reduce: Reduction = "mean"

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "R [1 − p₍₁₎]", "O(M·C)", "Culotta & McCallum 2005")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the errors expected on its elements; [N]."""
        assert view.elements is not None
        return score_elements(consensus(view.elements), least_confidence, self.reduce)
