"""Standard deviation of the members' predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.regression import member_std
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class MemberStd(Strategy):
    """Prefer the rows on which the members' predictions lie far from their mean.

    Formula: s = √(Σ_c Var_k f_kc(x)), the population variance over the K members (divided by K); with one column of
    real predictions, draws [N, K, 1], that is their standard deviation. On probabilities it ranks as
    predictive-variance does. Range: [0, ∞), in units of the prediction; below 1 on probabilities. Cost: O(N·K·C).
    Source: RayChaudhuri & Hamey 1995; Burbidge, Rowland & King 2007.

    >>> import numpy as np, querist
    >>> querist.choose("member-std", 1, draws=np.array([[[1.0], [1.5]], [[2.0], [4.0]]])).value.tolist()
    [1.0]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "√(Σ_c Var_k f_kc)", "O(N·K·C)", "RayChaudhuri & Hamey 1995")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the spread of its predictions; [N]."""
        return member_std(view.draws)
