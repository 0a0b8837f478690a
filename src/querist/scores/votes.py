"""Labels of several people on the same items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadInput


@dataclass(frozen=True, eq=False)
class Votes:
    """V labels: who said what of which item; ``item``, ``person`` and ``label`` int64 [V].

    There are ``items`` L items, ``people`` A people and ``classes`` C classes; an item or a person may have no label.
    Raises BadInput.

    >>> votes = Votes(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1, 0, 1]), items=2, people=2, classes=2)
    >>> votes.counts().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """

    item: NDArray[np.int64]
    person: NDArray[np.int64]
    label: NDArray[np.int64]
    items: int
    people: int
    classes: int

    def __post_init__(self) -> None:
        for name, size in (("item", self.items), ("person", self.people), ("label", self.classes)):
            codes = getattr(self, name)
            if len(codes) != len(self.item):
                raise BadInput(f"item, person and label must be of one length: {name} has {len(codes)} entries")
            if len(codes) and not (codes.min() >= 0 and codes.max() < size):
                wrong = codes[(codes < 0) | (codes >= size)][0]
                raise BadInput(f"{name} must lie between 0 and {size - 1}: got {wrong}")
        pairs = self.item * self.people + self.person
        if len(np.unique(pairs)) < len(pairs):
            raise BadInput("a person has one label for an item: keep the latest of each pair")

    def counts(self) -> Floats:
        """Count the votes for each class of each item; float64 [L, C]."""
        table = np.zeros((self.items, self.classes))
        np.add.at(table, (self.item, self.label), 1.0)
        return table

    def per_item(self) -> Floats:
        """Count the votes on each item; float64 [L]."""
        return np.bincount(self.item, minlength=self.items).astype(np.float64)


def majority(votes: Votes) -> Floats:
    """Share the votes of each item among its classes; evenly where nobody voted; float64 [L, C].

    >>> majority(Votes(np.array([0, 0]), np.array([0, 1]), np.array([1, 0]), items=2, people=2, classes=2)).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    counts = votes.counts()
    total = counts.sum(axis=1, keepdims=True)
    even = np.full_like(counts, 1 / votes.classes)
    return np.asarray(np.divide(counts, total, out=even, where=total > 0))
