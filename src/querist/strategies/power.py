"""Any score with chance: rows drawn in proportion to a power of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, Floats
from querist.select.stochastic import power
from querist.strategies._sampled import Sampled, check_sampled
from querist.strategies._wrapped import above_floor
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, View


@dataclass(frozen=True)
class Power(Sampled):
    """Draw rows without replacement in proportion to a power of the score of a row-wise strategy.

    Formula: P(row) ∝ (s − floor)^β among the rows left, s the score of ``of``, drawn as the n largest of
    β·log(s − floor) + Gumbel noise; floor is where that strategy expects nothing: 0 for most, −1 for margin, so that
    1 − (p₁ − p₂) counts. β = 0 is uniform over the rows above the floor, β → ∞ is ``of``. A row at the floor is picked
    only after every row above it. Score and value: s − floor, so values need not fall along the batch. The noise
    belongs to (seed, log position, item): another round draws anew.
    Range of value: [0, ∞). Cost: that of the score and O(N + n log n). Raises BadInput unless β ≥ 0 and ``of`` is
    row-wise, BadEvidence when a score lies below the floor.
    Source: Kirsch et al. 2023.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
    >>> querist.choose("power(of='margin', beta=2)", 2, probs=probs, seed=0).propensity.round(4).tolist()
    [0.8, 1.0]
    """

    of: str | Strategy = "least-confidence"
    beta: float = 1.0

    floor: ClassVar[float] = 0.0
    about: ClassVar[About] = About("wrapper", "P(row) ∝ (s − floor)^β", "score + O(N + n log n)", "Kirsch 2023")

    def __post_init__(self) -> None:
        check_sampled(self)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by how far it lies above the floor, before chance; [N]."""
        return above_floor(self.inner, f"power of {self.of}", view, draw)

    def log_weight(self, scores: Floats) -> Floats:
        """Give β·log s; −inf for a score of 0."""
        return power(scores, self.beta)
