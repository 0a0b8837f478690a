"""Mutual information of the label and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores import estimates
from querist.scores.bayes import bald
from querist.scores.estimates import Estimate
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Bald(Strategy):
    """Prefer the rows whose label would tell most about the parameters of the model.

    Formula: s = H(p̄) − (1/K) Σ_k H(p_k). Range: [0, log min(K, C)] nats. Cost: O(N·K·C). The best rows are chosen one
    by one, so a batch may hold near copies: see power-bald. Source: Houlsby et al. 2011; Gal et al. 2017.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.query("bald", 1, draws=draws).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    about: ClassVar[About] = About("bayesian", "H(p̄) − mean H(p_k)", "O(N·K·C)", "Houlsby 2011; Gal 2017")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its mutual information; [N]."""
        return bald(view.draws)

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool in one pass."""
        return estimates.bald(view.draws)
