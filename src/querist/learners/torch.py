"""Any PyTorch network as a learner."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadInput
from querist.learners._checks import check_needs
from querist.learners._constant import entropy_of
from querist.learners._extra import need
from querist.learners._head import HeadPosterior, softmax_of
from querist.learners._settings import Settings
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.learners._lesson import Lesson
    from querist.learners._network import Network

_GIVES: frozenset[Need] = frozenset({"probs", "draws", "embed", "head"})


@dataclass(frozen=True)
class Torch(Settings):
    """Train a PyTorch network on feature rows, or on arrays of any shape.

    ``module`` is a torch.nn.Module, a function that makes one (told ``classes`` if it asks), "mlp" (a hidden layer of
    128), "cnn" (two convolutions, a dense head), or a skorch NeuralNetClassifier, which then trains by its own
    settings. It gives C logits for an item. ``shape`` is that of one item, (1, 28, 28) for instance; None: as the items
    come, and for "cnn" the square image that a row can be. ``standardise`` by the pool: vectors feature by feature,
    images channel by channel. ``balanced`` weighs classes by 1/labels. Every fit begins with the module's initial
    weights; ``warm_start`` begins with those of the last model (``warm``; in a study that of the round before, but
    every tenth fit begins anew). Settings of the training: see ``Settings``.

    Evidence: probs; embed, what enters the last linear layer; head, that layer, where its output is the logits; draws
    [N, K, C] from the Laplace posterior of the head. A module without a linear layer gives probs alone, one whose last
    linear layer does not make the logits no head and no draws. Without labels of two classes nothing is trained, and
    probs are the smoothed shares. A fit repeats on the CPU to the bit, whatever the order of the pool. Normalisation
    by batch is used as in training to train, and by its running means to predict.

    Cost of a fit: epochs·L passes forward and back. Needs ``pip install 'querist[torch]'``. Raises BadInput for a
    module that does not fit the items or the classes, LearnerFailed for a loss that is not finite.

    >>> Torch("cnn", epochs=50).provides >= {"probs", "embed"}
    True
    """

    module: Any = "mlp"
    shape: tuple[int, ...] | None = None
    standardise: bool = True
    balanced: bool = False
    warm_start: bool = False
    draws: int = 50

    eats: ClassVar[str] = "features"
    about: ClassVar[About] = About(
        "any PyTorch network (querist[torch])", tuple(sorted(_GIVES)), eats, "epochs·L passes forward and back"
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        named = isinstance(self.module, str)
        if (named and self.module not in NETWORKS) or (not named and not _makes(self.module)):
            raise BadInput(
                f"module must be {' or '.join(repr(name) for name in NETWORKS)}, a torch.nn.Module, a function that "
                f"makes one, or a skorch net: got {self.module!r}"
            )
        if not isinstance(self.draws, int) or self.draws < 1:
            raise BadInput(f"draws must be a whole number, 1 or more: got {self.draws!r}")
        if self.shape is not None:
            object.__setattr__(self, "shape", tuple(self.shape))

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, embed, head."""
        return _GIVES

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
        """Train; raises BadInput, BadEvidence, BadLabel, LearnerFailed, MissingExtra."""
        lesson = self.lesson(items, targets, classes=classes, pool=pool)
        if lesson.hopeless:
            return lesson.constant(_GIVES, self.draws, entropy_of(rng))
        return TorchPredictor(self.network(lesson, rng, warm=warm), lesson, self.draws, entropy_of(rng))

    def lesson(self, items: Items, targets: NDArray[np.int64], *, classes: int, pool: Items | None) -> Lesson:
        """Read what is to be learnt; raises BadEvidence, BadData, BadLabel, MissingExtra."""
        need("torch", extra="torch", by="a network")
        from querist.learners._lesson import Lesson
        from querist.learners._reader import Numbers, image_shape

        guessed = image_shape(items) if self.module == "cnn" and self.shape is None else self.shape
        reader = Numbers.of(items, pool, shape=guessed, standardise=self.standardise)
        return Lesson.of(reader, items, targets, classes=classes)

    def network(
        self, lesson: Lesson, rng: np.random.Generator, *, warm: Predictor | None = None, anew: bool = False
    ) -> Network:
        """Train one network on a lesson; ``anew``: draw new initial weights for a module that has some."""
        from querist.learners import _build

        start = _build.start_of(warm) if self.warm_start else None
        return _build.trained(self, lesson, rng, start=start, anew=anew)

    def restored(self, lesson: Lesson, state: Mapping[str, Any]) -> Network:
        """Make a network of weights that were trained in another process."""
        from querist.learners import _build

        return _build.restored(self, lesson, state)


NETWORKS = ("mlp", "cnn")


def _makes(module: Any) -> bool:
    return callable(module) or hasattr(module, "module")


@dataclass(frozen=True, eq=False)
class TorchPredictor:
    """A trained network, what it was trained on, and how many draws it gives."""

    network: Network
    lesson: Lesson
    count: int
    entropy: tuple[int, ...]

    moves: ClassVar[bool] = True
    """Its representation is learnt anew in every round."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the training had to say."""
        return self.network.notes

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence that the module allows."""
        return self.network.provides

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row, LearnerFailed."""
        check_needs(needs, self.provides)
        logits, embed = self.network.outputs(items)
        out: dict[Need, Any] = {}
        if "probs" in needs:
            out["probs"] = softmax_of(logits)
        if "embed" in needs:
            out["embed"] = embed
        if "draws" in needs:
            out["draws"] = self.posterior.probs(np.asarray(embed))
        if "head" in needs:
            out["head"] = self.network.head
        return out

    @cached_property
    def posterior(self) -> HeadPosterior:
        """The posterior of the head, fitted when draws are first asked for."""
        return self.lesson.posterior(self.network, self.count, self.entropy)
