"""Several models that disagree where the labels leave room for it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.errors import BadInput
from querist.learners import resolve
from querist.learners._checks import as_matrix, check_finite, check_needs, count_codes
from querist.learners._constant import Constant
from querist.learners._order import content_order
from querist.learners.info import About
from querist.learners.protocol import Items, Learner, Predictor
from querist.view import Evidence, Need

_OF_THE_BASE: frozenset[Need] = frozenset({"embed", "head"})


@dataclass(frozen=True)
class Committee:
    """Train K members; their probabilities are the draws, and the mean of those the committee's own.

    By default K = ``members`` copies of ``base`` (a specification or a learner), each on a bootstrap sample of the
    labels (bagging, Breiman 1996; query by bagging, Abe & Mamitsuka 1998). A sample holds two classes at least: after
    ten vain tries it takes one label of each class and fills up at random. ``Committee.of([…])`` trains given
    learners, each on all labels. A member without probabilities votes: 1 for its best class. Rows go to the members
    in an order of their content: neither the samples nor what a member draws depends on the order of the pool.

    Evidence: draws [N, K, C], probs; embed and head where the base has them, from a base trained on all labels (of
    given learners, the first). Cost: K + 1 fits, and K predictions of every row. Members are the same only without
    labels of two classes: then all say the smoothed shares.

    >>> Committee(members=3, base="linear(C=0.1)").learners
    (Linear(C=0.1, standardise=True, draws=50, max_iter=100, covariance=False),)
    """

    members: int = 10
    base: str | Learner = "linear"
    given: tuple[str | Learner, ...] = ()

    eats: ClassVar[str] = "features"
    about: ClassVar[About] = About(
        "K models on bootstrap samples of the labels", ("draws", "embed", "head", "probs"), eats, "K + 1 fits"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.members, int) or self.members < 2:
            raise BadInput(f"members must be a whole number, 2 or more: got {self.members!r}")
        if not isinstance(self.given, tuple | list) or len(self.given) not in (0, self.members):
            raise BadInput(
                f"given must hold as many learners as there are members, {self.members}: got {self.given!r}; "
                "write committee(members=2, given=('linear', 'sklearn:GaussianNB')), or Committee.of([…])"
            )
        # what can be written down is, so that the committee can be too; a dotted name is not
        object.__setattr__(self, "base", _written(self.base))
        object.__setattr__(self, "given", tuple(_written(learner) for learner in self.given))
        raw = next((m for m in self.learners if m.eats != self.eats), None)
        if raw is not None:
            raise BadInput(f"members must eat features: {raw!r} eats {raw.eats} items")

    @staticmethod
    def of(learners: Sequence[str | Learner]) -> Committee:
        """Make a committee of given learners, or specifications of them.

        >>> Committee.of(["linear", "linear(C=0.01)"]).members
        2
        """
        return Committee(len(learners), given=tuple(learners))

    @cached_property
    def learners(self) -> tuple[Learner, ...]:
        """The given learners, or the base alone."""
        return tuple(resolve(learner)[0] for learner in self.given or (self.base,))

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, and embed and head of the base."""
        own: frozenset[Need] = frozenset({"probs", "draws"})
        return own | (self.learners[0].provides & _OF_THE_BASE)

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
        """Train every member; ``warm`` is not used. Raises what the members raise."""
        counts = count_codes(targets, classes=classes, rows=items.shape[0])
        matrix = as_matrix(items)
        check_finite(matrix)
        order = content_order(matrix, targets)
        items, targets = matrix[order], targets[order]

        def train(learner: Learner, rows: Rows | slice) -> Predictor:
            return learner.fit(items[rows], targets[rows], classes=classes, rng=rng, pool=pool)

        whole = train(self.learners[0], slice(None))
        if self.given:
            team = [whole, *(train(learner, slice(None)) for learner in self.learners[1:])]
        elif np.count_nonzero(counts) < 2:
            team = [whole] * self.members
        else:
            bags = [bag(targets, rng) for _ in range(self.members)]
            team = [train(self.learners[0], rows) for rows in bags]
        return CommitteePredictor(tuple(team), whole, classes, self.provides)


def _written(learner: str | Learner) -> str | Learner:
    built, spec = resolve(learner)
    return spec or built


TRIES = 10


def bag(targets: NDArray[np.int64], rng: np.random.Generator) -> Rows:
    """Draw a bootstrap sample of rows, in ascending order, that has two classes if the targets have.

    >>> bag(np.array([0, 0, 0, 1]), np.random.default_rng(0)).tolist()
    [1, 2, 2, 3]
    """
    size = len(targets)
    for _ in range(TRIES):
        rows = rng.integers(size, size=size)
        if len(np.unique(targets[rows])) > 1:
            return np.sort(rows)
    one_of_each = [rng.choice(np.flatnonzero(targets == c)) for c in np.unique(targets)]
    return np.sort(np.concatenate([one_of_each, rng.integers(size, size=size - len(one_of_each))]))


@dataclass(frozen=True, eq=False)
class CommitteePredictor:
    """The trained members, and a base trained on all labels for embed and head."""

    members: tuple[Predictor, ...]
    whole: Predictor
    classes: int
    provides: frozenset[Need]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the members had to say, each thing once."""
        return tuple(dict.fromkeys(note for m in (*self.members, self.whole) for note in getattr(m, "notes", ())))

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row."""
        check_needs(needs, self.provides)
        out: dict[Need, Any] = {}
        if needs & {"draws", "probs"}:
            draws = np.stack([self._opinion(member, items) for member in self.members], axis=1)
            out = {"draws": draws, "probs": draws.mean(axis=1)}
        rest = needs & _OF_THE_BASE
        if rest:
            out.update(self.whole.predict(items, rest))
        return {need: out[need] for need in needs}

    def _opinion(self, member: Predictor, items: Items) -> Floats:
        """Give a member's probabilities, or its vote as probabilities, [N, C]."""
        if isinstance(member, Constant):
            return np.tile(member.shares, (items.shape[0], 1))
        if "probs" in member.provides:
            return np.asarray(member.predict(items, {"probs"})["probs"])
        scores = member.predict(items, {"decision"})["decision"]
        best = (scores[:, 0] > 0).astype(np.intp) if scores.shape[1] == 1 else scores.argmax(axis=1)
        return np.asarray(np.eye(self.classes)[best])
