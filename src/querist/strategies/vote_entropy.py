"""Entropy of the committee's votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.committee import vote_entropy
from querist.scores.estimates import Estimate
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class VoteEntropy(Strategy):
    """Prefer the rows on which the members of a committee vote for different classes.

    Formula: s = −Σ_c (V_c / K) log(V_c / K), V_c = votes for class c; a member undecided between t classes gives each
    1/t. Range: [0, log C] nats. Cost: O(N·K·C). Source: Engelson & Dagan 1996.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.query("vote-entropy", 1, draws=draws).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "H(votes / K)", "O(N·K·C)", "Engelson & Dagan 1996")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the entropy of its votes; [N]."""
        return vote_entropy(view.draws)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.vote_entropy(view.draws)
