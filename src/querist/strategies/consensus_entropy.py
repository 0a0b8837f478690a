"""Entropy of the committee's mean prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.committee import consensus_entropy
from querist.scores.estimates import Estimate
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class ConsensusEntropy(Strategy):
    """Prefer the rows whose mean prediction over a committee has the largest entropy.

    Formula: s = H(p̄), p̄ = mean over the K members. Range: [0, log C] nats. Cost: O(N·K·C).
    Source: Dagan & Engelson 1995, on the consensus of McCallum & Nigam 1998.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.query("consensus-entropy", 1, draws=draws).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "H(p̄)", "O(N·K·C)", "Dagan & Engelson 1995")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the entropy of its consensus; [N]."""
        return consensus_entropy(view.draws)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.consensus_entropy(view.draws)
