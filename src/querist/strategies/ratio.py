"""Second best class relative to the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.estimates import Estimate
from querist.scores.uncertainty import ratio
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Ratio(Strategy):
    """Prefer the rows whose second class is nearly as probable as the first.

    Formula: s = p₂ / p₁, sorted. Range: [0, 1]. Cost: O(N·C). Source: Monarch 2021.

    >>> import numpy as np, querist
    >>> querist.query("ratio", 1, probs=np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    about: ClassVar[About] = About("uncertainty", "p₂ / p₁", "O(N·C)", "Monarch 2021")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the ratio of its two largest probabilities; [N]."""
        return ratio(view.probs)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.ratio(view.probs)
