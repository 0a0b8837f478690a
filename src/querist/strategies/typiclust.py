"""The most typical row of each cluster that has no label yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.errors import BadInput
from querist.select.clusters import kmeans, typicality
from querist.select.distance import COMPILED, nearest
from querist.strategies._coverage import labelled_embed, targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Typiclust(Strategy):
    """Cluster, then take the most typical row of each cluster, those with fewest labels and most rows first.

    Formula: K = min(|L| + n, most) k-means clusters of the targets; a row's typicality is 1 / mean distance to its
    min(neighbours, |c|//2) nearest targets in its cluster c. Clusters go by (labelled rows ascending, size
    descending), those of fewer than ``smallest`` targets last; a row chosen counts as labelled, so when every cluster
    has been visited the round begins again with the next most typical rows. Targets are the pool and the labelled
    rows, or a sample of 10,000 of them. Score: 0, a row alone has no rank; the reserve is in random order.
    Range of value: [0, 10⁵]. Cost: O(T·K·D) per iteration, O(N·T·D/K) to choose. Raises BadInput unless the three are
    whole numbers from 1 on.
    Source: Hacohen, Dekel & Weinshall 2022.

    >>> import querist
    >>> points = np.array([[0.0], [1.0], [1.2], [1.5], [7.0], [8.0], [8.2], [8.5]])
    >>> sorted(querist.query("typiclust", 2, embed=points, seed=0).tolist())
    [2, 6]
    """

    most: int = 500
    smallest: int = 5
    neighbours: int = 20

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "coverage", "typicality 1 / mean d to 20 nearest, per cluster", "O(T·K·D + N·T·D/K)", "Hacohen et al. 2022"
    )

    def __post_init__(self) -> None:
        for name in ("most", "smallest", "neighbours"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise BadInput(f"{name} must be a whole number, 1 or more: got {value!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row 0: only the joint choice has an order; [N]."""
        return np.zeros(len(view))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, by cluster and typicality."""
        n = min(n, len(view))
        if n == 0:
            return Selection(np.empty(0, np.intp), np.empty(0))
        targets, asked = targets_of(view), labelled_embed(view)
        points = to_numpy(targets.embed)
        centres = kmeans(points, min(len(asked) + n, self.most), rng=draw.rng("typiclust"))
        home, cluster = nearest(points, centres)[0], nearest(to_numpy(view.embed), centres)[0]
        size = np.bincount(home, minlength=len(centres))
        labels = np.bincount(nearest(asked, centres)[0], minlength=len(centres))
        value = typicality_by_cluster(view, targets, cluster=cluster, home=home, most=self.neighbours)
        ties = draw.uniform(view.keys, "ties")
        visit = labels[cluster] + rank_within(cluster, value, ties=ties)
        order = np.lexsort((-ties, -size[cluster], visit, size[cluster] < self.smallest))[:n]
        return Selection(order, value[order], reason="typical of a group with few labels")


def typicality_by_cluster(view: View, targets: View, *, cluster: Rows, home: Rows, most: int) -> Floats:
    """Compute each row's typicality among the targets of its cluster.

    Shapes: cluster [N] of the rows, home [T] of the targets → [N]. Cost: O(N·T·D/K).
    """
    rows, points = to_numpy(view.embed), to_numpy(targets.embed)
    out, measure = np.zeros(len(rows)), typicality
    if np.bincount(home, minlength=cluster.max() + 1)[cluster].sum() * rows.shape[1] >= COMPILED:
        from querist.select._clusters_kernel import typicality as measure
    for c in np.unique(cluster):
        inside, members = np.flatnonzero(cluster == c), np.flatnonzero(home == c)
        own = positions(view.keys[inside], targets.keys[members])
        out[inside] = measure(rows[inside], points[members], k=min(most, len(members) // 2), own=own)
    return out


def rank_within(cluster: Rows, value: Floats, *, ties: Floats) -> Rows:
    """Rank the rows of each cluster by value, 0 for the greatest; [N].

    >>> rank_within(np.array([0, 1, 0]), np.array([1.0, 5.0, 2.0]), ties=np.zeros(3)).tolist()
    [1, 0, 0]
    """
    order = np.lexsort((-ties, -value, cluster))
    start = np.searchsorted(cluster[order], cluster[order], side="left")
    rank = np.empty(len(cluster), np.intp)
    rank[order] = np.arange(len(cluster)) - start
    return rank


def positions(keys: NDArray[np.uint64], among: NDArray[np.uint64]) -> Rows:
    """Find each key's position among others, −1 when it is not there.

    >>> positions(np.array([7, 9], np.uint64), np.array([9, 8], np.uint64)).tolist()
    [-1, 0]
    """
    if len(among) == 0:
        return np.full(len(keys), -1, np.intp)
    order = np.argsort(among, kind="stable")
    at = order[np.minimum(np.searchsorted(among[order], keys), len(among) - 1)]
    return np.where(among[at] == keys, at, -1)
