"""A consensus of people and a model, each weighted by how well it predicts the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput
from querist.scores.crowd import trust_in
from querist.scores.votes import Votes


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
    trust = trust_in(votes, model)
    total, weight = trust.pooled(votes, model)
    return Weighted(total / weight[:, None], trust.people, trust.model)
