"""Rows in the middle of many neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput
from querist.select.graph import densest_first, density_of, nearest_manhattan, neighbour_graph
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class GraphDensity(Strategy):
    """Choose the densest row in the graph of nearest neighbours, and take its density from its neighbours, repeatedly.

    Formula: each row of the pool and the labelled ones is joined to its ``k`` nearest by Manhattan distance d, and they
    to it, with weight w = exp(−γ·d); density = Σ w / number of edges with w > 0; on a pick x, density −= density(x) at
    the neighbours of x. The labelled rows go first, each taking from its neighbours the density that it has before any
    pick. ``gamma`` None is 1/D, so the features should be of a scale near 1: far apart, all weights vanish. Score: 0,
    the density of a row depends on the pool; the reserve is in random order. Value: the density at the pick, which
    picks among the neighbours may drive below 0. Range of value: (−∞, 1]. Cost: O((N + L)²·D), memory one block and the
    edges: beyond some ten thousand rows use subsample(of='graph-density'). Raises BadInput unless k ≥ 1 and γ > 0.
    Source: Ebert, Fritz & Schiele 2012.

    >>> import querist
    >>> points = np.array([[0.0], [0.1], [0.25], [3.0], [3.3]])
    >>> querist.query("graph-density(k=1)", 2, embed=points, seed=0).tolist()
    [0, 2]
    """

    k: int = 10
    gamma: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "Σ_j w_ij / #{w_ij > 0} of k neighbours", "O(N²·D)", "Ebert et al. 2012")

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise BadInput(f"k must be a whole number, 1 or more: got {self.k!r}")
        if self.gamma is not None and not (isinstance(self.gamma, int | float) and 0 < self.gamma < float("inf")):
            raise BadInput(f"gamma must be a positive number, or None for 1 / D: got {self.gamma!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row 0: only the joint choice has an order; [N]."""
        return np.zeros(len(view))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, densest first."""
        size, n = len(view), min(n, len(view))
        points = np.concatenate([to_numpy(view.embed), labelled_embed(view)])
        ties = draw.uniform(_keys(view), "ties")
        near, distance = nearest_manhattan(points, k=min(self.k, len(points) - 1), ties=ties)
        gamma = 1.0 / points.shape[1] if self.gamma is None else self.gamma
        graph = neighbour_graph(near, np.exp(-gamma * distance))
        density = density_of(graph)
        left = density - (graph[:, size:] > 0).astype(np.float64) @ density[size:]
        left[size:] = -np.inf
        rows, value = densest_first(graph, left, n=n, ties=ties)
        return Selection(rows, value, reason="in the middle of many similar items")


def _keys(view: View) -> NDArray[np.uint64]:
    return view.keys if view.labelled is None else np.concatenate([view.keys, view.labelled.keys])
