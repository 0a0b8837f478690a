"""Regression: farthest-first in the space of a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput
from querist.select.distance import nearest, squared_norms, unit
from querist.select.herding import spread
from querist.select.kcenter import kcenter
from querist.select.top import foremost
from querist.strategies._coverage import check_sigma, labelled_embed, targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

KERNELS = ("linear", "cosine", "rbf")


@dataclass(frozen=True)
class MaxDist(Strategy):
    """Choose the row farthest, in the distance of a kernel, from everything labelled or chosen, again and again.

    Formula: arg max_x min_{c ∈ L ∪ S} d(x, c), d(x, c)² = k(x, x) + k(c, c) − 2·k(x, c): k-center in the space of the
    kernel. ``kernel`` "linear" (x·c): Euclidean distances, the picks of k-center once something is labelled; "cosine"
    (x·c / ‖x‖‖c‖): k-center on rows of length 1; "rbf" (exp(−‖x − c‖²/σ²)): d grows with the Euclidean distance, so the
    picks are those of k-center and only the values differ. With nothing labelled, the first pick has the largest
    k(x, x), the convention of the paper; where all are equal (rbf, cosine) it is the row nearest to the mean.
    ``sigma`` None as for maxherding. Score: the distance to the nearest labelled row, without one √k(x, x).
    Range: [0, ∞), rbf [0, √2]. Cost: O(N·L·D) to score, O(n·N·D) to choose. Raises BadInput unless the kernel is known
    and σ > 0. Source: Holzmüller et al. 2023; Yu & Kim 2010.

    >>> import querist
    >>> points = np.array([[2.0, 0.0], [4.0, 0.1], [0.0, 1.0]])
    >>> querist.query("max-dist(kernel='cosine')", 1, embed=points, labelled={"embed": points[:1]}, seed=0).tolist()
    [2]
    """

    kernel: str = "linear"
    sigma: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "regression", "max min_{c ∈ L ∪ S} √(k(x, x) + k(c, c) − 2·k(x, c))", "O(n·N·D)", "Holzmüller et al. 2023"
    )

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        if self.kernel not in KERNELS:
            raise BadInput(f"kernel must be 'linear', 'cosine' or 'rbf': got {self.kernel!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its kernel distance to the nearest labelled row; [N]."""
        rows, labelled = self._mapped(to_numpy(view.embed)), self._mapped(labelled_embed(view))
        if len(labelled):
            return self._distance(nearest(rows, labelled)[1], view)
        return np.ones(len(rows)) if self.kernel == "rbf" else np.sqrt(squared_norms(rows))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, farthest first."""
        rows, labelled = self._mapped(to_numpy(view.embed)), self._mapped(labelled_embed(view))
        ties = draw.uniform(view.keys, "ties")
        left = nearest(rows, labelled)[1]
        first = foremost(scores, ties) if self.kernel == "linear" else None
        picked, gap = kcenter(rows, left, n=min(n, len(view)), ties=ties, first=first)
        value = self._distance(gap, view)
        return Selection(picked, value, reason="far, as the kernel sees it, from everything labelled or chosen")

    def _mapped(self, rows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Map rows to where Euclidean distances order pairs as the kernel does."""
        return unit(rows) if self.kernel == "cosine" else rows

    def _distance(self, euclidean: Floats, view: View) -> Floats:
        if self.kernel != "rbf":
            return euclidean
        targets = targets_of(view)
        sigma = spread(to_numpy(targets.embed), targets.keys) if self.sigma is None else self.sigma
        return np.asarray(np.sqrt(-2.0 * np.expm1(-((euclidean / sigma) ** 2))))
