"""Share of the committee that votes against its majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.committee import variation_ratio
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class VariationRatio(Strategy):
    """Prefer the rows on which most members of a committee vote against the most popular class.

    Formula: s = 1 − max_c V_c / K, V_c = votes for class c; a member undecided between t classes gives each 1/t.
    Range: [0, 1 − 1/C]. Cost: O(N·K·C). Scores are multiples of 1/K, so many rows tie and the keyed draw decides.
    Source: Freeman 1965; Gal et al. 2017; Beluch et al. 2018, who call it the variance ratio of an ensemble.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.choose("variation-ratio", 1, draws=draws).value.tolist()
    [0.5]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("committee", "1 − max_c V_c / K", "O(N·K·C)", "Freeman 1965")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the share of votes against its most popular class; [N]."""
        return variation_ratio(view.draws)
