"""Regression: rows spread over the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, Floats
from querist.strategies.k_center import KCenter
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Gsx(Strategy):
    """Choose the row farthest in features from everything labelled or chosen so far, again and again.

    Formula: arg max_x min_{l ∈ L ∪ S} ‖x − x_l‖; with nothing labelled, the first is the row nearest to the centroid.
    This is k-center, under the name that it has for regression. Score: the distance to the nearest labelled row.
    Range: [0, ∞), in the units of embed. Cost: O(N·L·D) to score, O(n·N·D) to choose. Source: Wu, Lin & Huang 2019.

    >>> import numpy as np, querist
    >>> querist.query("gsx", 2, embed=np.array([[0.0], [1.0], [5.0], [2.0]]), seed=0).tolist()
    [3, 2]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("regression", "max min_{l ∈ L ∪ S} ‖x − x_l‖", "O(n·N·D)", "Wu, Lin & Huang 2019")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its distance to the nearest labelled row; [N]."""
        return KCenter().score(view, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, farthest first."""
        return KCenter().select(view, scores, n=n, draw=draw)
