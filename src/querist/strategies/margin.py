"""Smallest gap between the two best classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.estimates import Estimate
from querist.scores.uncertainty import boundary_distance, margin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Margin(Strategy):
    """Prefer the smallest gap between the two most probable classes.

    Formula: s = −(p₁ − p₂); without probabilities, −|f| for two classes, −(f₁ − f₂) for more.
    Range: [−1, 0] on probabilities. Cost: O(N·C). Source: Scheffer et al. 2001; Tong & Koller 2001.

    >>> import numpy as np, querist
    >>> querist.query("margin", 1, probs=np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])).tolist()
    [1]
    """

    either: ClassVar[tuple[Need, ...]] = ("probs", "decision")
    floor: ClassVar[float] = -1.0
    about: ClassVar[About] = About("uncertainty", "−(p₁ − p₂)", "O(N·C)", "Scheffer 2001")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus its margin; [N]."""
        return margin(view.probs) if view.probs is not None else boundary_distance(view.decision)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return None if view.probs is None else estimates.margin(view.probs)
