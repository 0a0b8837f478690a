"""Entropy of the committee's votes on the elements of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.committee import vote_entropy
from querist.scores.elements import Reduction, check_reduction, members, score_elements
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class SequenceVoteEntropy(Strategy):
    """Prefer the items on whose elements the members of a committee vote for different classes.

    Formula: s = R H(votes_t / K), R = ``reduce``: mean, sum or max over the elements t, from
    elements [M, K, C] (a learner with members, as ``crf(members=5)``; of one member nothing is expected).
    Range: [0, log C] nats for mean and max.
    Cost: O(M·K·C). Raises BadInput. Source: Engelson & Dagan 1996; Settles & Craven 2008.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> agreed, torn = [[0.9, 0.1], [0.9, 0.1]], [[0.9, 0.1], [0.1, 0.9]]
    >>> elements = Ragged(np.array([agreed, agreed, torn]), np.array([0, 2, 3]))
    >>> querist.query("sequence-vote-entropy", 1, elements=elements).tolist()
    [1]
    """

    reduce: Reduction = "mean"

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About(
        "committee", "R H(votes_t / K)", "O(M·K·C)", "Engelson & Dagan 1996; Settles & Craven 2008"
    )

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the entropy of the votes on its elements; [N]."""
        assert view.elements is not None
        return score_elements(members(view.elements), vote_entropy, self.reduce)
