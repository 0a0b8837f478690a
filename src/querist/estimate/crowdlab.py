"""A consensus of people and a model, each weighted by how well it predicts the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate.votes import Votes, majority

LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class Weighted:
    """``probs`` float64 [L, C], and the weights behind it: ``people`` [A] and ``model``."""

    probs: Floats
    people: Floats
    model: float


def crowdlab(votes: Votes, probs: Floats) -> Weighted:
    """Agree on the classes from the votes and from out-of-sample predictions of a model.

    Formula: p(c) = (w_M p_M(c) + Σ_j w_j p_j(c)) / (w_M + Σ_j w_j) over the people j who voted on the item; p_j(c) = P
    for the class that j said and (1 − P)/(C − 1) for the others, P the share of votes that agree with the majority; w_j
    = 1 − e_j/e, e_j how often j disagrees with the other voters of the same items and e the error of always naming the
    commonest class; w_M = (1 − e_M/e) √(mean votes per item), e_M the model's disagreement with the majority. Weights
    are at least 10⁻⁶. All but the sum is computed on items with more than one vote; without such items all weights are
    1 and P = 0.7. Shapes: probs [L, C] → [L, C]. Cost: O(V·C + L·C). Raises BadInput. Source: in the style of CROWDLAB,
    Goh, Tkachenko & Mueller 2022.

    >>> votes = Votes(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 0]), items=2, people=2,
    ...               classes=2)
    >>> crowdlab(votes, np.array([[0.9, 0.1], [0.2, 0.8]])).probs.argmax(axis=1).tolist()
    [0, 1]
    """
    model = np.asarray(probs, np.float64)
    if model.shape != (votes.items, votes.classes):
        raise BadInput(f"probs must be [{votes.items}, {votes.classes}], a row for each item: got {model.shape}")
    people, own, trust = _weights(votes, model)
    total, weight = own * model, np.full(votes.items, own)
    other = (1 - trust) / max(votes.classes - 1, 1)
    said = np.full((len(votes.item), votes.classes), other)
    said[np.arange(len(said)), votes.label] = trust if votes.classes > 1 else 1.0
    np.add.at(total, votes.item, people[votes.person, None] * said)
    np.add.at(weight, votes.item, people[votes.person])
    return Weighted(total / weight[:, None], people, own)


def _weights(votes: Votes, model: Floats) -> tuple[Floats, float, float]:
    """Weigh the people and the model, and say how far a vote is trusted."""
    shared = votes.per_item() > 1
    if not shared.any():
        return np.ones(votes.people), 1.0, 0.7
    use = shared[votes.item]
    best = broken_by(majority(votes), model)
    commonest = np.bincount(best[shared], minlength=votes.classes).argmax()
    base = max(float((votes.label[use] != commonest).mean()), LEAST)
    trust = float(np.clip((votes.label[use] == best[votes.item[use]]).mean(), 1 / votes.classes, 1.0))
    people = np.maximum(1 - (1 - agreement(votes)) / base, LEAST)
    wrong = float((model[shared].argmax(axis=1) != best[shared]).mean())
    own = max(1 - wrong / base, LEAST) * float(np.sqrt(votes.per_item()[shared].mean()))
    return people, own, trust


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
