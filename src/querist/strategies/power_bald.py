"""BALD with chance, so that a batch spreads out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from querist._arrays import Array, Floats, Rows
from querist.strategies.power import Power
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class PowerBald(Strategy):
    """Draw rows without replacement in proportion to a power of their BALD score.

    Formula: P(row) ∝ s^β among the rows left, s = H(p̄) − (1/K) Σ_k H(p_k): the same as power(of='bald'), which says
    how it is drawn. β = 0 is uniform over the rows with s > 0, β → ∞ is BALD. A row with s = 0 is picked only after
    every row with s > 0. The values given are s in nats, so they need not fall along the batch. The noise belongs to
    (seed, log position, item): another round draws anew.
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
        assert self.power  # which checks β

    @cached_property
    def power(self) -> Power:
        """The same rule as a wrapper: power(of='bald')."""
        return Power(of="bald", beta=self.beta)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its mutual information, before chance; [N]."""
        return self.power.score(view, draw)

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the n rows drawn first in this shard; the others cannot be among the first n of the pool."""
        return self.power.shortlist(view, scores, n=n, draw=draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Draw min(n, N) rows, in the order drawn."""
        return self.power.select(view, scores, n=n, draw=draw)

    def propensity(self, scores: Floats, rows: Rows) -> Floats | None:
        """Give the weight of each pick over the weight that was left."""
        return self.power.propensity(scores, rows)
