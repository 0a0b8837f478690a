"""Sampling by keyed noise against the definition: successive draws in proportion to what is left."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from math import exp, isclose, log, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import choose
from querist._draw import Draw, keys_of
from querist.engines import merge
from querist.errors import BadInput
from querist.select.stochastic import gumbel, power, propensity, sample, softmax, softrank
from querist.strategies.power_bald import PowerBald
from querist.strategies.random import Random
from querist.testing.views import make_view, sort_rows

KEYS = keys_of(f"item_{i:02d}" for i in range(12))
weights = st.lists(st.floats(1e-6, 1e6) | st.just(0.0), min_size=1, max_size=12)


def log_of(values):
    return np.array([log(w) if w > 0 else -np.inf for w in values])


def successive(values, rows):
    """The probability of each pick given those before, by adding up what is left."""
    left, found = list(range(len(values))), []
    for row in rows:
        total = sum(values[i] for i in left)
        found.append(values[row] / total if total > 0 else 1 / len(left))
        left.remove(row)
    return found


@given(values=weights, n=st.integers(0, 14), seed=st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_propensity_of_each_pick_given_those_before(values, n, seed):
    rows = sample(log_of(values), n, uniform=Draw(seed).uniform(KEYS[: len(values)], "test"))
    assert len(set(rows.tolist())) == len(rows) == min(n, len(values))
    assert np.allclose(propensity(log_of(values), rows), successive(values, rows.tolist()), rtol=1e-9, atol=0)


@given(values=weights, seed=st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_rows_without_weight_come_last(values, seed):
    rows = sample(log_of(values), len(values), uniform=Draw(seed).uniform(KEYS[: len(values)], "test"))
    weightless = [values[row] == 0 for row in rows]
    assert weightless == sorted(weightless)


def test_propensity_does_not_cancel_when_one_row_holds_nearly_all_the_weight():
    found = propensity(np.log([1.0, 1e-20, 3e-20]), np.array([0, 1, 2]))
    assert found.tolist() == pytest.approx([1.0, 0.25, 1.0])


@pytest.mark.parametrize("values", [[0.5, 0.3, 0.15, 0.05], [1.0, 1.0, 1.0, 1.0], [0.7, 0.3, 0.0, 0.0]])
def test_orders_come_as_often_as_successive_sampling_says(values):
    """Chi-square of 6,000 keyed draws over all ordered pairs; 32 is the 99.9th percentile for 11 degrees of freedom."""
    rounds = 6_000
    seen = Counter(
        tuple(sample(log_of(values), 2, uniform=Draw(3, r).uniform(KEYS[:4], "test")).tolist()) for r in range(rounds)
    )
    expected = {pair: rounds * prod(successive(values, pair)) for pair in permutations(range(4), 2)}
    assert {pair for pair in seen if expected[pair] == 0} == set()
    assert sum((seen[pair] - e) ** 2 / e for pair, e in expected.items() if e > 0) < 32


@given(scores=st.lists(st.floats(0, 5), min_size=1, max_size=12), beta=st.floats(0, 8))
@settings(max_examples=100, deadline=None)
def test_weights_by_their_definitions(scores, beta):
    array = np.array(scores)
    ranks = [1 + sum(other > score for other in scores) for score in scores]
    assert np.allclose(np.exp(softrank(array, beta)), [r**-beta for r in ranks], rtol=1e-12)
    assert np.allclose(softmax(array, beta), [beta * s for s in scores])
    assert np.allclose(np.exp(power(array, beta)), [s**beta if s > 0 else 0.0 for s in scores], rtol=1e-9, atol=1e-300)


def test_gumbel_noise_has_its_distribution():
    noise = np.sort(gumbel(Draw(0).uniform(np.arange(20_000, dtype=np.uint64), "test")))
    cumulative = np.exp(-np.exp(-noise))
    assert np.abs(cumulative - (np.arange(20_000) + 0.5) / 20_000).max() < 1.95 / 20_000**0.5


def test_random_gives_every_row_its_share_and_its_propensity():
    counts = np.zeros(10)
    for seed in range(2_000):
        chosen = choose("random", 3, ids=list("abcdefghij"), seed=seed)
        counts[chosen.rows] += 1
        assert chosen.propensity.tolist() == pytest.approx([1 / 10, 1 / 9, 1 / 8])
    assert ((counts - 600) ** 2 / (600 * 0.7)).sum() < 27.9


def test_chance_of_one_kind_says_nothing_about_another():
    keys = keys_of(f"item_{i}" for i in range(5_000))
    streams = [Draw(0).uniform(keys, name) for name in ("random", "power-bald", "ties", "targets")]
    assert np.abs(np.corrcoef(streams) - np.eye(4)).max() < 4 / 5_000**0.5
    view = make_view(Random(), 50)
    assert Random().score(view, Draw(0)).tolist() == Draw(0).uniform(view.keys, "random").tolist()


@pytest.mark.parametrize("rule", [Random(), PowerBald(2.0)])
@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_know_the_propensity_in_the_whole_pool(rule, shards):
    view = sort_rows(make_view(rule, 40))
    scores = rule.score(view, Draw(0))
    whole = rule.select(view, scores, n=6, draw=Draw(0))
    parts = [view.take(rows) for rows in np.array_split(np.arange(40), shards)]
    _, _, chosen = merge.run(rule, parts, n=6, draw=Draw(0))
    values = np.ones(40) if isinstance(rule, Random) else scores**2
    assert chosen.propensity.tolist() == pytest.approx(successive(values.tolist(), whole.rows.tolist()))


def test_power_bald_sharpens_with_beta():
    draws = np.stack([np.array([[0.5 + d, 0.5 - d], [0.5 - d, 0.5 + d]]) for d in np.linspace(0.0, 0.45, 10)])
    best = dict.fromkeys((0, 1, 8), 0.0)
    for beta in best:
        firsts = [choose(f"power-bald(beta={beta})", 1, draws=draws, seed=seed).rows[0] for seed in range(300)]
        best[beta] = float(np.mean([first == 9 for first in firsts]))
    assert best[0] < best[1] < best[8]
    assert 0.05 < best[0] < 0.2  # uniform over the nine rows with a positive score
    assert all(choose("power-bald(beta=0)", 9, draws=draws, seed=s).rows.tolist().count(0) == 0 for s in range(20))


@pytest.mark.parametrize("beta", [-1, float("nan"), float("inf"), "'2'", None])
def test_power_bald_refuses_other_powers(beta):
    with pytest.raises(BadInput, match=r"^beta must be a number, 0 or more: got "):
        PowerBald(beta)


def test_a_power_of_one_is_proportional_to_the_score():
    found = propensity(power(np.array([0.2, 0.6, 0.2]), 1.0), np.array([1]))
    assert isclose(found[0], 0.6)
    assert isclose(exp(power(np.array([0.2]), 1.0)[0]), 0.2)
