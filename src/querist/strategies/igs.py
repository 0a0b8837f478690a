"""Regression: rows spread over the features and the outcome at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.scores.regression import least_product
from querist.select.distance import squared_to
from querist.select.kcenter import farthest_first
from querist.strategies._coverage import labelled_embed
from querist.strategies._outcomes import check_first, known
from querist.strategies.k_center import KCenter
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Igs(Strategy):
    """Choose the row that is farthest in features and in outcome, as a product, from every labelled one.

    Formula: arg max_x min_{l ∈ L} ‖x − x_l‖·|f(x) − y_l|, f(x) the mean of mean_var; gsx while fewer than ``first``
    rows have an answer (the K₀ of the paper: as many as the model needs). Labels are real numbers, NaN where pending.
    Inside a batch, and where an answer is pending, the prediction stands in for the outcome; one row at a time is
    exact. Outcomes are in units of their standard deviation, so their scale changes neither picks nor values. Score:
    the least product. Range: [0, ∞). Cost: O(N·L·D) to score, O(n·N·D) to choose. Raises BadInput unless first ≥ 1.
    Source: Wu, Lin & Huang 2019.

    >>> import numpy as np, querist
    >>> at, f = np.array([[0.0], [1.0], [9.0]]), np.array([[0.1, 1.0], [5.0, 1.0], [4.5, 1.0]])
    >>> asked = {"embed": at[:2], "mean_var": f[:2]}
    >>> rows = {"embed": at, "mean_var": f, "labelled": asked, "labels": [0.0, 4.0]}
    >>> querist.query("igs(first=2)", 1, seed=0, **rows).tolist()
    [2]
    """

    first: int = 5

    needs: ClassVar[frozenset[Need]] = frozenset({"embed", "mean_var"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "outcomes"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "regression", "max min_l ‖x − x_l‖·|f(x) − y_l|", "O(N·(L + n)·D)", "Wu, Lin & Huang 2019"
    )

    def __post_init__(self) -> None:
        check_first(self.first)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its least product of distances to a labelled row; [N]."""
        now = known(view, self.first)
        if now is None:
            return KCenter().score(view, draw)
        embed, asked = to_numpy(view.embed), labelled_embed(view)
        return least_product(embed, now.predicted, labelled=asked, outcomes=now.outcomes)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the farthest first."""
        now = known(view, self.first)
        if now is None:
            return KCenter().select(view, scores, n=n, draw=draw)
        embed, outcome = to_numpy(view.embed), now.predicted

        def gap(row: int) -> Floats:
            apart = np.sqrt(squared_to(embed, embed[row].astype(np.float64)))
            return np.asarray(apart * np.abs(outcome - outcome[row]))

        rows, value = farthest_first(gap, scores, n=min(n, len(view)), ties=draw.uniform(view.keys, "ties"))
        return Selection(rows, value, reason="unlike every labelled item in its features and its predicted outcome")
