"""The label expected to move the predictions most, by a proper score: BEMPS."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.errors import BadInput
from querist.scores.bayes import epig
from querist.scores.committee import of_classes
from querist.scores.reweighting import changes, core_mse
from querist.scores.rounding import rounded
from querist.select.clusters import kmeans
from querist.select.exemplars import exemplars
from querist.strategies._coverage import targets_of
from querist.strategies.protocol import About, Strategy, host, top
from querist.view import Draw, Need, Selection, View

CANDIDATES = 10_000
"""The most rows that are clustered: each has a vector with a number for every target."""


@dataclass(frozen=True)
class Bemps(Strategy):
    """Prefer the rows whose label is expected to improve the predictions on the targets most, by a proper score.

    Formula: s = Σ_y p̄(y|x) · mean_t D(p(·|t, (x, y)), p̄(·|t)), the prediction on t after the label being the members'
    with weights ∝ p_k(y|x). D is the squared distance with ``loss="mse"`` (CoreMSE), the Kullback–Leibler divergence
    with ``loss="log"`` (CoreLog; the same number as epig). A batch: of the ``share``·N rows of best score, 10,000 at
    most, the vectors of their changes over the targets are put into n clusters, and the row nearest to each centre is
    taken, best score first; a batch of one is the best row. ``targets`` is how many targets count, drawn anew in each
    round by keys; they are pool and labelled rows unless given.
    Range: [0, 1) or [0, log min(K, C)] nats. Cost: O((N·C + T·C)·K²) to score with mse, O(N·T·C²·K) with log; a batch
    O(R·T·C²·K + R·n·T) for R candidates. Raises BadInput. Source: Tan, Du & Buntine 2021.

    >>> import querist
    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.1, 0.9]]])
    >>> querist.choose("bemps", 1, draws=draws).value.round(4).tolist()
    [0.2733]
    """

    loss: str = "mse"
    share: float = 0.1
    targets: int = 500

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    context: ClassVar[frozenset[str]] = frozenset({"targets"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "expected error", "Σ_y p_y mean_t D(p⁺ʸ(t), p(t))", "O((N + T)·C·K²), log O(N·T·C²·K)", "Tan et al. 2021"
    )

    def __post_init__(self) -> None:
        if self.loss not in ("mse", "log"):
            raise BadInput(f"loss must be 'mse' or 'log': got {self.loss!r}")
        if not 0 < self.share <= 1:
            raise BadInput(f"share must be above 0 and at most 1: got {self.share!r}")
        if not isinstance(self.targets, int) or self.targets < 1:
            raise BadInput(f"targets must be a whole number, 1 or more: got {self.targets!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the change that its label is expected to make; [N]."""
        draws, targets = of_classes(view.draws), self._targets(view, draw)
        if self.loss == "log":
            return host(epig(to_numpy(draws), targets))
        return core_mse(to_numpy(draws), targets)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, of unlike changes, the best score first."""
        n = min(n, len(view))
        most = max(n, min(CANDIDATES, ceil(self.share * len(view))))
        among = top(view, scores, 1 if n == 1 else most, draw)
        rows = among if len(among) <= n else self._unlike(view, among, n=n, draw=draw)
        return Selection(rows, scores[rows], reason="its label should improve the predictions on many items")

    def _unlike(self, view: View, among: Rows, *, n: int, draw: Draw) -> Rows:
        """Take one row from each cluster of candidates; ``among`` and the result are ordered by score."""
        points = rounded(changes(to_numpy(view.draws)[among], self._targets(view, draw), log=self.loss == "log"))
        centres = kmeans(points, n, rng=draw.rng("bemps"))
        near = exemplars(points, centres, ties=draw.uniform(view.keys, "ties")[among])
        # copies leave fewer centres than n: the best of the others follow
        others = np.setdiff1d(np.arange(len(among)), near)[: n - len(near)]
        return np.asarray(among[np.concatenate([np.sort(near), others])])

    def _targets(self, view: View, draw: Draw) -> Floats:
        targets = targets_of(view)
        order = np.argsort(draw.uniform(targets.keys, "bemps"))[: self.targets]
        return np.asarray(to_numpy(targets.draws)[order], dtype=np.float64)
