"""Another strategy, on a random part of the pool."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows, topk
from querist.errors import BadInput
from querist.strategies._wrapped import Wrapped, adopt, choose_among
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Selection, View


@dataclass(frozen=True)
class Subsample(Wrapped):
    """Let another strategy score and choose on a random part of the pool, drawn anew each round.

    Formula: ``of`` on the max(m, n) rows of largest U(0, 1), keyed by the item; it sees only those (what it measures on
    targets stays as it is). Any shards give the same rows. Use it where ``of`` costs more than O(N). Score: the number
    drawn, so the reserve is the rest of the part in random order. The propensity over both draws is not known: None.
    Range of value: that of ``of``. Cost: O(N) and that of ``of`` on m rows. Raises BadInput unless m ≥ 1.
    Source: simple random sampling; Kirsch et al. 2019 for batches.

    >>> import numpy as np, querist
    >>> probs = np.random.default_rng(0).dirichlet(np.ones(3), 1000)
    >>> querist.query("subsample(of='margin', m=100)", 2, probs=probs, seed=0).tolist()
    [929, 699]
    """

    of: str | Strategy = "margin"
    m: int = 10_000

    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "of, on m random rows", "O(N) + of on m", "simple random sampling")

    def __post_init__(self) -> None:
        adopt(self, "of")
        if not isinstance(self.m, int) or self.m < 1:
            raise BadInput(f"m must be a whole number, 1 or more: got {self.m!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the number that decides whether it is in the part; [N]."""
        return draw.uniform(view.keys, "subsample")

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the rows of the part; those of the pool's part lie in the parts of its shards."""
        return topk(scores, max(self.m, n), scores)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows of the part."""
        part = np.sort(self.shortlist(view, scores, n=n, draw=draw))
        return replace(choose_among(self.inner, view, part, n=n, draw=draw), propensity=None)
