"""A Bayesian neural network: a normal posterior over all its weights, read off the path of stochastic gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from querist.errors import BadInput
from querist.learners._constant import entropy_of
from querist.learners._drawn import GIVES, Deep, DrawnLearner, DrawnPredictor, check_count, deep, written
from querist.learners.info import About
from querist.learners.protocol import Learner, Predictor

if TYPE_CHECKING:
    from querist.learners._lesson import Lesson


@dataclass(frozen=True)
class Bnn(DrawnLearner):
    """Train one network, walk on by gradients at a constant rate, and draw all weights from where the walk went.

    SWAG: after the training of ``base``, ``snapshots`` weight vectors are noted on a walk by SGD with momentum at
    ``rate``, an epoch and at least ten batches apart, with ``decay`` as the prior. The posterior has their mean, and as
    covariance half the diagonal of theirs and half the low-rank one of the deviations from the running mean. Each draw
    is one network with weights of its own; where it normalises by batch, the statistics are measured anew for it.

    Chosen over mean-field variational inference, which on tens of labels for 10⁵ weights is ruled by its prior: wide
    networks then ignore the labels (Coker et al. 2022), and its passes cost twice. What SWAG lacks is width: it knows
    one mode, and where the training loss is near 0 the walk, and so the spread, is small.

    Evidence: draws [N, K, C], probs, their mean; embed and head at the mean weights. Cost: one fit of the base, and
    max(snapshots · L, 10 · snapshots · batch) passes; a prediction costs K passes; memory (snapshots + 2) · weights.
    Source: Maddox et al. 2019.

    >>> Bnn(base="torch(module='cnn')", draws=10).snapshots
    20
    """

    base: str | Learner | Deep = "torch"
    draws: int = 50
    snapshots: int = 20
    rate: float = 0.01
    decay: float = 1e-3

    name: ClassVar[str] = "bnn"
    about: ClassVar[About] = About(
        "Bayesian neural network over all weights, SWAG (querist[torch])",
        tuple(sorted(GIVES)),
        "features",
        "one fit of the base + snapshots·L passes",
    )

    def __post_init__(self) -> None:
        check_count("draws", self.draws)
        check_count("snapshots", self.snapshots, least=2)
        if not (isinstance(self.rate, int | float) and 0 < self.rate < float("inf")):
            raise BadInput(f"rate must be a positive, finite number: got {self.rate!r}")
        if not (isinstance(self.decay, int | float) and 0 <= self.decay < float("inf")):
            raise BadInput(f"decay must be a finite number, 0 or more: got {self.decay!r}")
        object.__setattr__(self, "base", written(deep(self.base, by=self.name)))

    @property
    def count(self) -> int:
        """How many draws of all weights."""
        return self.draws

    def opinions(self, lesson: Lesson, rng: np.random.Generator, warm: Predictor | None) -> DrawnPredictor:
        """Train the network, and walk on; raises LearnerFailed where the walk runs away."""
        from querist.learners import _swag

        network = self.learner.network(lesson, rng, warm=warm)
        path: Any = _swag.walked(network, lesson, self, rng)
        posterior = _swag.posterior_of(network, lesson, path, self.draws, entropy=entropy_of(rng))
        return DrawnPredictor(posterior.centre, posterior, network.notes)
