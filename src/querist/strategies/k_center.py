"""Farthest from everything labelled or chosen: k-center greedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.select.distance import nearest
from querist.select.kcenter import kcenter
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class KCenter(Strategy):
    """Choose the row farthest from everything labelled or chosen so far, again and again.

    Formula: arg max_x min_{c ∈ L ∪ S} ‖φ(x) − φ(c)‖. With nothing labelled, the first pick is the row nearest to the
    mean. Score: the distance to the nearest labelled row, 0 without one. Range: [0, ∞), in the units of embed.
    Cost: O(N·L·D) to score, O(n·N·D) to choose. Source: Sener & Savarese 2018.

    >>> import querist
    >>> points = np.array([[0.0], [1.0], [5.0], [2.0]])
    >>> querist.query("k-center", 2, embed=points, labelled={"embed": np.zeros((1, 1))}, seed=0).tolist()
    [2, 3]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About("coverage", "max min_{c ∈ L ∪ S} ‖φ(x) − φ(c)‖", "O(n·N·D)", "Sener & Savarese 2018")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its distance to the nearest labelled row; [N]."""
        labelled = labelled_embed(view)
        return nearest(to_numpy(view.embed), labelled)[1] if len(labelled) else np.zeros(len(view))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, farthest first; ``scores`` are those of ``score``."""
        start = scores if len(labelled_embed(view)) else np.full(len(view), np.inf)
        ties = draw.uniform(view.keys, "ties")
        rows, value = kcenter(to_numpy(view.embed), start, n=min(n, len(view)), ties=ties)
        return Selection(rows, value, reason="far from everything labelled or chosen so far")
