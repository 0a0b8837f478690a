"""Mean entropy of the classes of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.multilabel import mean_entropy
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class MeanEntropy(Strategy):
    """Prefer the items whose classes are uncertain on average, each by itself; for sets of classes.

    Formula: s = (1/C) Σ_l H(p_l), p_l = 1 / (1 + e^−f_l) the probability of class l, f its log-odds (decision [N, C]).
    Range: [0, log 2] nats. Cost: O(N·C). Source: Clare & King 2001 (the entropy of sets).

    >>> import numpy as np, querist
    >>> querist.query("mean-entropy", 1, decision=np.array([[2.0, -2.0], [0.0, 0.5]])).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    about: ClassVar[About] = About("multilabel", "mean_l H(p_l)", "O(N·C)", "Clare & King 2001")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the mean entropy of its classes; [N]."""
        return mean_entropy(view.decision)
