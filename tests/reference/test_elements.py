"""Strategies over elements and paths, item by item against their definitions."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest

from querist import query
from querist.errors import BadInput
from querist.strategies.protocol import host
from querist.testing.views import Sizes, make_rows
from querist.view import Draw, Ragged, View

RNG = np.random.default_rng(11)
N = 40


def entropy(p):
    return -sum(x * log(x) for x in p if x > 0)


def runs(ragged):
    return [ragged.values[a:b].tolist() for a, b in pairwise(ragged.starts)]


def scores(name, **evidence):
    from querist._query import resolve

    view = View.of(evidence, ids=[f"item_{i}" for i in range(len(next(iter(evidence.values()))))])
    return host(resolve(name)[0].score(view, Draw(0))).tolist()


ROWS = make_rows([f"i{i}" for i in range(N)], ["elements", "paths"], RNG, Sizes(classes=4))
COMMITTEE = make_rows([f"i{i}" for i in range(N)], ["elements"], RNG, Sizes(classes=4, members=5, committee=True))


def test_sequence_least_confidence():
    expected = [1 - exp(max(run)) for run in runs(ROWS.paths)]
    assert scores("sequence-least-confidence", paths=ROWS.paths) == pytest.approx(expected, abs=1e-12)


def test_mnlp_divides_by_the_length():
    expected = [-max(p) / max(len(e), 1) for p, e in zip(runs(ROWS.paths), runs(ROWS.elements), strict=True)]
    assert scores("mnlp", paths=ROWS.paths, elements=ROWS.elements) == pytest.approx(expected, abs=1e-12)


def test_n_best_entropy():
    expected = []
    for run in runs(ROWS.paths):
        p = [exp(x) for x in run]
        expected.append(entropy([x / sum(p) for x in p]))
    assert scores("n-best-entropy", paths=ROWS.paths) == pytest.approx(expected, abs=1e-12)


def test_n_best_entropy_of_very_improbable_paths():
    paths = Ragged(np.array([-2000.0, -2000.0, -5.0]), np.array([0, 2, 3]))
    assert scores("n-best-entropy", paths=paths) == pytest.approx([log(2), 0.0])


REDUCE = {"sum": sum, "mean": lambda values: sum(values) / max(1, len(values)), "max": lambda v: max(v, default=0.0)}


@pytest.mark.parametrize("reduce", REDUCE)
def test_token_entropy(reduce):
    expected = [REDUCE[reduce]([entropy(p) for p in run]) for run in runs(ROWS.elements)]
    assert scores(f"token-entropy(reduce={reduce!r})", elements=ROWS.elements) == pytest.approx(expected, abs=1e-12)


def test_token_entropy_of_a_committee_is_that_of_its_mean():
    expected = [np.mean([entropy(np.mean(p, axis=0)) for p in run] or [0.0]) for run in runs(COMMITTEE.elements)]
    assert scores("token-entropy", elements=COMMITTEE.elements) == pytest.approx(expected, abs=1e-12)


def votes(members):
    counts = np.bincount([int(np.argmax(p)) for p in members], minlength=4)
    return entropy(counts / len(members))


def kl(members):
    mean = np.mean(members, axis=0)
    return float(np.mean([sum(x * log(x / m) for x, m in zip(p, mean, strict=True)) for p in members]))


def bald(members):
    return entropy(np.mean(members, axis=0)) - float(np.mean([entropy(p) for p in members]))


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize(
    ("name", "definition"), [("sequence-vote-entropy", votes), ("sequence-kl", kl), ("sequence-bald", bald)]
)
def test_committees(name, definition, reduce):
    expected = [REDUCE[reduce]([definition(p) for p in run]) for run in runs(COMMITTEE.elements)]
    assert scores(f"{name}(reduce={reduce!r})", elements=COMMITTEE.elements) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["sequence-vote-entropy", "sequence-kl", "sequence-bald"])
def test_of_one_model_nothing_is_expected(name):
    assert scores(name, elements=ROWS.elements) == pytest.approx([0.0] * N, abs=1e-12)


@pytest.mark.parametrize("name", ["token-entropy", "sequence-vote-entropy", "sequence-kl", "sequence-bald"])
def test_reductions_are_checked(name):
    with pytest.raises(BadInput) as caught:
        query(f"{name}(reduce='mode')", 1, elements=ROWS.elements)
    assert str(caught.value).startswith("reduce must be sum, mean or max: got 'mode'; ")


def test_long_items_are_preferred_by_the_sum_alone():
    elements = Ragged(np.array([[0.9, 0.1]] * 9 + [[0.5, 0.5]]), np.array([0, 9, 10]))
    assert query("token-entropy(reduce='sum')", 1, elements=elements).tolist() == [0]
    assert query("token-entropy(reduce='mean')", 1, elements=elements).tolist() == [1]
