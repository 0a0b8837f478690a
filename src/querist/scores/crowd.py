"""How far several people and a model are to be trusted, told from where they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.scores.votes import Votes, majority

LEAST = 1e-6
"""The smallest weight of a person or a model."""
FEW = 0.7
"""How likely a vote is taken to be right while no item has two."""


@dataclass(frozen=True, eq=False)
class Trust:
    """The weights of the ``people`` [A] and of the ``model``, and how likely a ``vote`` is to be right."""

    people: Floats
    model: float
    vote: float

    def pooled(self, votes: Votes, model: Floats) -> tuple[Floats, Floats]:
        """Add up the weighted votes and predictions of each item, and the weights: [L, C], [L]."""
        total, weight = self.model * model, np.full(votes.items, self.model)
        other = (1 - self.vote) / max(votes.classes - 1, 1)
        said = np.full((len(votes.item), votes.classes), other)
        said[np.arange(len(said)), votes.label] = self.vote if votes.classes > 1 else 1.0
        np.add.at(total, votes.item, self.people[votes.person, None] * said)
        np.add.at(weight, votes.item, self.people[votes.person])
        return total, weight


def trust_in(votes: Votes, model: Floats) -> Trust:
    """Weigh the people and the model by how well they predict the others; see ``estimate.crowdlab``.

    Shapes: model [L, C], predictions that did not see the votes. Cost: O(V + L·C).

    >>> votes = Votes(np.array([0]), np.array([0]), np.array([1]), items=1, people=1, classes=2)
    >>> trust_in(votes, np.array([[0.4, 0.6]]))
    Trust(people=array([1.]), model=1.0, vote=0.7)
    """
    shared = votes.per_item() > 1
    if not shared.any():
        return Trust(np.ones(votes.people), 1.0, FEW)
    use = shared[votes.item]
    best = broken_by(majority(votes), model)
    commonest = np.bincount(best[shared], minlength=votes.classes).argmax()
    base = max(float((votes.label[use] != commonest).mean()), LEAST)
    trust = float(np.clip((votes.label[use] == best[votes.item[use]]).mean(), 1 / votes.classes, 1.0))
    people = np.maximum(1 - (1 - agreement(votes)) / base, LEAST)
    wrong = float((model[shared].argmax(axis=1) != best[shared]).mean())
    own = max(1 - wrong / base, LEAST) * float(np.sqrt(votes.per_item()[shared].mean()))
    return Trust(people, own, trust)


def broken_by(shares: Floats, model: Floats) -> NDArray[np.intp]:
    """Take the class of the largest share, a tie going to the more probable one; [L].

    >>> broken_by(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]])).tolist()
    [1]
    """
    top = shares >= shares.max(axis=1, keepdims=True) - 1e-12
    return np.asarray(np.where(top, model, -1.0).argmax(axis=1))


def agreement(votes: Votes) -> Floats:
    """Give the share of the other voters on the same items that a person agrees with; float64 [A].

    Someone who shares no item with anybody gets the mean of the others. Range: [0, 1]. Cost: O(V + L·C).

    >>> agreement(Votes(np.array([0, 0]), np.array([0, 1]), np.array([1, 0]), items=1, people=2, classes=2)).tolist()
    [0.0, 0.0]
    """
    counts, others = votes.counts(), votes.per_item()[votes.item] - 1
    same = np.bincount(votes.person, counts[votes.item, votes.label] - 1, minlength=votes.people)
    met = np.bincount(votes.person, others, minlength=votes.people)
    mean = same.sum() / met.sum() if met.sum() else 1.0
    return np.asarray(np.divide(same, met, out=np.full(votes.people, mean), where=met > 0))
