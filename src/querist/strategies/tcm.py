"""TypiClust for the first rounds, margin from then on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats
from querist.errors import BadInput
from querist.strategies._guard import AUDIT
from querist.strategies.margin import Margin
from querist.strategies.protocol import About, Strategy
from querist.strategies.typiclust import Typiclust
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Tcm(Strategy):
    """Choose by typiclust in the first ``rounds`` rounds and by margin from then on: first cover, then refine.

    A round is one in the log of the study. Without a log (``querist.query``, or the first round of a study) it is C
    answers, one per class on average. Formula: typicality per cluster while rounds < τ, then −(p₁ − p₂).
    Score: 0, then −(p₁ − p₂). Range: [0, 10⁵], then [−1, 0]. Cost: that of typiclust, then O(N·C).
    Raises BadInput unless τ is a whole number, 0 or more. Source: Doucet et al. 2024.

    >>> import querist
    >>> embed, probs = np.array([[0.0], [0.1], [0.2], [9.0]]), np.array([[0.9, 0.1]] * 3 + [[0.5, 0.5]])
    >>> labelled = {"embed": embed[:2], "probs": probs[:2]}
    >>> rows = {"embed": embed, "probs": probs, "labelled": labelled, "labels": [0, 1]}
    >>> querist.query("tcm(rounds=1)", 1, seed=0, **rows).tolist()
    [3]
    """

    rounds: int = 3

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets", "past"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "hybrid batch", "typiclust for τ rounds, then −(p₁ − p₂)", "O(T·K·D + N·T·D/K), then O(N·C)", "Doucet 2024"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.rounds, int) or self.rounds < 0:
            raise BadInput(f"rounds must be a whole number, 0 or more: got {self.rounds!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row as the rule of this round does; [N]."""
        return self._rule(view).score(view, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows as the rule of this round does."""
        return self._rule(view).select(view, scores, n=n, draw=draw)

    def _rule(self, view: View) -> Strategy:
        return Typiclust() if rounds_done(view) < self.rounds else Margin()


def rounds_done(view: View) -> float:
    """Count the rounds in the log, or without one the answers per class."""
    if view.past:
        return sum(one.strategy != AUDIT for one in view.past)
    return float(np.count_nonzero(view.labels >= 0) / view.probs.shape[-1]) if view.probs is not None else 0.0
