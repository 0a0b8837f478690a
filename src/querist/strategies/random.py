"""Uniform choice without replacement: the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, View


@dataclass(frozen=True)
class Random(Strategy):
    """Draw rows uniformly without replacement, from a stream of chance of its own.

    Formula: s = U(0, 1), keyed by the item; the propensity of pick i is 1 / (N − i). Range: (0, 1). Cost: O(N).
    It looks at nothing but the ids, so it needs no model. Source: simple random sampling.

    >>> import querist
    >>> querist.query("random", 2, ids=["a", "b", "c", "d"], seed=0).tolist()
    [0, 2]
    """

    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("baseline", "U(0, 1)", "O(N)", "simple random sampling")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its own uniform number; [N]."""
        return draw.uniform(view.keys, "random")

    def propensity(self, scores: Floats, rows: Rows) -> Floats:
        """Give 1 / (rows left) for each pick."""
        return 1.0 / (len(scores) - np.arange(len(rows)))
