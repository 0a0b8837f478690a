"""Uncertain rows unlike those asked before, and more of the one or the other as labels come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.scores.uncertainty import least_confidence
from querist.select.distance import nearest, squared_to
from querist.select.kcenter import central
from querist.select.top import foremost
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class RankedBatch(Strategy):
    """Choose the row that is uncertain or unlike everything labelled or chosen, again and again.

    Formula: s = α·(1 − 1/(1 + d)) + (1 − α)·u, d = min_{c ∈ L ∪ S} ‖φ(x) − φ(c)‖, u = 1 − max p,
    α = |U| / (|U| + |L|); a chosen row moves from U to L, so d and α change with every pick. With nothing labelled
    all are equally unlike (s = 1), and the row nearest to the mean is first. d has the units of embed: scale it so
    that 1 is a typical distance. Score: u; the choice is joint. Range of value: [0, 1].
    Cost: O(N·L·D), then O(N·D) per row chosen. Source: Cardoso et al. 2017.

    >>> import querist
    >>> embed, probs = np.array([[0.0], [3.0], [3.0]]), np.array([[0.5, 0.5], [0.9, 0.1], [0.6, 0.4]])
    >>> labelled = {"embed": np.array([[0.0]]), "probs": np.array([[0.9, 0.1]])}
    >>> querist.choose("ranked-batch", 3, embed=embed, probs=probs, labelled=labelled).value.round(4).tolist()
    [0.6625, 0.25, 0.075]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("hybrid batch", "α·(1 − 1/(1 + d)) + (1 − α)·u", "O(n·N·D)", "Cardoso et al. 2017")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its least confidence; [N]."""
        return least_confidence(view.probs)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows; ``scores`` are those of ``score``."""
        rows, asked, ties = to_numpy(view.embed), labelled_embed(view), draw.uniform(view.keys, "ties")
        total, apart = len(rows) + len(asked), nearest(rows, asked)[1]
        n = min(n, len(rows))
        picked, value, left = np.empty(n, np.intp), np.empty(n), np.zeros(len(rows))
        for i in range(n):
            weight = (len(rows) - i) / total
            ranking = weight * (1.0 - 1.0 / (1.0 + apart)) + (1.0 - weight) * scores + left
            row = central(rows, ties) if i == 0 and len(asked) == 0 else foremost(ranking, ties)
            picked[i], value[i], left[row] = row, ranking[row], -np.inf
            np.minimum(apart, np.sqrt(squared_to(rows, rows[row].astype(np.float64))), out=apart)
        return Selection(picked, value, reason="uncertain, or unlike everything asked so far")
