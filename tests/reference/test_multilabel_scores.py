"""Strategies for sets of classes, item by item against their definitions."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from querist import query
from querist._query import resolve
from querist.errors import BadInput
from querist.scores.multilabel import label_table
from querist.strategies.protocol import host
from querist.view import Draw, Ragged, View

RNG = np.random.default_rng(4)
N, C, L = 30, 4, 6
F = RNG.normal(size=(N, C)) * 2
TABLE = RNG.integers(2, size=(L, C))
TABLE[0] = 0
VOTES = Ragged(
    np.array([(0, c) for row in TABLE for c in np.flatnonzero(row)], np.int64).reshape(-1, 2),
    np.concatenate([[0], np.cumsum(TABLE.sum(axis=1))]),
)


def scores(name):
    ids = [f"i{i}" for i in range(N)]
    labelled = View.of({"decision": np.zeros((L, C))}, ids=[f"l{i}" for i in range(L)])
    targets = View.of({"decision": F}, ids=ids)
    view = View.of({"decision": F}, ids=ids)
    view = replace(view, labelled=labelled, labels=np.zeros(L, np.int64), votes=VOTES, targets=targets)
    return host(resolve(name)[0].score(view, Draw(0))).tolist()


def entropy(p):
    return -sum(x * log(x) for x in p if x > 0)


def test_binmin():
    assert scores("binmin") == pytest.approx([-min(abs(f) for f in row) for row in F.tolist()])


def test_mean_entropy():
    expected = []
    for row in F.tolist():
        p = [1 / (1 + exp(-f)) for f in row]
        expected.append(sum(entropy([x, 1 - x]) for x in p) / C)
    assert scores("mean-entropy") == pytest.approx(expected, abs=1e-12)


def expected_lci():
    usual = TABLE.sum() / L
    return [abs(sum(f > 0 for f in row) - usual) for row in F.tolist()]


def test_lci():
    assert scores("lci") == pytest.approx(expected_lci())


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
def test_adaptive(beta):
    expected = []
    for row, usual in zip(F.tolist(), expected_lci(), strict=True):
        gap = min((f for f in row if f > 0), default=0.0) - max((f for f in row if f <= 0), default=0.0)
        expected.append((1 / gap) ** beta * usual ** (1 - beta))
    assert scores(f"adaptive(beta={beta})") == pytest.approx(expected)


def distance(a, b):
    """The definition of Reyes et al. 2018, on the cells of a two-by-two table."""
    if all(x != y for x, y in zip(a, b, strict=True)):
        return 1.0
    cells = [sum((x, y) == pair for x, y in zip(a, b, strict=True)) / C for pair in ((1, 1), (1, 0), (0, 1), (0, 0))]
    joint, one, other = entropy(cells), entropy([sum(a) / C, 1 - sum(a) / C]), entropy([sum(b) / C, 1 - sum(b) / C])
    return 0.0 if joint == 0 else (2 * joint - one - other) / joint


def test_cvirs_is_borda_rank_times_inconsistency():
    margin = np.abs(2 / (1 + np.exp(-F)) - 1)
    expected = []
    for i in range(N):
        place = [1 + sum(margin[j, c] <= margin[i, c] for j in range(N) if j != i) for c in range(C)]
        rank = sum(N - t for t in place) / (C * (N - 1))
        said = [int(f > 0) for f in F[i]]
        expected.append(rank * sum(distance(said, y) for y in TABLE.tolist()) / L)
    assert scores("cvirs") == pytest.approx(expected, abs=1e-9)


def test_without_labels_only_the_ranks_count():
    none = {"labelled": {"decision": np.ones((1, 2))}, "votes": Ragged(np.empty((0, 2), np.int64), np.array([0, 0]))}
    assert query("cvirs", 1, decision=np.array([[3.0, 2.0], [0.1, -0.2]]), **none).tolist() == [1]


def test_sets_are_read_off_the_votes_of_several_people():
    votes = Ragged(np.array([[0, 1], [1, 1], [1, 2], [2, 1], [0, 0]]), np.array([0, 4, 4, 5]))
    view = View.of({"decision": np.zeros((1, 3))}, ids=["a"])
    view = replace(view, votes=votes, labels=np.array([0, 0, -1]))
    assert label_table(view, 3).tolist() == [[0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("beta", ["-0.1", "2", "'a'"])
def test_beta_is_checked(beta):
    with pytest.raises(BadInput) as caught:
        resolve(f"adaptive(beta={beta})")
    assert str(caught.value) == f"beta must be a share between 0 and 1: got {beta}"
