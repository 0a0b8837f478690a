"""Another strategy, among the neighbours of what is labelled: for rare classes in large pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy, topk
from querist.errors import BadInput
from querist.select.distance import nearest, nearest_k
from querist.strategies._coverage import labelled_embed
from querist.strategies._wrapped import Wrapped, adopt, choose_among
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Seals(Wrapped):
    """Let another strategy choose among the nearest neighbours of the labelled rows only; they grow with the labels.

    Formula: ``of`` on the union of the ``k`` nearest neighbours on embed of each labelled row, found among all rows,
    labelled or not; those labelled are no candidates. Rows at the distance of the k-th are settled by order of key.
    Where fewer than n candidates are left, the rows nearest to a labelled one join them; without labels every row is a
    candidate. Made for rare classes: begin with a few labels of each. Score: minus the distance to the nearest labelled
    row. Values and propensities are those of ``of``, given the candidates. Any shards give the same candidates.
    Range of value: that of ``of``. Cost: O(L·(N + L)·D), exact neighbours in blocks, and that of ``of`` on at most k·L
    rows. Raises BadInput unless k ≥ 1. Source: Coleman et al. 2022.

    >>> import numpy as np, querist
    >>> points, probs = np.array([[0.0], [0.2], [9.0]]), np.array([[0.9, 0.1], [0.8, 0.2], [0.5, 0.5]])
    >>> asked = {"embed": np.array([[0.1]]), "probs": np.array([[0.6, 0.4]])}
    >>> querist.query("seals(of='margin', k=2)", 1, embed=points, probs=probs, labelled=asked, seed=0).tolist()
    [1]
    """

    of: str | Strategy = "margin"
    k: int = 100

    adds: ClassVar[frozenset[Need]] = frozenset({"embed"})
    watches: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "wrapper", "of, on the k nearest neighbours of L", "O(L·N·D) + of", "Coleman et al. 2022"
    )

    def __post_init__(self) -> None:
        adopt(self, "of")
        if not isinstance(self.k, int) or self.k < 1:
            raise BadInput(f"k must be a whole number, 1 or more: got {self.k!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus its distance to the nearest labelled row, 0 without one; [N]."""
        labelled = labelled_embed(view)
        return -nearest(to_numpy(view.embed), labelled)[1] if len(labelled) else np.zeros(len(view))

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the candidates of a shard, or the n rows nearest to a label; those of the pool are among them."""
        labelled = labelled_embed(view)
        if not len(labelled):
            return self.inner.shortlist(view, host(self.inner.score(view, draw)), n=n, draw=draw)
        near = topk(scores, n, draw.uniform(view.keys, "ties"))
        return np.union1d(neighbours(labelled, to_numpy(view.embed), k=self.k), near)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows among the candidates."""
        labelled = labelled_embed(view)
        if not len(labelled):
            return choose_among(self.inner, view, np.arange(len(view)), n=n, draw=draw)
        found = neighbours(labelled, to_numpy(view.embed), k=self.k)
        if len(found) < n:
            left = scores.copy()
            left[found] = -np.inf
            more = topk(left, min(n, len(view)) - len(found), draw.uniform(view.keys, "ties"))
            found = np.union1d(found, more)
        return choose_among(self.inner, view, found, n=n, draw=draw)


def neighbours(labelled: NDArray[np.floating], rows: NDArray[np.floating], *, k: int) -> Rows:
    """Find the rows among the k nearest neighbours of a labelled one, other labelled ones counting as neighbours too.

    Shapes: labelled [L, D], rows [N, D] → [≤ k·L], sorted. Cost: O(L·(N + L)·D). Source: Coleman et al. 2022.

    >>> neighbours(np.array([[0.0], [0.1]]), np.array([[0.3], [0.2], [5.0]]), k=2).tolist()
    [1]
    """
    everything = np.concatenate([rows, labelled])
    near = nearest_k(labelled, everything, k=min(k + 1, len(everything)))
    other = near != len(rows) + np.arange(len(labelled))[:, None]  # a row is not its own neighbour
    found = np.unique(near[other & (np.cumsum(other, axis=1) <= k)])
    return found[found < len(rows)]
