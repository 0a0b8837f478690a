"""A random sample that stands for the pool, far rows drawn more often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.select.distance import squared_to
from querist.select.stochastic import power, propensity, sample
from querist.strategies._coverage import targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class LightweightCoreset(Strategy):
    """Draw rows, half of the chance spread evenly and half in proportion to the squared distance from the mean.

    Formula: P(row) ∝ q = ½ + ½·‖φ − μ‖² / mean ‖φ − μ‖² among the rows left, drawn once over the whole pool, whatever
    its shards; μ and the mean square are those of the targets (the pool and the labelled rows, or a sample of 10,000 of
    them; q is N times the paper's). The paper draws with replacement and weighs by 1 / (n·q); here no row comes twice,
    and the propensities, exact, take the place of q. Score and value: q, so values need not fall along the batch.
    Another round draws anew. Range: [½, ∞). Cost: O((N + T)·D). Source: Bachem, Lucic & Krause 2018.

    >>> import querist
    >>> points = np.array([[0.0], [2.0], [4.0], [10.0]])
    >>> querist.choose("lightweight-coreset", 4, embed=points, seed=0).propensity.round(4).tolist()
    [0.125, 0.5102, 0.375, 1.0]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"targets"})
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "P(row) ∝ ½ + ½·d(φ, μ)² / mean d²", "O(N·D)", "Bachem et al. 2018")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its weight q, before chance; [N]."""
        targets, rows = (np.ascontiguousarray(to_numpy(part.embed)) for part in (targets_of(view), view))
        middle = targets.mean(axis=0, dtype=np.float64)
        mean = squared_to(targets, middle).mean() or 1.0
        return 0.5 + 0.5 * squared_to(rows, middle) / mean

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the n rows drawn first in this shard; the others cannot be among the first n of the pool."""
        return sample(power(scores, 1.0), n, uniform=draw.uniform(view.keys, "lightweight-coreset"))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Draw min(n, N) rows, in the order drawn."""
        rows = self.shortlist(view, scores, n=n, draw=draw)
        return Selection(rows, scores[rows], self.propensity(scores, rows), "drawn by chance, far items more often")

    def propensity(self, scores: Floats, rows: Rows) -> Floats:
        """Give the weight of each pick over the weight that was left."""
        return propensity(power(scores, 1.0), rows)
