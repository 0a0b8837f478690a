"""Rows that every row of the pool finds a near one of: facility location."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput
from querist.select.herding import Cover, cover, gains, spread
from querist.strategies._coverage import check_sigma, cover_of, labelled_embed, most_covering, targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class FacilityLocation(Strategy):
    """Choose the row that adds most to the similarity of the targets with their nearest chosen row, again and again.

    Formula: greedy for max_A Σ_t max_{j ∈ L ∪ A} s(t, j) over the targets t (pool and labelled rows, or a sample of
    10,000 of them). ``similarity`` "cosine" (t·j / ‖t‖‖j‖, below 0 counting as 0) or "rbf" (exp(−‖t − j‖²/σ²)): the
    mathematics are those of maxherding, which is this rule with "rbf"; ``sigma`` None as there. The greedy sum is at
    least 1 − 1/e of the best. When nothing is gained any more, the rows farthest from all chosen follow. Score: the
    row's own gain given the labelled rows. Range: [0, T]. Cost: O(N·T·D) to score, a share of it per row chosen
    (lazily, with the picks of the plain greedy); memory O(N + T). Raises BadInput unless the similarity is known and
    σ > 0. Source: Nemhauser, Wolsey & Fisher 1978; Wei, Iyer & Bilmes 2015.

    >>> import querist
    >>> points = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0]])
    >>> querist.query("facility-location", 2, embed=points, seed=0).tolist()
    [2, 3]
    """

    similarity: str = "cosine"
    sigma: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "max Σ_t max_{j ∈ L ∪ S} s(t, j)", "O(N·T·D)", "Wei, Iyer & Bilmes 2015")

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        if self.similarity not in ("cosine", "rbf"):
            raise BadInput(f"similarity must be 'cosine' or 'rbf': got {self.similarity!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the similarity it adds to that with the labelled rows; [N]."""
        return gains(cover_of(view, self, self._state), to_numpy(view.embed))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the greatest gain first; ``scores`` are those of ``score``."""
        chosen = most_covering(view, cover_of(view, self, self._state), scores, n=n, draw=draw)
        return replace(chosen, reason="many items have nothing more similar among those labelled or chosen")

    def _state(self, view: View) -> Cover:
        targets = targets_of(view)
        points = to_numpy(targets.embed)
        sigma = None
        if self.similarity == "rbf":
            sigma = spread(points, targets.keys) if self.sigma is None else self.sigma
        return cover(points, np.ones(len(points)), sigma=sigma, labelled=labelled_embed(view))
