"""Coverage of a large pool: a keyed draw of candidates, for uherding in proportion to how unsure the model is."""

from __future__ import annotations

import numpy as np
import pytest

from querist import View, choose
from querist._draw import Draw
from querist.errors import BadInput
from querist.strategies.uherding import Uherding

RNG = np.random.default_rng
ROWS = {"probs": RNG(0).dirichlet(np.full(3, 0.4), 400), "embed": RNG(1).normal(size=(400, 3))}


def candidates(count, **evidence):
    view = View.of({**ROWS, **evidence}, ids=[str(i) for i in range(400)])
    return Uherding(candidates=count)._candidates(view, Draw(0))


def test_small_pools_are_looked_at_as_a_whole():
    exact = choose("uherding(sigma=1.0, candidates=None)", 9, **ROWS, seed=0)
    for count in (400, 10_000):
        found = choose(f"uherding(sigma=1.0, candidates={count})", 9, **ROWS, seed=0)
        assert found.rows.tolist() == exact.rows.tolist()


def test_only_candidates_are_chosen_and_by_their_own_gains():
    view = View.of(ROWS, ids=[str(i) for i in range(400)])
    rule = Uherding(sigma=1.0, candidates=60)
    rows = rule._candidates(view, Draw(3))
    with_targets = View(**{**vars(view), "targets": view})
    scores = rule.score(with_targets, Draw(3))
    exact = Uherding(sigma=1.0, candidates=None).score(with_targets, Draw(3))
    assert np.flatnonzero(scores).tolist() == rows.tolist()
    assert scores[rows] == pytest.approx(exact[rows])
    chosen = rule.select(with_targets, scores, n=20, draw=Draw(3)).rows
    assert set(chosen.tolist()) <= set(rows.tolist())
    assert chosen[0] == rows[exact[rows].argmax()]


def test_candidates_are_drawn_in_proportion_to_uncertainty():
    halves = np.where(np.arange(400)[:, None] < 200, [[0.6, 0.4]], [[0.9, 0.1]])  # u of 0.8 and 0.2
    view = View.of({**ROWS, "probs": halves}, ids=[str(i) for i in range(400)])
    first = [Uherding(candidates=1)._candidates(view, Draw(seed))[0] < 200 for seed in range(500)]
    assert np.mean(first) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 500))


def test_a_certain_pool_has_as_many_candidates():
    assert len(candidates(50, probs=np.eye(3)[RNG(2).integers(3, size=400)])) == 50


def test_the_order_of_rows_plays_no_part():
    ids, order = [f"item {i}" for i in range(400)], RNG(4).permutation(400)
    found = choose("uherding(sigma=1.0, candidates=40)", 9, ids=ids, seed=5, **ROWS).rows
    moved = {name: values[order] for name, values in ROWS.items()}
    again = choose("uherding(sigma=1.0, candidates=40)", 9, ids=[ids[i] for i in order], seed=5, **moved).rows
    assert order[again].tolist() == found.tolist()


@pytest.mark.parametrize("name", ["maxherding", "auto"])
def test_the_others_look_at_keyed_candidates_too(name):
    ids, order = [f"item {i}" for i in range(400)], RNG(4).permutation(400)
    moved = {key: values[order] for key, values in ROWS.items()}
    chosen = choose(f"{name}(candidates=40)", 9, ids=ids, seed=5, **ROWS)
    again = choose(f"{name}(candidates=40)", 9, ids=[ids[i] for i in order], seed=5, **moved)
    assert order[again.rows].tolist() == chosen.rows.tolist()
    exact = choose(f"{name}(candidates=None)", 9, ids=ids, seed=5, **ROWS)
    assert choose(f"{name}(candidates=400)", 9, ids=ids, seed=5, **ROWS).rows.tolist() == exact.rows.tolist()
    assert 0.8 * exact.value.sum() < chosen.value.sum() < exact.value.sum()
    with pytest.raises(BadInput, match="candidates must be a whole number"):
        choose(f"{name}(candidates=0)", 9, **ROWS)


def test_more_rows_than_candidates():
    assert len(set(choose("uherding(sigma=1.0, candidates=5)", 30, **ROWS, seed=0).rows.tolist())) == 30


@pytest.mark.parametrize("wrong", [0, 2.5, "all"])
def test_a_wrong_number_of_candidates_is_an_error(wrong):
    message = f"candidates must be a whole number, 1 or more, or None for all: got {wrong!r}"
    with pytest.raises(BadInput, match=message):
        Uherding(candidates=wrong)
