"""Mutual information of the labels of the elements and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.bayes import bald
from querist.scores.elements import Reduction, check_reduction, members, score_elements
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class SequenceBald(Strategy):
    """Prefer the items whose elements would tell most about the parameters of the model.

    Formula: s = R [H(p̄_t) − mean H(p_kt)], R = ``reduce``: mean, sum or max over the elements t, from
    elements [M, K, C] (a learner with members, as ``crf(members=5)``; of one member nothing is expected).
    Range: [0, log min(K, C)] nats for mean and max.
    Cost: O(M·K·C). It equals sequence-kl; the draws are the members. Raises BadInput. Source: Houlsby 2011; Shen 2018.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> agreed, torn = [[0.9, 0.1], [0.9, 0.1]], [[0.9, 0.1], [0.1, 0.9]]
    >>> elements = Ragged(np.array([agreed, agreed, torn]), np.array([0, 2, 3]))
    >>> querist.query("sequence-bald", 1, elements=elements).tolist()
    [1]
    """

    reduce: Reduction = "mean"

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("bayesian", "R [H(p̄_t) − mean H(p_kt)]", "O(M·K·C)", "Houlsby 2011; Shen 2018")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the mutual information of its elements and the model; [N]."""
        assert view.elements is not None
        return score_elements(members(view.elements), bald, self.reduce)
