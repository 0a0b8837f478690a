"""The Laplace posterior of the last layer, in closed form."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadInput
from querist.learners import resolve
from querist.learners._checks import check_needs
from querist.learners._constant import Constant, entropy_of
from querist.learners._drawn import GIVES, check_count, written
from querist.learners._head import HeadPosterior
from querist.learners._laplace import BIAS_PRECISION
from querist.learners._order import content_order
from querist.learners.info import About
from querist.learners.protocol import Items, Learner, Predictor
from querist.view import Evidence, Need


@dataclass(frozen=True)
class Laplace:
    """Put a normal posterior around the last linear layer of a model, and average the probabilities of its draws.

    ``base`` is any learner that gives embed and head: ``torch``, ``transformers``, ``linear``. The posterior is
    N(weights, H⁻¹), H the exact Hessian of the log loss on the labelled embeddings and of the penalty. ``prior`` is the
    precision of the weights; None takes that under which the head was fitted where it is known, else the one under
    which the head is likeliest, C·(D + 1) / ‖head‖².

    Evidence: draws [N, K, C], probs, their mean; embed and head as the base has them. Cost: one fit of the base, and
    O((C·min(L, D))³) for the posterior, up to 3,000 such parameters; beyond, see ``linear``.
    Source: MacKay 1992; Daxberger et al. 2021 for the last layer alone.

    >>> Laplace(base="linear").provides >= {"draws", "probs"}
    True
    """

    base: str | Learner = "torch"
    draws: int = 50
    prior: float | None = None

    about: ClassVar[About] = About(
        "Laplace posterior of the last layer of torch, transformers or linear",
        tuple(sorted(GIVES)),
        "features",
        "one fit of the base + (C·min(L, D))³",
    )

    def __post_init__(self) -> None:
        check_count("draws", self.draws)
        if self.prior is not None and not (isinstance(self.prior, int | float) and 0 < self.prior < float("inf")):
            raise BadInput(f"prior must be a positive, finite number: got {self.prior!r}")
        object.__setattr__(self, "base", written(self.base))
        missing = {"embed", "head"} - self.learner.provides
        if missing:
            raise BadInput(f"laplace needs a model that ends in a linear layer: {self.base!r} gives no head")

    @cached_property
    def learner(self) -> Learner:
        """The learner of the model."""
        return resolve(self.base)[0]

    @property
    def eats(self) -> str:
        """What the model eats."""
        return self.learner.eats

    @property
    def warm_start(self) -> bool:
        """Say whether the base goes on from its last model."""
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
        """Train the base, and find the posterior; raises BadInput for a module without a last linear layer."""
        before = warm.model if isinstance(warm, LaplacePredictor) else warm
        model = self.learner.fit(items, targets, classes=classes, rng=rng, pool=pool, warm=before)
        if isinstance(model, Constant):
            return replace(model, provides=GIVES, count=self.draws, entropy=entropy_of(rng))
        if not {"embed", "head"} <= model.provides:
            raise BadInput(
                f"laplace needs a module that ends in a torch.nn.Linear which makes its logits: {self.base!r} has "
                "none; end it with one, or choose dropout or ensemble"
            )
        wanted: frozenset[Need] = frozenset({"embed", "head"})
        found = model.predict(items, wanted)
        embed, head = np.asarray(found["embed"], np.float64), found["head"]
        order = content_order(embed, targets)  # what is drawn goes by the rows
        given = self.prior is None and head.prior is not None  # then the intercepts were free, too
        prior, bias = (head.prior, BIAS_PRECISION) if given else (self.prior, None)
        posterior = HeadPosterior(embed[order], targets[order], head, self.draws, entropy_of(rng), prior, bias)
        return LaplacePredictor(model, posterior)


@dataclass(frozen=True, eq=False)
class LaplacePredictor:
    """A trained model, and the posterior of its last layer."""

    model: Predictor
    posterior: HeadPosterior

    provides: ClassVar[frozenset[Need]] = GIVES

    @property
    def moves(self) -> bool:
        """Say whether the base learns its representation anew in every round."""
        return bool(getattr(self.model, "moves", False))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the training had to say."""
        found: tuple[str, ...] = getattr(self.model, "notes", ())
        return found

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row, LearnerFailed."""
        check_needs(needs, self.provides)
        drawn: frozenset[Need] = frozenset({"probs", "draws"})
        beside: frozenset[Need] = frozenset({"embed"} if needs & drawn else ())
        rest = (needs - drawn) | beside
        out: dict[Need, Any] = dict(self.model.predict(items, rest))
        if needs & drawn:
            draws = self.posterior.probs(np.asarray(out["embed"]))
            out |= {"draws": draws, "probs": draws.mean(axis=1)}
        return {need: out[need] for need in needs}
