"""What dropout, ensembles and Bayesian networks share: a network below, K opinions on every item above."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadInput
from querist.learners import resolve
from querist.learners._checks import check_needs
from querist.learners._constant import entropy_of
from querist.learners._head import softmax_of
from querist.learners.protocol import Items, Learner, Predictor
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.learners._lesson import Lesson
    from querist.learners._network import Network

GIVES: frozenset[Need] = frozenset({"probs", "draws", "embed", "head"})


class Deep(Protocol):
    """A learner that trains a network, such as ``torch``, in the steps that wrappers build on."""

    eats: str

    def lesson(self, items: Items, targets: NDArray[np.int64], *, classes: int, pool: Items | None) -> Lesson:
        """Read what is to be learnt."""
        ...

    def network(
        self, lesson: Lesson, rng: np.random.Generator, *, warm: Predictor | None = None, anew: bool = False
    ) -> Network:
        """Train one network."""
        ...

    def restored(self, lesson: Lesson, state: Mapping[str, Any]) -> Network:
        """Make a network of weights that were trained elsewhere."""
        ...


class Opinions(Protocol):
    """K networks in one."""

    def logits(self, network: Network, items: Items) -> NDArray[np.float32]:
        """Compute what each of them makes of the items, [N, K, C]."""
        ...


def deep(base: str | Learner | Deep, *, by: str) -> Deep:
    """Give the learner of networks that is meant; raises BadInput for a learner of another kind."""
    found: Any = resolve(base)[0]
    if not hasattr(found, "lesson") or not hasattr(found, "network"):
        raise BadInput(
            f"{by} needs a network: base must be 'torch', for instance 'torch(module=\"cnn\")', or 'transformers': got "
            f"{base!r}"
        )
    made: Deep = found
    return made


def written(base: str | Learner | Deep) -> Any:
    """Write a learner as its specification where it has one, so that what it stands in can be written too."""
    found, spec = resolve(base)
    return spec or found


def check_count(name: str, value: object, *, least: int = 1) -> None:
    """Raise BadInput unless a field is a whole number of at least ``least``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BadInput(f"{name} must be a whole number, {least} or more: got {value!r}")


class DrawnLearner(ABC):
    """A learner of networks below, K opinions above: what it eats and gives, and the fit up to the opinions."""

    base: str | Learner | Deep
    name: ClassVar[str]

    @property
    @abstractmethod
    def count(self) -> int:
        """How many opinions it gives."""

    @abstractmethod
    def opinions(self, lesson: Lesson, rng: np.random.Generator, warm: Predictor | None) -> DrawnPredictor:
        """Train on what is to be learnt, and give the opinions."""

    @cached_property
    def learner(self) -> Deep:
        """The learner of the network."""
        return deep(self.base, by=self.name)

    @property
    def eats(self) -> str:
        """What the network eats."""
        return self.learner.eats

    @property
    def warm_start(self) -> bool:
        """Say whether the network goes on from that of the last model."""
        return bool(getattr(self.learner, "warm_start", False))

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, embed, head."""
        return GIVES

    def fit(
        self,
        items: Items,
        targets: NDArray[np.int64],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Train on L items; where they hold fewer than two classes it is their share. Raises what the base raises."""
        lesson = self.learner.lesson(items, targets, classes=classes, pool=pool)
        if lesson.hopeless:
            return lesson.constant(GIVES, self.count, entropy_of(rng))
        return self.opinions(lesson, rng, warm)


@dataclass(frozen=True, eq=False)
class DrawnPredictor:
    """K opinions on every item, their mean, and the representation and head of one network."""

    network: Network
    opinions: Opinions
    notes: tuple[str, ...] = ()

    moves: ClassVar[bool] = True
    """Its representation is learnt anew in every round."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, and embed and head as the module has them."""
        return self.network.provides | {"draws"}

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row, LearnerFailed."""
        check_needs(needs, self.provides)
        out: dict[Need, Any] = {}
        if needs & {"probs", "draws"}:
            draws = softmax_of(self.opinions.logits(self.network, items))
            out = {"draws": draws, "probs": draws.mean(axis=1)}
        if "embed" in needs:
            out["embed"] = self.network.outputs(items)[1]
        if "head" in needs:
            out["head"] = self.network.head
        return {need: out[need] for need in needs}
