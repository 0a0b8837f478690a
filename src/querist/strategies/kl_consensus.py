"""Mean divergence of the members from their consensus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.committee import kl_consensus
from querist.scores.estimates import Estimate
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class KlConsensus(Strategy):
    """Prefer the rows on which the members of a committee lie far from their mean prediction.

    Formula: s = (1/K) Σ_k KL(p_k ‖ p̄), 0·log 0 = 0; equal to BALD on the same members. Range: [0, log min(K, C)]
    nats. Cost: O(N·K·C). Source: McCallum & Nigam 1998.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.query("kl-consensus", 1, draws=draws).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "mean KL(p_k ‖ p̄)", "O(N·K·C)", "McCallum & Nigam 1998")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the mean divergence of its members; [N]."""
        return kl_consensus(view.draws)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.bald(view.draws)
