"""The wrappers that draw, against their propensities and their definitions on a few rows."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from math import exp, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wrapper_rows import by_score, margins, pick, rows_of

import querist
from querist import choose
from querist._load import make
from querist.errors import BadEvidence
from querist.select.stochastic import propensity
from querist.strategies.epsilon_random import EpsilonRandom
from querist.strategies.margin import Margin
from querist.strategies.power import Power
from querist.strategies.softrank import Softrank
from querist.view import Draw, View

seeds = st.integers(0, 10_000)


# epsilon-random


@given(seed=seeds, share=st.sampled_from([0.0, 0.3, 0.7, 1.0]), n=st.integers(1, 8))
@settings(max_examples=40)
def test_epsilon_random_takes_the_next_of_either_list(seed: int, share: float, n: int) -> None:
    view, draw = rows_of(8, seed), Draw(seed)
    scores = margins(view)
    own = by_score(scores, draw.uniform(view.keys, "ties"))
    chance = by_score(draw.uniform(view.keys, "epsilon-random"), np.zeros(8))
    coins = draw.rng("epsilon-random").random(n) < share
    found = pick(EpsilonRandom(of="margin", share=share), view, n, draw)
    left = list(range(8))
    for i, (row, probability) in enumerate(zip(found.rows.tolist(), found.propensity, strict=True)):
        assert row == next(r for r in (chance if coins[i] else own) if r in left)
        best = max(scores[r] for r in left)
        equals = [r for r in left if scores[r] == best]
        greedy = 1 / len(equals) if row in equals else 0
        assert probability == pytest.approx(share / len(left) + (1 - share) * greedy)
        left.remove(row)
    assert found.value == pytest.approx([scores[row] for row in found.rows])


@pytest.mark.parametrize("of", ["margin", "power(beta=2)", "k-center"])
def test_epsilon_random_picks_as_often_as_its_propensities_say(of: str) -> None:
    """Chi-square of 4,000 rounds over all ordered pairs; 32 is the 99.9th percentile for 11 degrees of freedom."""
    probs = np.array([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.9, 0.1]])
    view = View.of({"probs": probs, "embed": np.array([[0.0], [1.0], [3.0], [7.5]])}, ids=list("abcd"))
    rule, rounds = EpsilonRandom(of=of, share=0.4), 4_000
    seen: Counter[tuple[int, ...]] = Counter()
    said: dict[tuple[int, ...], float] = {}
    for position in range(rounds):
        found = pick(rule, view, 2, Draw(1, position))
        pair = tuple(found.rows.tolist())
        seen[pair] += 1
        said[pair] = prod(found.propensity)
    assert set(seen) == set(permutations(range(4), 2))
    assert sum(said.values()) == pytest.approx(1.0)
    assert sum((seen[pair] - rounds * p) ** 2 / (rounds * p) for pair, p in said.items()) < 32


def test_half_random_batches_hold_no_row_twice() -> None:
    view = rows_of(12, 0)
    for seed in range(50):
        assert len(set(pick(EpsilonRandom(share=0.5), view, 10, Draw(seed)).rows.tolist())) == 10


def test_epsilon_random_of_a_joint_draw_knows_no_propensity() -> None:
    view = rows_of(12, 0)
    assert pick(EpsilonRandom(of="badge"), view, 4, Draw(0)).propensity is None
    assert pick(EpsilonRandom(of="k-center", share=0.0), view, 4, Draw(0)).propensity.tolist() == [1.0] * 4


def test_the_share_is_met_on_average_and_random_picks_lie_anywhere() -> None:
    view = rows_of(60, 0)
    best = pick(Margin(), view, 60, Draw(0)).rows[:10].tolist()
    where = Counter()
    for seed in range(300):
        rows = pick(EpsilonRandom(share=0.2), view, 10, Draw(seed)).rows
        where.update(i for i, row in enumerate(rows.tolist()) if row not in best)
    assert sum(where.values()) / 3000 == pytest.approx(0.2, abs=0.03)
    assert min(where[i] for i in range(10)) > 25


# power, softmax, softrank


@given(seed=seeds, beta=st.sampled_from([0.0, 0.5, 1.0, 4.0]), name=st.sampled_from(["power", "softmax", "softrank"]))
@settings(max_examples=60)
def test_sampled_strategies_weigh_by_their_definition(seed: int, beta: float, name: str) -> None:
    view = rows_of(8, seed)
    found = pick(make("strategies", f"{name}(of='margin', beta={beta})"), view, 8, Draw(seed))
    s = margins(view)
    rank = [1 + sum(other > own for other in s) for own in s]
    weight = {"power": [(1 + x) ** beta for x in s], "softmax": [exp(beta * x) for x in s], "softrank": [
        r**-beta for r in rank]}[name]  # fmt: skip
    left = list(range(8))
    for row, probability in zip(found.rows.tolist(), found.propensity, strict=True):
        assert probability == pytest.approx(weight[row] / sum(weight[r] for r in left), rel=1e-9)
        left.remove(row)
    value = [1 + x for x in s] if name == "power" else s
    assert found.value == pytest.approx([value[row] for row in found.rows])


@pytest.mark.parametrize("name", ["power", "softmax", "softrank"])
def test_sampled_strategies_draw_as_often_as_they_say(name: str) -> None:
    """Chi-square of 4,000 rounds over the first pick; 16.3 is the 99.9th percentile for 3 degrees of freedom."""
    probs = np.array([[0.5, 0.5], [0.7, 0.3], [0.8, 0.2], [0.95, 0.05]])
    view, rounds = View.of({"probs": probs}, ids=list("abcd")), 4_000
    rule = make("strategies", f"{name}(of='margin', beta=2)")
    found = [pick(rule, view, 1, Draw(0, position)) for position in range(rounds)]
    said = {int(f.rows[0]): float(f.propensity[0]) for f in found}
    seen = Counter(int(f.rows[0]) for f in found)
    assert sum((seen[r] - rounds * p) ** 2 / (rounds * p) for r, p in said.items()) < 16.3
    assert sum(said.values()) == pytest.approx(1.0)


@given(seed=seeds)
@settings(max_examples=10)
def test_power_bald_is_power_of_bald(seed: int) -> None:
    draws = np.random.default_rng(seed).dirichlet(np.ones(3), (10, 4))
    one, other = (choose(rule, 5, draws=draws, seed=seed) for rule in ("power-bald(beta=3)", Power(of="bald", beta=3)))
    assert one.rows.tolist() == other.rows.tolist()
    assert one.propensity.tolist() == other.propensity.tolist()


def test_11_power_of_margin_prefers_the_uncertain_rows() -> None:
    probs = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    for of in ("margin", "entropy", "least-confidence", "ratio"):
        assert {int(querist.query(Power(of=of), 1, probs=probs, seed=seed)[0]) for seed in range(30)} == {2}


def test_a_power_of_a_score_below_the_floor_is_refused_and_the_way_out_is_named() -> None:
    message = (
        r"power of margin needs scores of -1 or more: row 1 \(item 'b'\) scores -3; use softmax or softrank, which "
        "take any score, or probabilities as evidence"
    )
    with pytest.raises(BadEvidence, match=message):
        choose("power(of='margin')", 1, decision=[[0.2], [-3.0]], ids=["a", "b"])
    assert len(querist.query("softmax(of='margin')", 1, decision=[[0.2], [-3.0]])) == 1
    single = np.array([[1.0004, 0.0], [0.6, 0.4]], np.float32)  # as sums in single precision may be
    assert choose("power(of='margin')", 2, probs=single, seed=0).value.min() == 0.0


def test_softrank_over_the_whole_pool_is_joint() -> None:
    assert Softrank().joint
    assert not Power().joint


@given(weights=st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=1, max_size=7), seed=seeds)
@settings(max_examples=40)
def test_propensities_of_picks_in_any_order(weights: list[float], seed: int) -> None:
    rows = np.random.default_rng(seed).permutation(len(weights))
    logs = np.array([np.log(w) if w else -np.inf for w in weights])
    left = list(range(len(weights)))
    for row, probability in zip(rows.tolist(), propensity(logs, rows), strict=True):
        total = sum(weights[r] for r in left)
        assert probability == pytest.approx(weights[row] / total if total else 1 / len(left))
        left.remove(row)
