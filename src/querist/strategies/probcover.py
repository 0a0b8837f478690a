"""Rows whose surroundings hold most that nothing covers yet."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput
from querist.select.balls import Balls, cover_greedily, pure_radius
from querist.select.clusters import kmeans
from querist.select.distance import nearest
from querist.strategies._coverage import labelled_embed, targets_of
from querist.strategies._wrapped import without
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Probcover(Strategy):
    """Choose the row whose ball of radius δ holds most targets that no ball of a labelled or chosen row holds.

    Formula: arg max_x #{t : ‖φ(t) − φ(x)‖ < δ, and no c ∈ L ∪ S has ‖φ(t) − φ(c)‖ < δ}, over the targets t (pool and
    labelled rows, or a sample of 10,000 of them), strictly less as published. ``delta`` None takes the largest δ at
    which a share ``purity`` of the balls about targets hold targets of one k-means cluster only, of ``clusters`` (the
    number of classes expected): exact, and the same in every round of a study. When no ball adds anything, uncovered
    rows follow in random order, then the others. Score: the uncovered targets in the row's ball, given the labelled
    rows. Range: [0, T]. Cost: O(N·T·D) to score and as much to choose, O(T²·D) for δ; memory O(N + T) and one block, no
    graph is kept. Raises BadInput unless δ > 0, 0 < purity ≤ 1, clusters ≥ 2. Source: Yehuda et al. 2022.

    >>> import querist
    >>> points = np.array([[0.0], [0.4], [0.8], [3.0], [3.4], [9.0]])
    >>> querist.choose("probcover(delta=0.5)", 3, embed=points, seed=0).value.tolist()
    [3.0, 2.0, 1.0]
    """

    delta: float | None = None
    purity: float = 0.95
    clusters: int = 10

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "max #{t uncovered: ‖t − x‖ < δ}", "O(N·T·D)", "Yehuda et al. 2022")

    def __post_init__(self) -> None:
        d = self.delta
        if d is not None and not (isinstance(d, int | float) and isfinite(d) and d > 0):
            raise BadInput(f"delta must be a positive number, or None to take it from the data: got {d!r}")
        if not (isinstance(self.purity, int | float) and 0 < self.purity <= 1):
            raise BadInput(f"purity must be a number above 0, at most 1: got {self.purity!r}")
        if not isinstance(self.clusters, int) or self.clusters < 2:
            raise BadInput(f"clusters must be a whole number, 2 or more: got {self.clusters!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the uncovered targets in its ball; [N]."""
        return self._uncovered(view, draw).count(to_numpy(view.embed))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the fullest ball first; ``scores`` are those of ``score``."""
        embed, ties, n = to_numpy(view.embed), draw.uniform(view.keys, "ties"), min(n, len(view))
        balls = self._uncovered(view, draw)
        rows, value = cover_greedily(embed, balls, scores, n=n, ties=ties)
        if len(rows) < n:
            rest = without(rows, len(view))
            chosen = np.concatenate([labelled_embed(view), embed[rows]])
            covered = nearest(embed[rest], chosen)[1] < balls.radius
            rows = np.concatenate([rows, rest[np.lexsort((-ties[rest], covered))][: n - len(rows)]])
            value = np.concatenate([value, np.zeros(n - len(value))])
        return Selection(rows, value, reason="many items lie near it, and near nothing labelled or chosen")

    def _uncovered(self, view: View, draw: Draw) -> Balls:
        """Prepare the targets that no labelled row covers."""
        points = to_numpy(targets_of(view).embed)
        radius = self.delta
        if radius is None:
            # not the draw of this round: the targets of a study hardly change, and δ should not either
            centres = kmeans(points, self.clusters, rng=Draw(draw.seed).rng("probcover"))
            radius = pure_radius(points, nearest(points, centres)[0], purity=self.purity)
        return Balls(points, radius).only(nearest(points, labelled_embed(view))[1] >= radius)
