"""Nearest to the decision boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.uncertainty import boundary_distance
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class DistanceToBoundary(Strategy):
    """Prefer the rows nearest to the decision boundary, from decision values alone.

    Formula: s = −|f| for two classes (decision [N, 1]), −(f₁ − f₂) of the two largest values for more. Decision values
    of one classifier per class have scales of their own: divide them by the norm of their weights first, or use
    margin on calibrated probabilities.
    Range: (−∞, 0], in the units of the decision function. Cost: O(N·C). Source: Tong & Koller 2001.

    >>> import numpy as np, querist
    >>> querist.query("distance-to-boundary", 2, decision=np.array([[1.5], [-0.2], [0.7]])).tolist()
    [1, 2]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    about: ClassVar[About] = About("uncertainty", "−|f|, or −(f₁ − f₂)", "O(N·C)", "Tong & Koller 2001")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus its distance to the boundary; [N]."""
        return boundary_distance(view.decision)
