"""Least certain class of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.multilabel import binmin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Binmin(Strategy):
    """Prefer the items of which one class lies nearest to its boundary; for sets of classes.

    Formula: s = −min_l |f_l|, f the log-odds of each class (decision [N, C]). Range: (−∞, 0]. Cost: O(N·C).
    Source: Brinker 2006.

    >>> import numpy as np, querist
    >>> querist.query("binmin", 1, decision=np.array([[2.0, -0.5], [1.0, -3.0]])).tolist()
    [0]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    about: ClassVar[About] = About("multilabel", "−min_l |f_l|", "O(N·C)", "Brinker 2006")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by minus the distance of its least certain class; [N]."""
        return binmin(view.decision)
