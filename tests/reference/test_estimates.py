"""Estimates of scores in single precision: within their bound of the score, and without effect on the choice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from querist import _check, choose
from querist._load import builtin, find, make
from querist._sum_kernel import sum_rows
from querist.scores import bayes, committee, estimates, uncertainty
from querist.scores._log_kernel import log32, xlogx32
from querist.strategies.protocol import Strategy

OF_PROBS = ["entropy", "least_confidence", "margin", "ratio"]
OF_DRAWS = ["bald", "consensus_entropy", "vote_entropy"]
SCORES = {name: getattr(uncertainty, name) for name in OF_PROBS} | {
    "bald": bayes.bald,
    "consensus_entropy": committee.consensus_entropy,
    "vote_entropy": committee.vote_entropy,
}
STRATEGIES = [n for n in builtin("strategies") if find("strategies", n).estimate is not Strategy.estimate]
SIZES = [2, 3, 10, 16, 17, 18, 31, 33, 100, 1000, 3000]


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """Let pools of any size count as large."""
    monkeypatch.setattr(estimates, "WORTH", 0)
    monkeypatch.setattr(_check, "WORTH", 0)


@njit
def logarithms(values, into):
    for i in range(len(values)):
        into[i] = log32(values[i])


def numbers(start, stop, step):
    """Every step-th number in single precision between two."""
    ends = np.array([start, stop], np.float32).view(np.int32)
    return np.arange(ends[0], ends[1] + 1, step, dtype=np.int32).view(np.float32)


@pytest.mark.parametrize(("start", "step"), [(2.0**-126, 499), (0.5, 7), (0.999, 1)])
def test_the_logarithm_is_right_to_1_2_units_in_the_last_place(start, step):
    x = numbers(start, 1.0, step)
    found = np.empty_like(x)
    logarithms(x, found)
    exact = np.log(x.astype(np.float64))
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert (np.abs(found - exact) <= 1.2 * unit).all()


def test_the_logarithm_of_one_is_zero():
    found = np.empty(1, np.float32)
    logarithms(np.ones(1, np.float32), found)
    assert found[0] == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_x_log_x_of_the_smallest_numbers(dtype):
    p = np.array([0.0, 1e-45, 1e-40, 2.0**-126, 1e-30, 1e-300, 1.0]).astype(dtype)
    found = np.empty(7, np.float32)
    xlogx32(p, found)
    wide = p.astype(np.float64)
    exact = wide * np.log(np.where(wide > 0, wide, 1.0))
    assert found[0] == 0
    assert np.allclose(found, exact, rtol=2.5e-7, atol=2e-36)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 5), width=st.integers(1, 300), seed=st.integers(0, 99))
def test_sums_of_rows(n, width, seed):
    rows = np.random.default_rng(seed).normal(size=(n, width))
    before, sums = rows.copy(), np.empty(n)
    sum_rows(rows, sums, np.empty(width // 2 + 1))
    assert np.allclose(sums, rows.sum(axis=1), rtol=0, atol=1e-12)
    assert (rows == before).all()


def harsh(rng, shape):
    """Distributions of all kinds: flat, peaked, with zeros, certain, with vanishing and equal probabilities."""
    kinds = [
        rng.dirichlet(np.ones(shape[-1]), shape[:-1]),
        rng.dirichlet(np.full(shape[-1], 0.02), shape[:-1]),
        np.full(shape, 1.0 / shape[-1]),
        np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])],
        np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])] * (1 - 1e-6) + 1e-6 / shape[-1],
        rng.integers(0, 4, shape) + np.eye(shape[-1])[0],
        10.0 ** rng.uniform(-50, 0, shape),
    ]
    rows = np.stack([kind / kind.sum(axis=-1, keepdims=True) for kind in kinds])
    return rows.reshape(-1, *shape[1:])


def check(name, rows):
    estimate = getattr(estimates, name)(rows)
    exact = SCORES[name](rows)
    assert estimate.values.dtype == np.float32
    assert np.abs(estimate.values - exact).max() <= estimate.error / 2
    assert estimate.error < 1e-4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", SIZES)
@pytest.mark.parametrize("name", OF_PROBS)
def test_scores_of_probabilities_lie_well_within_the_bound(name, classes, dtype):
    check(name, harsh(np.random.default_rng(classes), (20, classes)).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("members", "classes"), [(1, 2), (2, 3), (5, 10), (20, 10), (7, 100), (100, 3), (3, 1000)])
@pytest.mark.parametrize("name", OF_DRAWS)
def test_scores_of_draws_lie_well_within_the_bound(name, members, classes, dtype):
    check(name, harsh(np.random.default_rng(classes), (20, members, classes)).astype(dtype))


def test_the_divergence_from_the_consensus_is_estimated_as_bald():
    draws = harsh(np.random.default_rng(0), (20, 5, 4))
    estimate = estimates.bald(draws)
    assert np.abs(estimate.values - committee.kl_consensus(draws)).max() <= estimate.error / 2


def test_every_estimate_is_used_by_a_strategy():
    assert sorted([*(n.replace("_", "-") for n in SCORES), "kl-consensus"]) == STRATEGIES


def pool(name, rng, dtype):
    rule = make("strategies", name)
    kind, shape = ("probs", (300, 6)) if "probs" in {*rule.needs, *rule.either} else ("draws", (300, 5, 4))
    return kind, harsh(rng, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 30, 200])
@pytest.mark.parametrize("name", STRATEGIES)
def test_the_choice_is_the_one_made_in_full(monkeypatch, name, n, dtype):
    """Set, order, values and ties; the pool holds many rows that score the same or nearly so."""
    kind, rows = pool(name, np.random.default_rng(n), dtype)
    rows = np.concatenate([rows, rows[:150], rows[:150] + rows[:150] * np.float32(1e-7)])
    found = choose(name, n, seed=3, **{kind: rows})
    monkeypatch.setattr(estimates, "WORTH", 2**60)
    plain = choose(name, n, seed=3, **{kind: rows})
    assert found.rows.tolist() == plain.rows.tolist()
    assert found.value.tolist() == plain.value.tolist()


def test_the_number_of_threads_changes_nothing(monkeypatch):
    rows = harsh(np.random.default_rng(0), (50, 7, 10))
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr("querist._parallel.cores", lambda count=count: count)
        found.append([getattr(estimates, name)(rows).values.tolist() for name in OF_DRAWS])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("change", [np.asfortranarray, lambda x: x.astype(np.float16), lambda x: x[:, :1], list])
def test_what_the_loops_cannot_read_is_scored_in_full(change):
    rows = change(harsh(np.random.default_rng(0), (20, 4)))
    assert not estimates.readable(rows)
