"""Standard deviation of the committee's probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.committee import mean_std
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class MeanStd(Strategy):
    """Prefer the rows on which the members' probabilities spread most, on average over classes.

    Formula: s = (1/C) Σ_c √Var_k p_kc, the population variance over the K members (divided by K). Range: [0, 1/2] on
    probabilities. Cost: O(N·K·C). Source: Kampffmeyer et al. 2016; Gal et al. 2017.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.9, 0.1], [0.8, 0.2]], [[1.0, 0.0], [0.5, 0.5]]])
    >>> querist.choose("mean-std", 1, draws=draws).value.tolist()
    [0.25]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "(1/C) Σ_c √Var_k p_kc", "O(N·K·C)", "Kampffmeyer 2016")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its mean standard deviation over members; [N]."""
        return mean_std(view.draws)
