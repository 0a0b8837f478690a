"""Rows that represent the whole pool best: greedy kernel coverage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.select.herding import Cover, cover, spread
from querist.strategies._coverage import (
    candidates,
    check_candidates,
    check_sigma,
    cover_of,
    covering_scores,
    labelled_embed,
    most_covering,
    targets_of,
)
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Maxherding(Strategy):
    """Choose the row that adds most coverage of the pool, again and again; it works without a single label.

    Formula: arg max_x Σ_t max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s)) over the targets t (pool and labelled rows, or a
    sample of 10,000 of them), k(a, b) = exp(−‖φ(a) − φ(b)‖²/σ²). ``sigma`` None takes the median distance between
    distinct targets divided by √2: 1, the published value, for unrelated unit vectors. When every target is covered,
    the rows farthest from all chosen follow. Score: the row's own gain given the labelled rows. Of a larger view only
    ``candidates`` rows, drawn by keys, are looked at; the others score 0, and None looks at all. Range: [0, T].
    Cost: O(N·T·D) to score, about N·T·D/30 per row chosen, with N candidates. Raises BadInput unless σ > 0
    and candidates ≥ 1. Source: Bae et al. 2024.

    >>> import querist
    >>> points = np.array([[0.0], [0.2], [0.4], [5.0], [9.0], [9.1]])
    >>> querist.query("maxherding(sigma=1.0)", 3, embed=points, seed=0).tolist()[:1]
    [1]
    """

    sigma: float | None = None
    candidates: int | None = 10_000

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "coverage", "max Σ_t max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s))", "O(N·T·D)", "Bae et al. 2024"
    )

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        check_candidates(self.candidates)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each candidate by the coverage it adds to that of the labelled rows; [N]."""
        return covering_scores(view, cover_of(view, self, self._state), candidates(view, draw, count=self.candidates))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the greatest gain first; ``scores`` are those of ``score``."""
        among = candidates(view, draw, count=self.candidates)
        chosen = most_covering(view, cover_of(view, self, self._state), scores, n=n, draw=draw, among=among)
        return replace(chosen, reason="represents many items that nothing labelled or chosen resembles")

    def _state(self, view: View) -> Cover:
        targets = targets_of(view)
        points = to_numpy(targets.embed)
        sigma = spread(points, targets.keys) if self.sigma is None else self.sigma
        return cover(points, np.ones(len(points)), sigma=sigma, labelled=labelled_embed(view))
