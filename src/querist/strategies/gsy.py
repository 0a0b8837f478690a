"""Regression: rows spread over the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, Floats
from querist.select.distance import nearest
from querist.select.kcenter import kcenter
from querist.strategies._outcomes import check_first, known
from querist.strategies.k_center import KCenter
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Gsy(Strategy):
    """Choose the row whose predicted outcome is farthest from every known one, again and again.

    Formula: arg max_x min_{l ∈ L} |f(x) − y_l|, f(x) the mean of mean_var; gsx while fewer than ``first`` rows have an
    answer (the K₀ of the paper: as many as the model needs). Labels are real numbers, NaN where pending. Inside a
    batch, and where an answer is pending, the prediction stands in for the outcome; one row at a time is exact.
    Outcomes are in units of their standard deviation, so their scale changes neither picks nor values. Score: the
    distance to the nearest known outcome. Range: [0, ∞). Cost: O(N·L) to score, O(n·N) to choose. Raises BadInput
    unless first ≥ 1. Source: Wu, Lin & Huang 2019.

    >>> import numpy as np, querist
    >>> at, f = np.array([[0.0], [1.0], [2.0]]), np.array([[0.1, 1.0], [5.0, 1.0], [2.0, 1.0]])
    >>> asked = {"embed": at[:2], "mean_var": f[:2]}
    >>> rows = {"embed": at, "mean_var": f, "labelled": asked, "labels": [0.0, 4.0]}
    >>> querist.query("gsy(first=2)", 1, seed=0, **rows).tolist()
    [2]
    """

    first: int = 5

    needs: ClassVar[frozenset[Need]] = frozenset({"embed", "mean_var"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "outcomes"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("regression", "max min_l |f(x) − y_l|", "O(N·(L + n))", "Wu, Lin & Huang 2019")

    def __post_init__(self) -> None:
        check_first(self.first)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by how far its prediction is from the nearest known outcome; [N]."""
        now = known(view, self.first)
        if now is None:
            return KCenter().score(view, draw)
        return nearest(now.predicted[:, None], now.outcomes[:, None])[1]

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the newest outcome first."""
        now = known(view, self.first)
        if now is None:
            return KCenter().select(view, scores, n=n, draw=draw)
        ties = draw.uniform(view.keys, "ties")
        rows, value = kcenter(now.predicted[:, None], scores, n=min(n, len(view)), ties=ties)
        return Selection(rows, value, reason="its predicted outcome is unlike every known one")
