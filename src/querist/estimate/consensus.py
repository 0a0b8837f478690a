"""The consensus of several people: Dawid and Skene's model with the prior that foretells the answers best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.estimate.dawid_skene import (
    RIGHT,
    STRENGTH,
    Consensus,
    class_shares,
    dawid_skene,
    expected,
    pseudo_answers,
)
from querist.estimate.sample import FEW
from querist.scores.votes import Votes, majority

FOLDS = 3
"""Parts of the answers, each foretold from the others."""
OWN = 100.0
"""How many answers a person's overall accuracy is worth, as the prior on each row of the confusion matrix."""
SURE = 2.0
"""How many standard errors better the second prior must foretell answers."""
ROUNDS = 50
"""Most rounds of a fit to a part of the answers."""


def consensus(votes: Votes) -> Consensus:
    """Fit Dawid and Skene's model, its rows shrunk to each person's own accuracy where that foretells answers better.

    Formula: two priors compete. The plain one takes everybody for ordinary: each row of θ is worth 4 answers, 70 %
    right. The hierarchical one lets a person's rows resemble each other: row c of θ_j ~ Dirichlet(1 + S m_c(a_j)), S =
    100, m_c(a) = a at c and (1 − a)/(C − 1) elsewhere, with a_j ~ Beta(1 + 4·.7, 1 + 4·.3) the overall accuracy,
    set to its most probable value under S → ∞ (``accuracies``). Each third of the answers is foretold by fits to the
    rest, log Σ_c p_i(c) θ_{j, c, label}; the hierarchical prior is taken where its mean is higher by 2 standard errors,
    for it errs more where people confuse some classes only. Shapes: see ``Consensus``. Cost: about ten fits of
    ``dawid_skene``. Raises nothing. Source: Dawid & Skene 1979; one accuracy per person, Zhang et al. 2016; the choice
    by held-out likelihood, Stone 1974.

    >>> truth = np.arange(60) % 3
    >>> said = np.where(np.arange(60)[:, None] % 5 == np.arange(4), (truth[:, None] + 1) % 3, truth[:, None])
    >>> votes = Votes(np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60), said.ravel(), items=60, people=4,
    ...               classes=3)
    >>> bool((consensus(votes).probs.argmax(axis=1) == truth).all())
    True
    """
    return dawid_skene(votes, pseudo=own_rows(votes) if foretold(votes) > SURE else None)


def accuracies(votes: Votes, *, rounds: int = ROUNDS, tolerance: float = 1e-7) -> Floats:
    """Estimate one accuracy per person, alike for all classes; float64 [A], within (0, 1).

    Formula: expectation maximisation of Π_i Σ_c π_c Π_votes m_c(a_person), a with a prior worth 4 answers, 70 % right.
    Cost: O(V·C) a round.

    >>> votes = Votes(np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40), np.repeat(np.arange(40) % 2, 3), items=40,
    ...               people=3, classes=2)
    >>> accuracies(votes).round(2).tolist()
    [0.97, 0.97, 0.97]
    """
    answers = np.bincount(votes.person, minlength=votes.people)
    probs, right, last = majority(votes), np.full(votes.people, RIGHT), -np.inf
    for _ in range(rounds):
        hits = np.bincount(votes.person, probs[votes.item, votes.label], minlength=votes.people)
        right = (hits + STRENGTH * RIGHT) / (answers + STRENGTH)
        probs, likelihood = expected(votes, class_shares(probs), pseudo_answers(right, 1.0, votes.classes))
        if likelihood - last < tolerance * max(len(votes.item), 1):
            break
        last = likelihood
    return np.asarray(right)


def own_rows(votes: Votes) -> Floats:
    """Give the hierarchical prior on people's confusion matrices: 100 answers a row at their accuracy; [A, C, C]."""
    return pseudo_answers(accuracies(votes), OWN, votes.classes)


def foretold(votes: Votes) -> float:
    """Tell by how many standard errors the hierarchical prior foretells held-out answers better than the plain one.

    0 below 30 answers. The answers are dealt in the order given, each item's to different parts.
    """
    if len(votes.item) < FEW or votes.classes < 2:
        return 0.0
    part = np.empty(len(votes.item), np.intp)
    part[np.argsort(votes.item, kind="stable")] = np.arange(len(votes.item)) % FOLDS
    more = np.zeros(len(part))
    for number in range(FOLDS):
        held = part == number
        rest = _part(votes, ~held)
        one = dawid_skene(rest, pseudo=own_rows(rest), rounds=ROUNDS, tolerance=1e-4)
        two = dawid_skene(rest, rounds=ROUNDS, tolerance=1e-4)
        more[held] = _log_chance(votes, held, one) - _log_chance(votes, held, two)
    spread = float(more.std(ddof=1)) / len(more) ** 0.5
    return float(more.mean()) / spread if spread > 0 else 0.0


def _part(votes: Votes, keep: NDArray[np.bool_]) -> Votes:
    item, person, label = votes.item[keep], votes.person[keep], votes.label[keep]
    return Votes(item, person, label, items=votes.items, people=votes.people, classes=votes.classes)


def _log_chance(votes: Votes, held: NDArray[np.bool_], found: Consensus) -> Floats:
    said = found.confusion[votes.person[held], :, votes.label[held]]
    return np.asarray(np.log((found.probs[votes.item[held]] * said).sum(axis=1)))
