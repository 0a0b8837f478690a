"""A cheap strategy cuts the pool down, another one chooses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, isfinite
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput
from querist.strategies._wrapped import Wrapped, adopt, built, check_row_wise, choose_among
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Prefilter(Wrapped):
    """Keep the best rows by one strategy, and let another choose among them, as if there were no others.

    Formula: ``of`` on the ⌈factor·n⌉ best rows by ``by``, which must score row by row. Score: that of ``by``. Values
    are those of ``of``, and so are propensities unless ``by`` draws: None. Any shards keep the same rows. The published
    uses have margin or entropy first and a coverage rule second. Range of value: that of ``of``. Cost: ``by`` on N
    rows, and ``of`` on factor·n. Raises BadInput unless factor ≥ 1 and ``by`` is row-wise.
    Source: Wei, Iyer & Bilmes 2015; Zhdanov 2019.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [0.5, 0.5], [0.6, 0.4], [1.0, 0.0]])
    >>> points = np.array([[0.0], [0.1], [5.0], [90.0]])
    >>> sorted(querist.query("prefilter(of='k-center', factor=1.5)", 2, probs=probs, embed=points, seed=0).tolist())
    [1, 2]
    """

    of: str | Strategy = "k-center"
    by: str | Strategy = "margin"
    factor: float = 10.0

    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "of, on the factor·n best by by", "by on N + of on factor·n", "Wei 2015")

    def __post_init__(self) -> None:
        adopt(self, "of", "by")
        check_row_wise(self.first, "by", self.by)
        if not (isinstance(self.factor, int | float) and isfinite(self.factor) and self.factor >= 1):
            raise BadInput(f"factor must be a number, 1 or more: got {self.factor!r}")

    @cached_property
    def first(self) -> Strategy:
        """The strategy that cuts the pool down."""
        return built(self.by, "by")

    @property
    def needs(self) -> frozenset[Need]:
        """Name the evidence that both need; where each would do with other kinds, the preferred one of ``by``."""
        ours = self.inner.needs | self.first.needs
        return ours | set(self.first.either[:1]) if self._apart else ours

    @property
    def either(self) -> tuple[Need, ...]:
        """Name the kinds of evidence of which one is enough for both."""
        if self._apart:
            return self.inner.either
        a, b = self.inner.either, self.first.either
        return tuple(kind for kind in a if kind in b) if a and b else a or b

    @property
    def context(self) -> frozenset[str]:
        """Name what both look at beside the evidence on the rows."""
        return self.inner.context | self.first.context

    @property
    def cold(self) -> str | None:
        """Name the rule that stands in at the start for the first of the two that needs one."""
        return self.inner.cold or self.first.cold

    @property
    def most_classes(self) -> int | None:
        """Give the largest number of classes that both are defined for."""
        most = [m for m in (self.inner.most_classes, self.first.most_classes) if m is not None]
        return min(most, default=None)

    @property
    def _apart(self) -> bool:
        a, b = self.inner.either, self.first.either
        return bool(a) and bool(b) and not set(a) & set(b)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy that cuts the pool down; [N]."""
        return self.first.score(view, draw)

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the rows kept; those that the pool keeps are kept by its shards."""
        return self.first.shortlist(view, scores, n=self._kept(n, view), draw=draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows among those kept."""
        kept = self.first.select(view, scores, n=self._kept(n, view), draw=draw)
        chosen = choose_among(self.inner, view, np.sort(kept.rows), n=n, draw=draw)
        return chosen if kept.propensity is None else replace(chosen, propensity=None)

    def _kept(self, n: int, view: View) -> int:
        return min(len(view), ceil(self.factor * n))
