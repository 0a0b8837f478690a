"""Any score per unit of cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, Floats
from querist.errors import BadEvidence
from querist.strategies._wrapped import Wrapped, above_floor, adopt, check_row_wise
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class PerCost(Wrapped):
    """Prefer the rows with the largest score of a row-wise strategy per unit of cost.

    Formula: (s − floor) / cost, s the score of ``of``, floor where that strategy expects nothing (0 for most, −1 for
    margin): a negative score would prefer what is expensive. The greedy choice for a sum of scores under a budget; it
    stops at n rows, whatever they cost. Range: [0, ∞), in units of the score per unit of cost. Cost: that of the score
    and O(N). Raises BadEvidence unless cost > 0, and when a score lies below the floor; BadInput unless ``of`` is
    row-wise. Source: Settles, Craven & Friedland 2008 (return on investment).

    >>> import numpy as np, querist
    >>> probs, cost = np.array([[0.5, 0.5], [0.6, 0.4], [1.0, 0.0]]), np.array([10.0, 2.0, 0.1])
    >>> querist.query("per-cost(of='margin')", 2, probs=probs, cost=cost, seed=0).tolist()
    [1, 0]
    """

    of: str | Strategy = "least-confidence"

    adds: ClassVar[frozenset[Need]] = frozenset({"cost"})
    floor: ClassVar[float] = 0.0
    about: ClassVar[About] = About("wrapper", "(s − floor) / cost", "score + O(N)", "Settles et al. 2008")

    def __post_init__(self) -> None:
        adopt(self, "of")
        check_row_wise(self.inner, "of", self.of)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its score per unit of cost; [N]."""
        return above_floor(self.inner, f"per-cost of {self.of}", view, draw) / costs(view)


def costs(view: View) -> Floats:
    """Give the cost of each row; BadEvidence for one that is not positive."""
    cost = host(view.cost)
    if len(cost) and cost.min() <= 0:
        at = int(cost.argmin())
        raise BadEvidence(
            f"cost must be greater than 0: row {at} (item {view.ids[at]!r}) holds {cost[at]:.6g}; give what a label "
            "takes, in any unit"
        )
    return cost
