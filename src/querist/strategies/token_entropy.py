"""Entropy of the elements of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.elements import Reduction, check_reduction, consensus, score_elements
from querist.scores.uncertainty import entropy
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class TokenEntropy(Strategy):
    """Prefer the items whose elements (tokens, boxes) are uncertain one by one.

    Formula: s = R_t H(p_t), R = ``reduce``: sum, mean or max over the elements; members of a committee are averaged
    before. Range: [0, log C] nats, for sum times the number of elements. Cost: O(M·C). The sum prefers long items.
    Raises BadInput. Source: Settles & Craven 2008.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> elements = Ragged(np.array([[0.5, 0.5], [0.9, 0.1], [0.7, 0.3]]), np.array([0, 2, 3]))
    >>> [querist.query(f"token-entropy(reduce={r!r})", 1, elements=elements).tolist() for r in ("mean", "max")]
    [[1], [0]]
    """

    reduce: Reduction = "mean"

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "R H(p_t), R = sum, mean, max", "O(M·C)", "Settles & Craven 2008")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the entropy of its elements; [N]."""
        assert view.elements is not None
        return score_elements(consensus(view.elements), entropy, self.reduce)
