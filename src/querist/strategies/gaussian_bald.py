"""Mutual information of a real label and a function with a normal posterior."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from querist._arrays import Array, to_numpy
from querist.errors import BadInput, MissingEvidence
from querist.scores.bayes import gaussian_bald
from querist.strategies._coverage import targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class GaussianBald(Strategy):
    """Prefer the rows whose label would tell most about a function with a normal posterior, in nats.

    Formula: s = ½ log(1 + σ_f²(x) / σ_n²), σ_f² the predicted variance, σ_n = ``noise`` the standard deviation of a
    label about the function, in the label's own unit. None takes the median σ_f of the targets (pool and labelled
    rows, or a sample of 10,000 of them), so that the unit of the label plays no part; 1 when that is 0. The noise is
    the same everywhere: it changes the scale of the scores, for power and per-cost, but never the order.
    Range: [0, ∞) nats. Cost: O(N + T). Raises BadInput unless noise > 0. Source: Houlsby et al. 2011.

    >>> import numpy as np, querist
    >>> mean_var = np.array([[0.0, 1.0], [0.0, 3.0]])
    >>> querist.choose("gaussian-bald(noise=1.0)", 1, mean_var=mean_var).value.round(4).tolist()
    [0.6931]
    """

    noise: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"mean_var"})
    context: ClassVar[frozenset[str]] = frozenset({"targets"})
    about: ClassVar[About] = About("bayesian", "½ log(1 + σ_f² / σ_n²)", "O(N + T)", "Houlsby 2011")

    def __post_init__(self) -> None:
        if self.noise is not None and not (isinstance(self.noise, int | float) and 0 < self.noise < inf):
            raise BadInput(f"noise must be a positive number, or None to take it from the data: got {self.noise!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the information in its label; [N]."""
        return gaussian_bald(view.mean_var, noise=typical_deviation(view) if self.noise is None else self.noise)


def typical_deviation(view: View) -> float:
    """Give the median standard deviation of the targets' predictions, or 1 where most are certain.

    Raises MissingEvidence when the targets have no predictions.
    """
    targets = targets_of(view)
    if targets.mean_var is None:
        raise MissingEvidence("gaussian-bald measures noise on the targets: give them mean_var too, or set noise=…")
    return float(np.sqrt(np.median(to_numpy(targets.mean_var)[:, 1].astype(np.float64)))) or 1.0
