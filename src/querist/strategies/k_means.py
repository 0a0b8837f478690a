"""One row from each of n clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy, topk
from querist.select.clusters import kmeans
from querist.select.distance import nearest
from querist.select.exemplars import exemplars
from querist.strategies._wrapped import without
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class KMeans(Strategy):
    """Cluster the pool into as many clusters as rows are asked for, and take the row nearest to each centre.

    Formula: k-means with k = n on embed; arg min_x ‖φ(x) − centre‖ for each, the largest cluster first, no row twice: a
    centre whose nearest row is taken gets the next. What is labelled plays no part. When copies leave fewer than n
    clusters, others follow at random. Score: 0, a row alone has no rank; the reserve is in random order. Value: the
    size of the cluster. Range of value: [0, N]. Cost: O(N·n·D) per iteration. Source: Zhu et al. 2008; Yuan et al.
    2020.

    >>> import querist
    >>> points = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]])
    >>> querist.choose("k-means", 2, embed=points, seed=0).value.tolist()
    [3.0, 2.0]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "nearest to each of n k-means centres", "O(N·n·D)", "Zhu et al. 2008")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row 0: only the joint choice has an order; [N]."""
        return np.zeros(len(view))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, those of large clusters first."""
        points, ties = to_numpy(view.embed), draw.uniform(view.keys, "ties")
        centres = kmeans(points, n, rng=draw.rng("k-means"))
        size = np.bincount(nearest(points, centres)[0], minlength=len(centres)).astype(np.float64)
        largest = np.argsort(-size, kind="stable")
        rows = exemplars(points, centres[largest], ties=ties)
        rest = without(rows, len(view))
        more = rest[topk(ties[rest], n - len(rows), ties[rest])]
        value = np.concatenate([size[largest][: len(rows)], np.zeros(len(more))])
        return Selection(np.concatenate([rows, more]), value, reason="in the middle of a group of similar items")
