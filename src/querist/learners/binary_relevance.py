"""One yes-or-no model for each class: sets of classes."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadInput, BadLabel
from querist.learners import resolve
from querist.learners._checks import check_needs
from querist.learners.info import About
from querist.learners.protocol import Items, Learner, Predictor
from querist.view import Evidence, Need, Ragged


@dataclass(frozen=True)
class BinaryRelevance:
    """Train a learner of two classes for each of C classes: in the set, or not.

    ``base`` is a specification or a learner that gives probs. Evidence: decision [N, C], the log-odds of each class;
    elements [C a row, 2], its probabilities of no and yes, so that strategies over elements work; embed, where the base
    has it. Cost: C fits and C predictions of every row. Source: Godbole & Sarawagi 2004; Tsoumakas & Katakis 2007.

    >>> x, y = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([[0, 1], [0, 1], [1, 1], [1, 0]])
    >>> model = BinaryRelevance().fit(x, y, classes=2, rng=np.random.default_rng(0))
    >>> (model.predict(x, {"decision"})["decision"] > 0).astype(int).tolist()
    [[0, 1], [0, 1], [1, 1], [1, 1]]
    """

    base: str | Learner = "linear"

    about: ClassVar[About] = About(
        "one model for each class of a set", ("decision", "elements", "embed"), "features", "C fits of the base"
    )

    def __post_init__(self) -> None:
        spec = resolve(self.base)[1]
        object.__setattr__(self, "base", spec or self.base)
        if "probs" not in self.inner.provides:
            raise BadInput(f"binary-relevance needs a base that gives probs: {self.base} gives none; name another one")

    @cached_property
    def inner(self) -> Learner:
        """The learner of each class."""
        return resolve(self.base)[0]

    @property
    def eats(self) -> str:
        """Say what the base eats."""
        return self.inner.eats

    @property
    def warm_start(self) -> bool:
        """Say whether the base goes on from its last model."""
        return bool(getattr(self.inner, "warm_start", False))

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: decision, elements, and embed of the base."""
        own: frozenset[Need] = frozenset({"decision", "elements"})
        return own | (self.inner.provides & {"embed"})

    def fit(
        self,
        items: Items,
        targets: NDArray[Any],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> TrainedRelevance:
        """Train on L items and their sets, a table [L, C] of 0 and 1. Raises BadLabel, and what the base raises."""
        targets = np.asarray(targets)
        if targets.shape != (items.shape[0], classes) or not np.isin(targets, (0, 1)).all():
            raise BadLabel(
                f"binary-relevance learns a table [L, C] of 0 and 1, {items.shape[0]} by {classes}: got "
                f"{targets.dtype} {targets.shape}; it belongs to the task multilabel"
            )
        before = (
            warm.models if isinstance(warm, TrainedRelevance) and len(warm.models) == classes else (None,) * classes
        )
        models = tuple(
            self.inner.fit(items, targets[:, code], classes=2, rng=rng, pool=pool, warm=before[code])
            for code in range(classes)
        )
        return TrainedRelevance(models, self.provides)


@dataclass(frozen=True, eq=False)
class TrainedRelevance:
    """The C models of a ``BinaryRelevance``."""

    models: tuple[Predictor, ...]
    gives: frozenset[Need]

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: decision, elements, and embed of the base."""
        return self.gives

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, and what the models raise."""
        check_needs(needs, self.provides)
        found: dict[Need, Any] = {}
        if needs & {"decision", "elements"}:
            probs = np.stack([model.predict(items, {"probs"})["probs"] for model in self.models], axis=1)
            found = {"decision": _log_odds(probs), "elements": _as_elements(probs)}
        if "embed" in needs:
            found["embed"] = self.models[0].predict(items, {"embed"})["embed"]
        return {need: found[need] for need in needs}


def _log_odds(probs: NDArray[Any]) -> Floats:
    """Give log p(yes) / p(no), finite also where a model is certain; [N, C]."""
    tiny = np.finfo(np.float64).tiny
    logs = np.log(np.maximum(np.asarray(probs, np.float64), tiny))
    return np.asarray(logs[:, :, 1] - logs[:, :, 0])


def _as_elements(probs: NDArray[Any]) -> Ragged:
    size, classes, _ = probs.shape
    return Ragged(probs.reshape(size * classes, 2), np.arange(0, size * classes + 1, classes, dtype=np.int64))
