"""Any score with chance: rows drawn by their rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Floats
from querist.select.stochastic import softrank
from querist.strategies._sampled import Sampled, check_sampled
from querist.strategies.protocol import About, Strategy


@dataclass(frozen=True)
class Softrank(Sampled):
    """Draw rows without replacement in proportion to a power of their rank by a row-wise strategy.

    Formula: P(row) ∝ rank^(−β) among the rows left, rank 1 for the largest score of ``of``, drawn as the n largest of
    −β·log rank + Gumbel noise; equal scores share the better rank. Only the order counts, so it takes any score.
    β = 0 is random, β → ∞ is ``of``. A rank depends on the whole pool, so the choice is joint: one shard is exact, in
    several the ranks are those among the survivors. Score and value: that of ``of``. Another round draws anew.
    Range of value: that of ``of``. Cost: that of the score and O(N log N). Raises BadInput unless β ≥ 0 and ``of`` is
    row-wise. Source: Kirsch et al. 2023.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
    >>> querist.choose("softrank(of='margin', beta=2)", 3, probs=probs, seed=0).propensity.round(4).tolist()
    [0.7347, 0.3077, 1.0]
    """

    of: str | Strategy = "margin"
    beta: float = 1.0

    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "P(row) ∝ rank^(−β)", "score + O(N log N)", "Kirsch 2023")

    def __post_init__(self) -> None:
        check_sampled(self)

    def log_weight(self, scores: Floats) -> Floats:
        """Give −β·log rank."""
        return softrank(scores, self.beta)
