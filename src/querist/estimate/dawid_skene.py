"""Who confuses what with what, and what the items really are: Dawid and Skene's model of several annotators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats, logsumexp
from querist.scores.votes import Votes, majority

STRENGTH = 4.0
"""How many answers the prior on each row of a person's confusion matrix is worth."""
RIGHT = 0.7
"""The share of right answers that the prior expects."""


@dataclass(frozen=True, eq=False)
class Consensus:
    """What the items are, and how people answer.

    ``probs`` float64 [L, C]: the probability of each class; ``confusion`` [A, C, C]: the probability that a person says
    the column when the row is true; ``prior`` [C]; ``log_posterior``: what the fit maximises, after each round.
    """

    probs: Floats
    confusion: Floats
    prior: Floats
    log_posterior: tuple[float, ...]


def dawid_skene(votes: Votes, *, pseudo: Floats | None = None, rounds: int = 200, tolerance: float = 1e-7) -> Consensus:
    """Fit the true classes and everybody's confusion matrix at once.

    Formula: expectation maximisation of Π_i Σ_c π_c Π_votes θ_{person, c, label}, from the majority, until the rise per
    vote is below ``tolerance``. Each row of θ has a Dirichlet prior of ``pseudo`` [A, C, C] answers; None: worth 4
    answers, 70 % of them right, so that a person with few answers is taken for an ordinary one. π has one answer per
    class. Shapes: see ``Consensus``. Cost: O(V·C + A·C²) a round. Raises nothing: without votes the prior is the
    answer. Source: Dawid & Skene 1979. ``estimate.consensus`` chooses the prior.

    >>> votes = Votes(np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4),
    ...               np.array([0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0]), items=4, people=3, classes=2)
    >>> found = dawid_skene(votes)
    >>> found.probs.argmax(axis=1).tolist(), found.confusion[2, 0].round(2).tolist()
    ([0, 1, 0, 1], [0.49, 0.51])
    """
    probs, found = majority(votes), []
    extra = pseudo_answers(np.full(votes.people, RIGHT), STRENGTH, votes.classes) if pseudo is None else pseudo
    for _ in range(rounds):
        prior, confusion = class_shares(probs), _rows(votes, probs, extra)
        probs, likelihood = expected(votes, prior, confusion)
        found.append(likelihood + float((extra * np.log(confusion)).sum() + np.log(prior).sum()))
        if len(found) > 1 and found[-1] - found[-2] < tolerance * max(len(votes.item), 1):
            break
    return Consensus(probs, confusion, prior, tuple(found))


def pseudo_answers(right: Floats, strength: float, classes: int) -> Floats:
    """Spread ``strength`` answers over each row of people's confusion matrices; [A] → [A, C, C].

    The share ``right`` [A] of them names the true class, the rest any other as often.

    >>> pseudo_answers(np.array([0.7]), 10.0, 2).round(1).tolist()
    [[[7.0, 3.0], [3.0, 7.0]]]
    """
    if classes == 1:
        return np.full((len(right), 1, 1), strength)
    own = np.asarray(right, np.float64)[:, None, None]
    return np.asarray(strength * np.where(np.eye(classes, dtype=bool), own, (1 - own) / (classes - 1)))


def class_shares(probs: Floats) -> Floats:
    """Average the probabilities of the classes, with one item more of each; [L, C] → [C]."""
    prior = probs.sum(axis=0) + 1.0
    return np.asarray(prior / prior.sum())


def _rows(votes: Votes, probs: Floats, extra: Floats) -> Floats:
    table = np.zeros((votes.people, votes.classes, votes.classes))
    np.add.at(table, (votes.person, votes.label), probs[votes.item])
    table = table.transpose(0, 2, 1) + extra
    return np.asarray(table / table.sum(axis=2, keepdims=True))


def expected(votes: Votes, prior: Floats, confusion: Floats) -> tuple[Floats, float]:
    """Give the probabilities of the classes of each item [L, C], and the log likelihood of the votes."""
    log = np.tile(np.log(prior), (votes.items, 1))
    np.add.at(log, votes.item, np.log(confusion[votes.person, :, votes.label]))
    total = logsumexp(log)
    return np.asarray(np.exp(log - total[:, None])), float(total.sum())


def without_own(votes: Votes, found: Consensus) -> Floats:
    """Give for each vote what the others make of its item; float64 [V, C].

    Formula: the posterior of the item divided by the likelihood of the vote, and normalised. Cost: O(V·C).

    >>> votes = Votes(np.array([0]), np.array([0]), np.array([1]), items=1, people=1, classes=2)
    >>> bool(np.allclose(without_own(votes, dawid_skene(votes))[0], dawid_skene(votes).prior))
    True
    """
    log = np.log(np.maximum(found.probs[votes.item], 1e-300)) - np.log(found.confusion[votes.person, :, votes.label])
    return np.asarray(np.exp(log - logsumexp(log)[:, None]))
