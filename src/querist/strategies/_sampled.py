"""What the strategies share that draw rows by the score of another strategy."""

from __future__ import annotations

from math import isfinite
from typing import Protocol

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput
from querist.select.stochastic import propensity, sample
from querist.strategies._wrapped import Wrapped, adopt, check_row_wise
from querist.view import Draw, Selection, View


class Sampled(Wrapped, Protocol):
    """A strategy that draws without replacement, in proportion to a weight of the score of a row-wise strategy."""

    beta: float

    def log_weight(self, scores: Floats) -> Floats:
        """Give the logarithm of the weights, up to a constant; [N]."""
        ...

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy inside, before chance; [N]."""
        return self.inner.score(view, draw)

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the n rows drawn first in this shard; the others cannot be among the first n of the pool."""
        return sample(self.log_weight(scores), n, uniform=draw.uniform(view.keys, "sample"))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Draw min(n, N) rows, in the order drawn."""
        rows = self.shortlist(view, scores, n=n, draw=draw)
        return Selection(
            rows, scores[rows], propensity(self.log_weight(scores), rows), "drawn by chance, weighed by score"
        )

    def propensity(self, scores: Floats, rows: Rows) -> Floats | None:
        """Give the weight of each pick over the weight that was left."""
        return propensity(self.log_weight(scores), rows)


def check_sampled(rule: Sampled) -> None:
    """Adopt the strategy inside; raise BadInput unless it is row-wise, and β a number, 0 or more."""
    adopt(rule, "of")
    check_row_wise(rule.inner, "of", rule.of)
    check_beta(rule.beta)


def check_beta(beta: float) -> None:
    """Raise BadInput unless β is a number, 0 or more."""
    if not (isinstance(beta, int | float) and isfinite(beta) and beta >= 0):
        raise BadInput(f"beta must be a number, 0 or more: got {beta!r}")
