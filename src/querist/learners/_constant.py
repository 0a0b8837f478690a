"""What is known before two classes have labels: the same of every item."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats
from querist.learners._checks import Matrix, check_finite, check_needs
from querist.learners.protocol import Items
from querist.view import Evidence, Head, Need


class Readable(Protocol):
    """How items are read and represented without a model: ``Features``, or what a network reads by."""

    def read(self, items: Items) -> Matrix:
        """Check items, and give them as numbers."""
        ...

    def embed(self, matrix: Matrix) -> Array:
        """Give them as dense features [N, D]."""
        ...


@dataclass(frozen=True, eq=False)
class Constant:
    """A predictor without a model: smoothed class shares on every row.

    probs: (n_c + 1) / (n + C), uniform without labels. draws: K draws of the shares from their posterior,
    Dirichlet(n_c + 1). decision: 0. head: no weight, the log shares as intercepts. embed: the features.
    """

    counts: NDArray[np.int64]
    features: Readable
    provides: frozenset[Need]
    count: int = 1
    entropy: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()

    @cached_property
    def shares(self) -> Floats:
        """The smoothed share of every class, [C]."""
        return np.asarray((self.counts + 1.0) / (self.counts.sum() + len(self.counts)))

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence."""
        check_needs(needs, self.provides)
        matrix = self.features.read(items)
        check_finite(matrix)
        makers: dict[Need, Callable[[Matrix], Array | Head]] = {
            "probs": lambda rows: np.tile(self.shares, (rows.shape[0], 1)),
            "decision": lambda rows: np.zeros((rows.shape[0], 1 if len(self.counts) == 2 else len(self.counts))),
            "draws": lambda rows: np.tile(self._drawn, (rows.shape[0], 1, 1)),
            "embed": self.features.embed,
            "head": self._head,
        }
        return {need: makers[need](matrix) for need in needs}

    @cached_property
    def _drawn(self) -> Floats:
        return np.random.default_rng(self.entropy).dirichlet(self.counts + 1.0, self.count)

    def _head(self, rows: Matrix) -> Head:
        width = self.features.embed(rows[:0]).shape[1]
        return Head(np.zeros((len(self.counts), width)), np.log(self.shares))


def entropy_of(rng: np.random.Generator) -> tuple[int, ...]:
    """Take 128 random bits from a generator, to seed one that is used later and always begins anew."""
    return tuple(rng.integers(2**32, size=4).tolist())
