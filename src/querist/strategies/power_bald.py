"""BALD with chance, so that a batch spreads out."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput
from querist.scores.bayes import bald
from querist.select.stochastic import power, propensity, sample
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class PowerBald(Strategy):
    """Draw rows without replacement in proportion to a power of their BALD score.

    Formula: P(row) ∝ s^β among the rows left, s = H(p̄) − (1/K) Σ_k H(p_k), drawn as the n largest of
    β·log s + Gumbel noise. β = 0 is uniform over the rows with s > 0, β → ∞ is BALD. A row with s = 0 is picked only
    after every row with s > 0. The values given are s in nats, so they need not fall along the batch. The noise
    belongs to (seed, log position, item): another round draws anew.
    Range of s: [0, log min(K, C)] nats. Cost: O(N·K·C + n log n). Raises BadInput unless β ≥ 0 and finite.
    Source: Kirsch et al. 2023.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.choose("power-bald(beta=2)", 2, draws=draws, seed=0).propensity.tolist()
    [1.0, 1.0]
    """

    beta: float = 1.0

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("bayesian", "P(row) ∝ BALD^β", "O(N·K·C + n log n)", "Kirsch 2023")

    def __post_init__(self) -> None:
        if not (isinstance(self.beta, int | float) and isfinite(self.beta) and self.beta >= 0):
            raise BadInput(f"beta must be a number, 0 or more: got {self.beta!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its mutual information, before chance; [N]."""
        return bald(view.draws)

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the n rows drawn first in this shard; the others cannot be among the first n of the pool."""
        return sample(power(scores, self.beta), n, uniform=draw.uniform(view.keys, "power-bald"))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Draw min(n, N) rows, in the order drawn."""
        rows = self.shortlist(view, scores, n=n, draw=draw)
        return Selection(rows, scores[rows], self.propensity(scores, rows))

    def propensity(self, scores: Floats, rows: Rows) -> Floats:
        """Give the weight of each pick over the weight that was left."""
        return propensity(power(scores, self.beta), rows)
