"""Monte Carlo dropout: one network, K thinned copies of it."""

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
class Dropout(DrawnLearner):
    """Train one network, and leave K fixed sets of its units away to draw K predictions.

    ``base`` is a learner of a network, ``torch`` or ``transformers``, with dropout in it; ``rate`` overrides its
    rates. The ``draws`` masks are drawn once, at the fit: the same for every row, block and shard, so that each draw is
    one network, and joint quantities (batchbald, the covariance of two items) are right. Along the tokens of a text one
    mask holds (Gal & Ghahramani 2016b). Normalisation by batch uses its running means. What comes before the first
    dropout runs once per item, not K times. Found are the layers torch.nn.Dropout, 1d, 2d and 3d, and calls of
    torch.nn.functional.dropout that the module makes in evaluation too; not the dropout inside fused attention.

    Evidence: draws [N, K, C], probs, their mean; embed and head, of the whole network. Cost: one fit of the base;
    a prediction is one pass up to the first dropout, K from there on. Source: Gal & Ghahramani 2016.

    >>> Dropout(base="torch(module='cnn')", draws=20).base
    "torch(module='cnn')"
    """

    base: str | Learner | Deep = "torch"
    draws: int = 50
    rate: float | None = None

    name: ClassVar[str] = "dropout"
    about: ClassVar[About] = About(
        "Monte Carlo dropout on a network (querist[torch])", tuple(sorted(GIVES)), "features", "one fit of the base"
    )

    def __post_init__(self) -> None:
        check_count("draws", self.draws)
        if self.rate is not None and not (isinstance(self.rate, int | float) and 0 < self.rate < 1):
            raise BadInput(f"rate must lie between 0 and 1: got {self.rate!r}")
        object.__setattr__(self, "base", written(deep(self.base, by=self.name)))

    @property
    def count(self) -> int:
        """How many masks."""
        return self.draws

    def opinions(self, lesson: Lesson, rng: np.random.Generator, warm: Predictor | None) -> DrawnPredictor:
        """Train the network, and draw the masks; raises BadInput for one without dropout."""
        from querist.learners._masks import masks_of

        network = self.learner.network(lesson, rng, warm=warm)
        masks: Any = masks_of(network, lesson, self.draws, rate=self.rate, entropy=entropy_of(rng))
        return DrawnPredictor(network, masks, network.notes)
