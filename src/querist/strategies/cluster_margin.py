"""Small margins from many clusters, the rare clusters first."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows, to_numpy, topk
from querist.errors import BadInput
from querist.scores.uncertainty import margin
from querist.select.linkage import MOST_ROWS, linked
from querist.strategies.protocol import About, Strategy
from querist.strategies.typiclust import rank_within
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class ClusterMargin(Strategy):
    """Take the rows of smallest margin, group them by cluster, and draw from the clusters in turn, smallest first.

    Formula: average linkage of the pool, cut at ``distance`` (None: into n clusters); the ``factor``·n rows of smallest
    p₁ − p₂ fall into clusters; those go by size, the fewest such rows first, and give one row each at random, round
    after round until n are chosen. A pool of more than 2,896 rows is not clustered whole (the tree takes 8 bytes for
    every pair): only those factor·n rows are, and where they too are more, first about 1,024 k-means centres. Made
    anew every round, as the embedding may change; the paper keeps the first. Score and value: −(p₁ − p₂).
    Range: [−1, 0]. Cost: O(min(N, 2,896)²·D). Raises BadInput unless factor ≥ 1 and distance > 0.
    Source: Citovsky et al. 2021.

    >>> import querist
    >>> embed = np.array([[0.0], [0.1], [0.2], [9.0]])
    >>> probs = np.array([[0.5, 0.5], [0.51, 0.49], [0.52, 0.48], [0.6, 0.4]])
    >>> querist.query("cluster-margin", 2, embed=embed, probs=probs, seed=0).tolist()[0]
    3
    """

    factor: float = 10.0
    distance: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "least margins, from clusters in turn", "O(min(N, 2,896)²·D)", "Citovsky et al. 2021"
    )

    def __post_init__(self) -> None:
        if not (isinstance(self.factor, int | float) and isfinite(self.factor) and self.factor >= 1):
            raise BadInput(f"factor must be a number, 1 or more: got {self.factor!r}")
        given = self.distance
        if given is not None and not (isinstance(given, int | float) and isfinite(given) and given > 0):
            raise BadInput(f"distance must be a positive number, or None for as many clusters as rows: got {given!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus its margin; [N]."""
        return margin(view.probs)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, from the clusters in turn; ``scores`` are those of ``score``."""
        n = min(n, len(view))
        kept = np.sort(topk(scores, int(self.factor * n), draw.uniform(view.keys, "ties")))
        home = self._clusters(to_numpy(view.embed), kept, n=n, draw=draw)
        rows = kept[round_robin(home, draw.uniform(view.keys[kept], "cluster-margin"))[:n]]
        return Selection(rows, scores[rows], reason="unsure, from a group with few such items")

    def _clusters(self, embed: Floats, kept: Rows, *, n: int, draw: Draw) -> Rows:
        """Number the clusters of the rows kept."""
        whole = len(embed) <= MOST_ROWS
        rng = draw.rng("cluster-margin")
        home = linked(embed if whole else embed[kept], n, distance=self.distance, rng=rng)
        return home[kept] if whole else home


def round_robin(home: Rows, chance: Floats) -> Rows:
    """Order rows by taking one from each cluster in turn, the smallest cluster first, each at random.

    Shapes: home [R] cluster numbers, chance [R] uniform → the positions [R] in order. Cost: O(R log R).

    >>> round_robin(np.array([0, 0, 1, 0]), np.array([0.1, 0.2, 0.3, 0.4])).tolist()
    [2, 3, 1, 0]
    """
    size = np.bincount(home)[home]
    first = np.zeros(home.max(initial=0) + 1)
    np.maximum.at(first, home, chance)  # settles the order of clusters of one size
    rank = rank_within(home, chance, ties=chance)
    return np.lexsort((-first[home], size, rank))
