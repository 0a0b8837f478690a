"""Entropy of the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.estimates import Estimate
from querist.scores.uncertainty import entropy
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Entropy(Strategy):
    """Prefer the rows whose predictive distribution has the largest entropy.

    Formula: s = −Σ_c p_c log p_c, 0·log 0 = 0. Range: [0, log C] nats. Cost: O(N·C).
    Source: Dagan & Engelson 1995.

    >>> import numpy as np, querist
    >>> querist.query("entropy", 1, probs=np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.5, 0.3, 0.2]])).tolist()
    [2]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    about: ClassVar[About] = About("uncertainty", "−Σ p log p", "O(N·C)", "Dagan & Engelson 1995")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its entropy; [N]."""
        return entropy(view.probs)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.entropy(view.probs)
