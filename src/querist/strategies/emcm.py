"""Expected model change, as the members of an ensemble expect it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.change import emcm, emcm_normal
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Emcm(Strategy):
    """Prefer the rows whose label would change a linear model most, if the members of an ensemble are right about it.

    Formula: s = (1/K) Σ_k ‖(f_k(x) − f(x))·φ(x)‖, f_k the members (in the paper: fitted to bootstrap samples of |L|
    labelled rows, as the learner committee does), f their mean, φ = embed (with a 1 for the intercept when ``bias``).
    From draws: probabilities of classes, or in a regression one value [N, K, 1]. From mean_var, where no members are
    at hand: s = √(2/π)·σ(x)·‖φ(x)‖, the same for members that are normal around the mean.
    Range: [0, ∞). Cost: O(N·(K·C + D)). Long embeddings win: scale them if their length means nothing.
    Source: Cai, Zhang & Zhou 2013.

    >>> import numpy as np, querist
    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]])
    >>> querist.choose("emcm", 3, draws=draws, embed=np.array([[1.0], [9.0], [2.0]])).value.round(4).tolist()
    [1.4142, 0.7071, 0.0]
    """

    bias: bool = False

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    either: ClassVar[tuple[Need, ...]] = ("draws", "mean_var")
    about: ClassVar[About] = About("change", "mean_k ‖(f_k − f)·φ‖", "O(N·(K·C + D))", "Cai, Zhang & Zhou 2013")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the mean change; [N]."""
        if view.draws is None:
            return emcm_normal(view.mean_var, view.embed, bias=self.bias)
        return emcm(view.draws, view.embed, bias=self.bias)
