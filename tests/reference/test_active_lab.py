"""ActiveLab against the formulas of its paper, written out in loops over people and items."""

from __future__ import annotations

import numpy as np
import pytest

from querist import query
from querist._draw import Draw
from querist.errors import BadData
from querist.strategies.active_lab import ActiveLab
from querist.view import Ragged, View

LEAST = 1e-6


def by_hand(votes, probs, fresh):
    """Score labelled items (a dict of person → class each) and unlabelled ones, step by step; lower is less sure."""
    classes = probs.shape[1]
    shared = [i for i, said in enumerate(votes) if len(said) > 1]
    best = {}
    for i in shared:
        counts = [sum(label == c for label in votes[i].values()) for c in range(classes)]
        best[i] = max((c for c in range(classes) if counts[c] == max(counts)), key=lambda c: probs[i, c])
    people = sorted({who for said in votes for who in said})
    commonest = max(range(classes), key=lambda c: (sum(best[i] == c for i in shared), -c))
    named = [(i, who, label) for i in shared for who, label in votes[i].items()]
    base = max(np.mean([label != commonest for _, _, label in named]), LEAST)
    trust = np.clip(np.mean([label == best[i] for i, _, label in named]), 1 / classes, 1)
    weight = {}
    pairs = {
        w: [(votes[i][w], votes[i][o]) for i in shared if w in votes[i] for o in votes[i] if o != w] for w in people
    }
    overall = np.mean([a == b for seen in pairs.values() for a, b in seen])
    for who in people:
        same = np.mean([a == b for a, b in pairs[who]]) if pairs[who] else overall
        weight[who] = max(1 - (1 - same) / base, LEAST)
    missed = np.mean([probs[i].argmax() != best[i] for i in shared])
    model = max(1 - missed / base, LEAST) * np.sqrt(np.mean([len(votes[i]) for i in shared]))
    mean = np.mean(list(weight.values()))
    scores = []
    for i, said in enumerate(votes):
        total = model + sum(weight[w] for w in said)
        pooled = [
            (
                model * probs[i, c]
                + sum(weight[w] * (trust if y == c else (1 - trust) / (classes - 1)) for w, y in said.items())
            )
            / total
            for c in range(classes)
        ]
        scores.append((total * max(pooled) + mean / classes) / (total + mean))
    return scores, [(model * p.max() + mean / classes) / (model + mean) for p in fresh]


def scene(seed, *, items=12, people=5, classes=3, fresh=7):
    rng = np.random.default_rng(seed)
    votes = [
        {int(w): int(rng.integers(classes)) for w in rng.permutation(people)[: rng.integers(1, people)]}
        for _ in range(items)
    ]
    votes[0] = {0: 0, 1: 0, 2: 1}
    return votes, rng.dirichlet(np.ones(classes), items), rng.dirichlet(np.ones(classes), fresh)


def view_of(votes, probs, fresh):
    pairs = np.array([pair for said in votes for pair in said.items()])
    starts = np.cumsum([0, *(len(said) for said in votes)]).astype(np.int64)
    labelled = View.of({"probs": probs}, ids=[f"old {i}" for i in range(len(votes))])
    rows = View.of(
        {"probs": np.vstack([fresh, np.full_like(probs, 1 / probs.shape[1])])},
        ids=[*(f"new {i}" for i in range(len(fresh))), *labelled.ids],
    )
    from dataclasses import replace

    return replace(rows, labelled=labelled, labels=np.zeros(len(votes), np.int64), votes=Ragged(pairs, starts))


@pytest.mark.parametrize("seed", range(8))
def test_scores_are_those_of_the_paper(seed):
    votes, probs, fresh = scene(seed)
    old, new = by_hand(votes, probs, fresh)
    found = ActiveLab().score(view_of(votes, probs, fresh), Draw(0))
    assert found == pytest.approx(1 - np.array([*new, *old]), abs=1e-12)


def test_one_vote_each_weighs_everybody_the_same():
    """By hand: no item is shared, so all weights are 1 and a vote counts 0.7."""
    votes, probs, fresh = [{0: 0}, {1: 1}], np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([[0.6, 0.4]])
    found = ActiveLab().score(view_of(votes, probs, fresh), Draw(0))
    sure, torn = (0.8 + 0.7) / 2, (0.8 + 0.3) / 2
    assert found == pytest.approx([1 - (0.6 + 0.5) / 2, 1 - (2 * sure + 0.5) / 3, 1 - (2 * torn + 0.5) / 3])


def test_labelled_rows_are_asked_again_only_under_their_own_id():
    probs = np.array([[0.5, 0.5], [0.9, 0.1]])
    votes = Ragged(np.array([[0, 0], [1, 1], [0, 0], [1, 0]]), np.array([0, 2, 4]))
    labels = np.array([0, 0])
    named = {"ids": ["doubt", "sure"], "probs": probs}
    first = query("active-lab", 1, ids=["sure", "doubt"], probs=probs[::-1], labelled=named, labels=labels, votes=votes)
    assert first.tolist() == [1]
    with pytest.raises(BadData, match="ids must be distinct: 'doubt' occurs twice"):
        query("active-lab", 1, probs=probs, labelled={"ids": ["doubt"] * 2, "probs": probs}, labels=labels, votes=votes)
