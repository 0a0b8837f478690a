"""What a label would tell about the predictions that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array
from querist.errors import BadInput, MissingEvidence
from querist.scores.bayes import epig
from querist.strategies._coverage import targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Epig(Strategy):
    """Prefer the rows whose label would tell most about the labels of the targets (expected predictive information).

    Formula: s = (1/T) Σ_t I(y; y_t), the mutual information under the joint (1/K) Σ_k p_k(y|x) p_k(y_t|x_t). Unlike
    BALD it leaves aside what a model might learn that changes no prediction on the targets. Targets are pool and
    labelled rows unless given: pass the rows on which the model will be used. ``targets`` is how many of them count,
    drawn anew in each round by keys; the score's error from that falls with the root of it.
    Range: [0, log min(K, C)] nats. Cost: O(N·T·C²·K), memory one block. Raises BadInput unless targets is 1 or more.
    Source: Bickford Smith et al. 2023.

    >>> import numpy as np, querist
    >>> draws = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]])
    >>> querist.query("epig", 1, draws=draws).tolist()
    [1]
    """

    targets: int = 200

    needs: ClassVar[frozenset[Need]] = frozenset({"draws"})
    context: ClassVar[frozenset[str]] = frozenset({"targets"})
    about: ClassVar[About] = About("bayesian", "mean_t I(y; y_t)", "O(N·T·C²·K)", "Bickford Smith 2023")

    def __post_init__(self) -> None:
        if not isinstance(self.targets, int) or self.targets < 1:
            raise BadInput(f"targets must be a whole number, 1 or more: got {self.targets!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by what its label would tell about those of the targets; [N]."""
        targets = targets_of(view)
        if targets.draws is None:
            raise MissingEvidence("epig compares each row with the targets: give them draws too, of the same members")
        order = np.argsort(draw.uniform(targets.keys, "epig"))
        return epig(view.draws, targets.take(order[: self.targets]).draws)
