"""New labels and second opinions by one measure: how sure the label of an item would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.scores.crowd import Trust, trust_in
from querist.scores.votes import Votes
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class ActiveLab(Strategy):
    """Prefer the items whose label is least sure, whether nobody has labelled them yet or people may be wrong.

    Formula: s = 1 − ((w_M + Σ_j w_j) q + w̄/C)/(w_M + Σ_j w_j + w̄) for an item that people j have labelled, q the
    probability of its consensus class by CROWDLAB, whose weights w_j of people and w_M of the model these are; without
    any label s = 1 − (w_M p₍₁₎ + w̄/C)/(w_M + w̄), p₍₁₎ the largest probability of the model; w̄ the mean of w_j, 1
    without people. So an item that one more person labels moves little when many agree on it. Labelled rows are
    candidates where ids say so: a row of the pool with the id of a labelled row is asked for another opinion. Range:
    [0, 1 − 1/C]. Cost: O(N·C + V). Source: Goh & Mueller 2023.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> said = [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1]
    >>> votes = Ragged(np.array([[who % 3, label] for who, label in enumerate(said)]), np.arange(0, 13, 3))
    >>> probs = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.5, 0.5], [0.9, 0.1]])
    >>> ids = ["sure 1", "sure 2", "sure 3", "doubt", "new"]
    >>> labelled = {"ids": ids[:4], "probs": probs[:4]}
    >>> context = {"labelled": labelled, "labels": [0, 1, 0, 1], "votes": votes}
    >>> [ids[row] for row in querist.query("active-lab", 2, ids=ids, probs=probs, **context)]
    ['doubt', 'new']
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "votes"})
    calibrated: ClassVar[bool] = True
    relabels: ClassVar[bool] = True
    about: ClassVar[About] = About("annotators", "1 − sureness of the label", "O(N·C + V)", "Goh & Mueller 2023")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by how unsure its label is, or would be; [N]."""
        probs = np.asarray(to_numpy(view.probs), np.float64)
        if view.labelled is None or view.votes is None or not len(view.labelled):
            return _doubt(probs.max(axis=1), np.ones(len(view)), mean=1.0, classes=probs.shape[1])
        asked = np.asarray(to_numpy(view.labelled.probs), np.float64)
        votes = _votes(view, asked.shape[1])
        trust = trust_in(votes, asked)
        mean = _mean_weight(trust, votes)
        total, weight = trust.pooled(votes, asked)
        again = _doubt(total.max(axis=1) / weight, weight, mean=mean, classes=votes.classes)
        fresh = _doubt(probs.max(axis=1), np.full(len(view), trust.model), mean=mean, classes=votes.classes)
        at = _places(view)
        known = (at >= 0) & (votes.per_item()[at] > 0)
        return np.asarray(np.where(known, again[at], fresh))


def _doubt(sureness: Floats, weight: Floats, *, mean: float, classes: int) -> Floats:
    """Give 1 − (w q + w̄/C)/(w + w̄), q the probability of the likely class and w all weight behind it."""
    return np.asarray(1 - (weight * sureness + mean / classes) / (weight + mean))


def _mean_weight(trust: Trust, votes: Votes) -> float:
    active = np.bincount(votes.person, minlength=votes.people) > 0
    return float(trust.people[active].mean()) if active.any() else 1.0


def _votes(view: View, classes: int) -> Votes:
    """Read the votes of the labelled rows; one for a class that the model does not know says nothing."""
    assert view.votes is not None
    pairs, starts = np.asarray(to_numpy(view.votes.values), np.int64).reshape(-1, 2), view.votes.starts
    item = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    people = int(pairs[:, 0].max()) + 1 if len(pairs) else 1
    item, pairs = item[pairs[:, 1] < classes], pairs[pairs[:, 1] < classes]
    return Votes(item, pairs[:, 0], pairs[:, 1], items=len(starts) - 1, people=people, classes=classes)


def _places(view: View) -> Rows:
    """Find each row among the labelled rows by its key; −1 for one that was not asked before; [N]."""
    assert view.labelled is not None
    keys, order = view.labelled.keys, np.argsort(view.labelled.keys, kind="stable")
    at = np.minimum(np.searchsorted(keys, view.keys, sorter=order), len(keys) - 1)
    found = order[at]
    return np.where(keys[found] == view.keys, found, -1)
