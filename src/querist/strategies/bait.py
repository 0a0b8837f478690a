"""A batch whose labels leave least variance in a linear last layer: BAIT."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from querist._arrays import Array, Floats
from querist._parallel import steady
from querist.scores.information import Rowset, Variance, gains
from querist.select.bait import bait
from querist.strategies._information import information_of_targets, rows_of, variance_of
from querist.strategies._limits import check_number, check_parameters
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

MANY, FEW = 2000, 512
"""Rows from which, and parameters up to which, the threads of a BLAS take longer to wake than they save."""


@dataclass(frozen=True)
class Bait(Strategy):
    """Choose the batch whose labels leave least variance, by Fisher information: forward to 2n rows, back to n.

    Formula: arg min_S tr[(a·Σ_L F + b·Σ_S F + ridge·I)⁻¹ F_U], F = V·Vᵀ of each row, V of columns √p_y·(e_y − p) ⊗ h,
    h = embed (with a 1 for the intercept when ``bias``), F_U the mean of F over the targets that nobody was asked
    about. Greedily: ``oversample``·n rows one by one, each with the greatest gain, then those that matter least are
    dropped one by one. a = ``labelled_weight``, b = ``pool_weight``; None takes those of the published code,
    1/(L + n) and n/(L + n), with which the weight of what is known falls as the batch grows.
    Rows asked whose answer is pending count as labelled. Score: the gain of the row alone, as in a batch of one.
    Range: [0, ∞). Cost: O((N + T)·P² + P³), and O(N·C²·(D + C) + C·P²) for each row chosen, P = (C − 1)·D;
    memory 1.5·N·C² numbers and four [P, P] matrices, these at most ``max_bytes``. Raises BadInput.
    Source: Ash, Goel, Krishnamurthy & Kakade 2021.

    >>> import querist
    >>> embed = np.array([[3.0, 0.0], [2.9, 0.0], [0.0, 2.0], [0.0, 0.1]])
    >>> querist.query("bait", 2, probs=np.full((4, 2), 0.5), embed=embed, seed=0).tolist()
    [0, 2]
    """

    ridge: float = 1.0
    oversample: float = 2.0
    labelled_weight: float | None = 1.0
    pool_weight: float | None = 1.0
    bias: bool = False
    max_bytes: int = 2 * 2**30

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "min tr[(Σ_{L ∪ S} F + λI)⁻¹ F_U]", "O(N·P² + n·N·C²·D), P = C·D", "Ash et al. 2021"
    )

    def __post_init__(self) -> None:
        for name in ("ridge", "labelled_weight", "pool_weight"):
            check_number(name, getattr(self, name))
        check_number("oversample", self.oversample, least=1.0)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its own gain; [N]."""
        with self._threads(view):
            return gains(*self._problem(view, 1))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, in the order in which the forward steps chose them."""
        n = min(n, len(view))
        if n == 0:
            return Selection(np.empty(0, np.intp), np.empty(0))
        ties = draw.uniform(view.keys, "ties")
        with self._threads(view):
            rows, variance = self._problem(view, n)
            picked, value = bait(rows, variance, n=n, oversample=self.oversample, ties=ties)
        return Selection(picked, value, reason="the batch tells most about the predictions on the pool")

    def _threads(self, view: View) -> AbstractContextManager[Any]:
        """Keep the many small products of a large pool with few parameters to one thread each."""
        classes, width = rows_of(view, bias=self.bias).shape
        return steady() if len(view) >= MANY and classes * width <= FEW else nullcontext()

    def _problem(self, view: View, n: int) -> tuple[Rowset, Variance]:
        classes, width = rows_of(view, bias=self.bias).shape
        check_parameters("bait", classes * width, matrices=4, max_bytes=self.max_bytes)
        both = n + (0 if view.labelled is None else len(view.labelled))
        known = 1.0 / both if self.labelled_weight is None else self.labelled_weight
        fresh = n / both if self.pool_weight is None else self.pool_weight
        if self not in view.notes:
            view.notes[self] = information_of_targets(view, bias=self.bias)
        target: Floats = view.notes[self]
        variance = variance_of(view, target, bias=self.bias, ridge=self.ridge, weight=known)
        return rows_of(view, bias=self.bias, weight=fresh), variance
