"""Small separation of the predicted classes, and an unusual number of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.errors import BadInput
from querist.scores.multilabel import adaptive, label_table, odds
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Adaptive(Strategy):
    """Prefer the items whose predicted classes hardly stand out, and are unusually many or few; for sets of classes.

    Formula: s = (1 / separation)^β · lci^(1 − β); separation is the gap between the least decision of a predicted class
    and the largest of another one, lci the distance of their number from the mean of the labelled sets. ``beta`` 1 is
    separation alone, 0 is lci. Li & Guo choose β each round by the estimated error; here it is fixed.
    Range: [0, 1e12]. Cost: O(N·C). Raises BadInput unless 0 ≤ β ≤ 1. Source: Li & Guo 2013.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> votes = Ragged(np.array([[0, 0], [0, 1]]), np.array([0, 1, 2]))
    >>> labelled, decision = {"decision": np.ones((2, 2))}, np.array([[2.0, -2.0], [1.0, 0.5]])
    >>> querist.query("adaptive", 1, decision=decision, labelled=labelled, labels=[0, 0], votes=votes).tolist()
    [1]
    """

    beta: float = 0.5

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "votes"})
    about: ClassVar[About] = About("multilabel", "separation^−β · lci^(1−β)", "O(N·C)", "Li & Guo 2013")

    def __post_init__(self) -> None:
        if not isinstance(self.beta, int | float) or not 0 <= self.beta <= 1:
            raise BadInput(f"beta must be a share between 0 and 1: got {self.beta!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by its separation and its number of classes; [N]."""
        table = label_table(view, odds(view.decision).shape[1])
        return adaptive(view.decision, table, beta=self.beta)
