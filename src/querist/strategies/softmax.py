"""Any score with chance: rows drawn in proportion to its exponential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Floats
from querist.select.stochastic import softmax
from querist.strategies._sampled import Sampled, check_sampled
from querist.strategies.protocol import About, Strategy


@dataclass(frozen=True)
class Softmax(Sampled):
    """Draw rows without replacement in proportion to the exponential of the score of a row-wise strategy.

    Formula: P(row) ∝ exp(β·s) among the rows left, s the score of ``of``, drawn as the n largest of β·s + Gumbel noise.
    Unlike power it takes scores of any sign, and an equal step in s counts the same everywhere; β is per unit of s.
    β = 0 is random, β → ∞ is ``of``. Score and value: s, so values need not fall along the batch. Another round draws
    anew. Range of value: that of ``of``. Cost: that of the score and O(N + n log n). Raises BadInput unless β ≥ 0 and
    ``of`` is row-wise. Source: Kirsch et al. 2023.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
    >>> querist.choose("softmax(of='margin', beta=2)", 3, probs=probs, seed=0).propensity.round(4).tolist()
    [0.6652, 0.2689, 1.0]
    """

    of: str | Strategy = "margin"
    beta: float = 1.0

    about: ClassVar[About] = About("wrapper", "P(row) ∝ exp(β·s)", "score + O(N + n log n)", "Kirsch 2023")

    def __post_init__(self) -> None:
        check_sampled(self)

    def log_weight(self, scores: Floats) -> Floats:
        """Give β·s."""
        return softmax(scores, self.beta)
