"""What a learner is: items and labels in, evidence out."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.view import Evidence, Need

Items: TypeAlias = Any
"""What a model eats: anything with ``.shape[0]`` that an integer array can index (dense, sparse, object array)."""


class Predictor(Protocol):
    """A trained model. It never changes: the next fit makes a new one while this one keeps serving."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence it can compute."""
        ...

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for on some items, row-wise and repeatable.

        ``predict(concat(a, b)) == concat(predict(a), predict(b))``: draws and members are fixed at fit. ``head`` alone
        is not row-wise. Asking for what it does not provide is an error (KeyError is never seen: MissingEvidence).
        """
        ...


class Learner(Protocol):
    """A way to train: a frozen dataclass whose fields are its hyper-parameters."""

    eats: ClassVar[str] = "features"
    """``features``: a numeric matrix, text is encoded before; ``raw``: the items as they were read."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence that its predictors can give, known before any label is."""
        ...

    def fit(
        self,
        items: Items,
        targets: NDArray[Any],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Train on L items and their class codes 0 … classes − 1, given in ingest order.

        Where a label is more than one class, ``targets`` are what ``Task.encode`` gives: spans [S, 3] of each text in
        an object array [L] (with rows of the class −1 where a text was looked at in part: those stretches), or a table
        [L, C] of 0 and 1 for sets of classes.

        ``pool`` holds every item of the study, labelled or not, in ingest order: for scaling and vocabularies, which
        need no label. No label at all, one class only, and classes without a label are states that work: the predictor
        then says what is known (uniform, or the smoothed shares). Probabilities always have ``classes`` columns.

        ``warm`` is an earlier predictor to go on from. A study passes its last model to a learner that has an attribute
        ``warm_start`` which is true, and none in the first of every ten rounds, nor when a label that taught that model
        stands no more, nor once the study has ended: a study that is opened again repeats the fits since then, and has
        the same model. Raises LearnerFailed.
        """
        ...
