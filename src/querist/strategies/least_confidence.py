"""Least probable best class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.estimates import Estimate
from querist.scores.uncertainty import least_confidence
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class LeastConfidence(Strategy):
    """Prefer the rows whose most probable class is least probable.

    Formula: s = 1 − p₁, the largest probability. Range: [0, 1 − 1/C]. Cost: O(N·C). Source: Lewis & Gale 1994.

    >>> import numpy as np, querist
    >>> querist.query("least-confidence", 1, probs=np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    about: ClassVar[About] = About("uncertainty", "1 − p₁", "O(N·C)", "Lewis & Gale 1994")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the probability that its best class is wrong; [N]."""
        return least_confidence(view.probs)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.least_confidence(view.probs)
