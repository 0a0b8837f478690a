"""Variance of the prediction over posterior draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.bayes import predictive_variance
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class PredictiveVariance(Strategy):
    """Prefer the rows whose prediction varies most over draws of the model.

    Formula: s = Σ_c Var_k p_kc, the population variance over the K draws (divided by K). Range: [0, 1) on
    probabilities; one column of real predictions gives their variance. Cost: O(N·K·C). Source: Gal & Ghahramani 2016.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.9, 0.1], [0.8, 0.2]], [[1.0, 0.0], [0.5, 0.5]]])
    >>> querist.choose("predictive-variance", 1, draws=draws).value.tolist()
    [0.125]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("bayesian", "Σ_c Var_k p_kc", "O(N·K·C)", "Gal & Ghahramani 2016")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the variance of its prediction; [N]."""
        return predictive_variance(view.draws)
