"""Regression: rows on which a committee disagrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.regression import member_std, predictive_std
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class QbcStd(Strategy):
    """Prefer the rows on which the members' predictions spread most.

    Formula: s = √Var_k f_k(x) over the K members (divided by K); without members, the root of the predicted variance.
    Of draws with several columns the variances are summed. Range: [0, ∞), in units of the prediction. Cost: O(N·K).
    Source: RayChaudhuri & Hamey 1995; Burbidge, Rowland & King 2007.

    >>> import numpy as np, querist
    >>> querist.query("qbc-std", 1, draws=np.array([[[1.0], [1.5]], [[2.0], [4.0]], [[3.0], [3.0]]])).tolist()
    [1]
    """

    either: ClassVar[tuple[Need, ...]] = ("draws", "mean_var")
    about: ClassVar[About] = About("regression", "√Var_k f_k(x)", "O(N·K)", "RayChaudhuri & Hamey 1995")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the spread of its predictions; [N]."""
        return member_std(view.draws) if view.draws is not None else predictive_std(view.mean_var)
