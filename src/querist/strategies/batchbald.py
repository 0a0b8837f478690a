"""The batch whose labels together tell most about the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats
from querist.errors import BadInput
from querist.scores.bayes import bald
from querist.select.batchbald import Batch, batchbald
from querist.select.stochastic import power, sample
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Batchbald(Strategy):
    """Choose, one by one, the row whose label would tell most about the model beyond the labels of the rows before.

    Formula: arg max_x I(y_x; model | y_S) = H(y_S, y_x) − H(y_S) − (1/K) Σ_k H(p_k(x)), S the rows chosen so far, the
    joint P(y_1 … y_b) = (1/K) Σ_k Π_i p_k(y_i). It is exact while the rows before have at most ``samples`` possible
    labellings (C to the power of their number), and then over as many sampled ones, with the label of the candidate
    always summed exactly. A copy of a row chosen tells less than the first did, but not nothing if its label is noisy.
    K draws hold log K nats at most: once the labels tell 0.9·log K, what is left is too little to compare, and the rest
    of the batch is drawn by power-bald, P(row) ∝ BALD among the rows left; the reason says so. Take K well above n.
    Values: the gain of each pick in nats, for rows drawn their BALD score. Score: BALD.
    Range: [0, log min(K, C)] nats. Cost: O(N·K·C) and O(n·R·J·K·C), J ≤ samples labellings, R ≤ N rows evaluated per
    pick. Raises BadInput unless samples is 1 or more. Source: Kirsch, van Amersfoort & Gal 2019.

    >>> import numpy as np, querist
    >>> draws = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]] * 2 + [[[0.8, 0.2], [0.1, 0.9], [0.5, 0.5]]])
    >>> querist.choose("batchbald", 2, draws=draws, seed=0).rows.tolist()[1]
    2
    """

    samples: int = 10_000

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("bayesian", "max I(y_1 … y_n; model), greedily", "O(n·N·J·K·C)", "Kirsch 2019")

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or self.samples < 1:
            raise BadInput(f"samples must be a whole number, 1 or more: got {self.samples!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its own mutual information; [N]."""
        return bald(view.draws)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) rows: jointly while their labels tell more about the model, the rest by power-bald."""
        n, ties = min(n, len(view)), draw.uniform(view.keys, "ties")
        batch = batchbald(view.draws, scores, n=n, ties=ties, rng=draw.rng("batchbald"), limit=self.samples)
        rest = np.setdiff1d(np.arange(len(view)), batch.rows)
        uniform = draw.uniform(view.keys[rest], "batchbald")
        drawn = rest[sample(power(scores[rest], 1.0), n - len(batch.rows), uniform=uniform)]
        value = np.concatenate([batch.value, scores[drawn]])
        return Selection(np.concatenate([batch.rows, drawn]), value, None, self._reason(batch, n))

    def _reason(self, batch: Batch, n: int) -> str:
        how = "" if batch.exact else f", over {self.samples:,} sampled labellings where there are more"
        reason = f"its label and those chosen before tell most about the model together{how}"
        if len(batch.rows) == n:
            return reason
        return f"{reason}; after {len(batch.rows)} rows too little is left to tell, and the rest is drawn by power-bald"
