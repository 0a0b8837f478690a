"""BatchBALD against the joint distribution of all labels, written out, and the fast ways against the plain ones."""

from __future__ import annotations

import tracemalloc
from itertools import product
from math import fsum, log, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import choose, query
from querist.errors import BadInput
from querist.scores.bayes import bald
from querist.select import _batchbald_kernel, batchbald
from querist.select.batchbald import Labellings, conditional_entropy, in_blocks
from querist.select.top import foremost
from querist.strategies.batchbald import Batchbald
from querist.testing.strategies import StrategySuite

SEEDS = range(5)


class TestBatchbaldOfFewSamples(StrategySuite):
    """Sampled where there are many classes."""

    strategy = "batchbald(samples=2000)"


def h(p):
    return -fsum(x * log(x) for x in p if x > 0)


def joint_information(rows):
    """I(y_1 … y_b; model): the entropy of the joint labels less the mean of theirs given the model."""
    members, classes = range(len(rows[0])), range(len(rows[0][0]))
    joint = [
        fsum(prod(row[k][y] for row, y in zip(rows, labels, strict=True)) for k in members) / len(members)
        for labels in product(classes, repeat=len(rows))
    ]
    return h(joint) - fsum(h(row[k]) for row in rows for k in members) / len(members)


def by_hand(draws, n):
    """Greedy over the joint information; gives rows and gains, and the gain of every row at every pick."""
    picked, gains, tables = [], [], []
    for _ in range(n):
        before = joint_information([draws[i] for i in picked]) if picked else 0.0
        table = {
            i: joint_information([draws[j] for j in [*picked, i]]) - before
            for i in range(len(draws))
            if i not in picked
        }
        row = max(table, key=table.get)
        picked.append(row)
        gains.append(table[row])
        tables.append(table)
    return picked, gains, tables


def pool(n, members=6, classes=3, seed=0, spread=0.7):
    rng = np.random.default_rng([seed, members, classes])
    logits = rng.normal(size=(n, 1, classes)) * 1.5 + rng.normal(size=(n, members, classes)) * spread
    chance = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return chance / chance.sum(axis=-1, keepdims=True)


def select(draws, n, seed=0, limit=10_000):
    ties = np.random.default_rng(99).uniform(size=len(draws))
    return batchbald.batchbald(draws, bald(draws), n=n, ties=ties, rng=np.random.default_rng(seed), limit=limit)


def plain(gains, left, ties):
    """Evaluate every row for every pick."""
    rows = np.flatnonzero(np.isfinite(left))
    left[rows] = gains.exact(rows)
    return foremost(left, ties)


def compiled(monkeypatch):
    """Let any amount of work count as much."""
    monkeypatch.setattr(batchbald, "WORTH", 0)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_the_batch_is_the_greedy_one_over_the_joint_distribution(n, seed):
    draws = pool(6, seed=seed)
    picked, gains, _ = by_hand(draws.tolist(), n)
    chosen = choose("batchbald", n, draws=draws, seed=seed)
    assert chosen.rows.tolist() == picked
    assert chosen.value == pytest.approx(gains, rel=1e-9)


@given(data=st.data(), classes=st.integers(2, 3), members=st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_gains_with_exact_zeros_and_ties(data, classes, members):
    weights = st.lists(st.integers(0, 3), min_size=classes, max_size=classes).filter(any)
    one = st.lists(weights.map(lambda w: [x / sum(w) for x in w]), min_size=members, max_size=members)
    draws = data.draw(st.lists(one, min_size=4, max_size=4))
    batch = select(np.array(draws), 3)
    for b, (row, value) in enumerate(zip(batch.rows.tolist(), batch.value, strict=True)):
        before = [draws[i] for i in batch.rows[:b]]
        start = joint_information(before) if before else 0.0
        table = [joint_information([*before, draws[i]]) - start for i in range(4) if i not in batch.rows[:b]]
        assert value == pytest.approx(max(table), abs=1e-9)
        assert joint_information([*before, draws[row]]) - start == pytest.approx(max(table), abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_a_batch_of_one_is_the_choice_of_bald(seed):
    draws = pool(30, seed=seed)[np.random.default_rng(seed).integers(0, 30, 60)]
    first, second = choose("batchbald", 1, draws=draws, seed=seed), choose("bald", 1, draws=draws, seed=seed)
    assert first.rows.tolist() == second.rows.tolist()
    assert first.value.tolist() == second.value.tolist()


def test_a_copy_of_a_row_chosen_tells_less_than_a_new_row_but_more_than_nothing():
    """The first two rows have the same score, but another half of the members is sure of them."""
    sure, unsure = [0.9, 0.1], [0.4, 0.6]
    draws = np.array([[sure, sure, unsure, unsure], [sure, unsure, sure, unsure]])
    pool_of_three = np.concatenate([draws, draws[:1]])
    for seed in range(9):
        assert set(query("batchbald", 2, draws=pool_of_three, seed=seed).tolist()) in ({0, 1}, {1, 2})
    after = Labellings.none(4).add(draws[0], limit=99, rng=np.random.default_rng(0))
    gains = conditional_entropy(after, draws) - conditional_entropy(Labellings.none(4), draws) + bald(draws)
    assert 0.01 < gains[0] < gains[1] < bald(draws)[1] + 1e-12


def test_a_copy_of_a_row_without_noise_tells_nothing():
    draws = np.eye(2)[[[0, 0, 1, 1], [0, 1, 0, 1]]].astype(float)
    pair = np.concatenate([draws[:1], draws[:1], draws[1:]])
    chosen = choose("batchbald", 2, draws=pair)
    assert len({*chosen.rows.tolist()} & {0, 1}) == 1
    assert chosen.value == pytest.approx([log(2), log(2)])


# the ways to speed up


@pytest.mark.parametrize("kernel", [False, True])
@pytest.mark.parametrize("limit", [20, 300, 10_000])
@pytest.mark.parametrize(("members", "classes"), [(7, 3), (30, 5)])
@pytest.mark.parametrize("seed", SEEDS)
def test_lazy_is_plain(monkeypatch, kernel, limit, members, classes, seed):
    draws = pool(150, members, classes, seed).astype(np.float32)
    draws = np.concatenate([draws, draws[:20]])
    with monkeypatch.context() as patch:
        patch.setattr(batchbald, "_best", plain)
        expected = select(draws, 6, seed, limit)
    if kernel:
        compiled(monkeypatch)
    found = select(draws, 6, seed, limit)
    if found.exact or limit > 20:
        assert found.rows.tolist() == expected.rows.tolist()
        assert found.value == pytest.approx(expected.value, rel=1e-12)
    assert len(found.rows) == len(expected.rows)


def test_lazy_evaluates_few_rows(monkeypatch):
    counted = []

    class Counting(batchbald._Gains):
        def exact(self, rows):
            counted.append(len(rows) * len(self.state.weight))
            return super().exact(rows)

    monkeypatch.setattr(batchbald, "_Gains", Counting)
    monkeypatch.setattr(batchbald, "MERGING", 0.1)
    draws = pool(2000, 12, 4, spread=0.5)
    batch = select(draws, 5)
    every = sum(2000 * 4**b for b in range(1, len(batch.rows)))
    assert sum(counted) < every / 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("members", "classes", "labellings"), [(1, 2, 1), (3, 2, 5), (4, 3, 128), (7, 5, 129), (20, 10, 700)]
)
def test_the_compiled_loop_lies_well_within_its_bound(monkeypatch, members, classes, labellings, dtype):
    compiled(monkeypatch)
    rng = np.random.default_rng(labellings)
    draws = pool(21, members, classes).astype(dtype)
    state = Labellings(rng.dirichlet(np.ones(labellings)), rng.dirichlet(np.full(members, 0.3), labellings))
    gains = batchbald._Gains(draws, np.zeros(21), state)
    rows = rng.permutation(21)[:17]
    exact = conditional_entropy(state, draws[rows])
    assert 0 < gains.error < 1e-4
    assert np.abs(gains.bound(rows) - gains.error - exact).max() < gains.error / 2


def test_threads_and_partners_change_nothing(monkeypatch):
    draws, state = pool(19), Labellings.none(6)
    for row in (3, 5):
        state = state.add(draws[row], limit=99, rng=np.random.default_rng(0))
    blocks, out = in_blocks(state, _batchbald_kernel.LANES), np.empty(19)
    _batchbald_kernel.conditional_entropy(0, 19, np.arange(19), draws, *blocks, out)
    for start, stop in ((0, 1), (5, 8), (2, 19)):
        part = np.empty(19)
        _batchbald_kernel.conditional_entropy(start, stop, np.arange(19), draws, *blocks, part)
        assert part[start:stop].tolist() == out[start:stop].tolist()


@pytest.mark.parametrize("count", [1, 7, 60, 242])
@pytest.mark.parametrize("seed", SEEDS)
def test_merged_labellings_bound_the_entropy_from_above(count, seed):
    draws, state = pool(40, 8, 3, seed), Labellings.none(8)
    for row in range(5):
        state = state.add(draws[row], limit=243, rng=np.random.default_rng(0))
    merged = state.merged(count)
    assert len(merged.weight) <= count
    assert merged.weight.sum() == pytest.approx(1.0)
    assert merged.weight @ merged.posterior == pytest.approx(state.weight @ state.posterior)
    assert (conditional_entropy(merged, draws) >= conditional_entropy(state, draws) - 1e-12).all()


def test_blocks_change_nothing(monkeypatch):
    draws, state = pool(40), Labellings.none(6)
    for row in range(4):
        state = state.add(draws[row], limit=999, rng=np.random.default_rng(0))
    whole = conditional_entropy(state, draws)
    monkeypatch.setattr(batchbald, "CACHE_BYTES", 64)
    assert conditional_entropy(state, draws) == pytest.approx(whole, rel=1e-12)


# sampled labellings


def chain(draws, picked, limit, seed):
    state, rng = Labellings.none(draws.shape[1]), np.random.default_rng(seed)
    for row in picked:
        state = state.add(draws[row], limit=limit, rng=rng)
    return state


def test_labellings_are_those_of_the_joint_distribution():
    draws = pool(3)
    state = chain(draws, range(3), 27, 0)
    joint = [np.prod([draws[i, :, y] for i, y in enumerate(labels)], axis=0) for labels in product(range(3), repeat=3)]
    assert state.exact
    assert state.weight == pytest.approx([p.mean() for p in joint])
    assert state.posterior == pytest.approx(np.array([p / p.sum() for p in joint]))


@pytest.mark.parametrize("limit", [30, 200])
def test_sampled_entropies_are_unbiased(limit):
    """Also where all labels are equally probable, when every tenth of an ordered list has the same last label."""
    draws = np.concatenate([pool(20, 12, 5, spread=1.5), np.random.default_rng(0).dirichlet(np.full(5, 50.0), (5, 12))])
    picked = [20, 21, 0, 1, 22]
    exact = conditional_entropy(chain(draws, picked, 10**6, 0), draws)
    found = np.array([conditional_entropy(chain(draws, picked, limit, seed), draws) for seed in range(100)])
    error = found.std(axis=0) / 10
    assert (np.abs(found.mean(axis=0) - exact) <= 4 * error + 1e-6).all()
    assert found.std(axis=0).max() < 1.5 / limit**0.5


def test_sampling_begins_when_there_are_more_labellings_than_allowed():
    draws = pool(5)
    assert chain(draws, range(4), 81, 0).exact
    state = chain(draws, range(4), 80, 0)
    assert not state.exact
    assert len(state.weight) <= 80
    assert state.weight.sum() == pytest.approx(1.0)


def test_long_batches_never_underflow():
    draws = pool(500, 3, 2, spread=0.05)
    state = chain(draws, range(500), 64, 0)
    assert np.isfinite(state.posterior).all()
    assert state.posterior.sum(axis=1) == pytest.approx(1.0)
    assert np.isfinite(choose("batchbald(samples=64)", 400, draws=draws).value).all()


def test_another_round_samples_anew_under_the_same_seed():
    draws = pool(60, 30, 5)
    values = [tuple(choose("batchbald(samples=50)", 6, draws=draws, seed=seed).value) for seed in range(4)]
    assert len(set(values)) == 4
    assert len({value[:2] for value in values}) == 1  # 5 labellings of the first pick are all counted


def test_memory_is_that_of_a_block_and_not_of_rows_times_labellings():
    draws = pool(400, 20, 10).astype(np.float32)
    state = chain(draws, range(5), 10_000, 0)
    tracemalloc.start()
    conditional_entropy(state, draws)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(state.weight) > 2000
    assert peak < 40 * 2**20  # [N, J, C] would take 8 bytes × 400 × J × 10


# what follows when the labels would tell nearly everything


def test_the_rest_is_drawn_by_power_bald_and_the_reason_says_so():
    draws = pool(40, 4, 3, spread=3.0)
    chosen = choose("batchbald", 20, draws=draws, seed=0)
    jointly = int(chosen.reason.partition("after ")[2].split()[0])
    assert chosen.reason == (
        f"its label and those chosen before tell most about the model together; after {jointly} rows too little is "
        "left to tell, and the rest is drawn by power-bald"
    )
    assert sum(chosen.value[:jointly]) > 0.9 * log(4) >= sum(chosen.value[: jointly - 1])
    assert chosen.value[jointly:].tolist() == bald(draws)[chosen.rows[jointly:]].tolist()
    others = [tuple(choose("batchbald", 20, draws=draws, seed=seed).rows[jointly:]) for seed in range(5)]
    assert len(set(others)) == 5


def test_the_rest_is_drawn_in_proportion_to_the_score():
    """Two rows tell all there is; of the two that are left, one has three times the score of the other."""
    certain = np.eye(2)[[[0, 0, 1, 1], [0, 1, 0, 1]]].astype(float)
    noisy = np.array(
        [[[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]], [[0.7, 0.3], [0.7, 0.3], [0.3, 0.7], [0.3, 0.7]]]
    )
    draws = np.concatenate([certain, noisy])
    scores = bald(noisy)
    third = [query("batchbald", 3, draws=draws, seed=seed)[2] for seed in range(400)]
    share = scores[0] / scores.sum()
    assert third.count(2) / 400 == pytest.approx(share, abs=3.5 * (share * (1 - share) / 400) ** 0.5)


def test_members_that_agree_leave_nothing_to_tell():
    chosen = choose("batchbald", 4, draws=np.full((6, 3, 2), 0.5), seed=0)
    assert len(set(chosen.rows.tolist())) == 4
    assert chosen.value.tolist() == [0.0] * 4
    assert "after 1 rows" in chosen.reason


def test_sampling_is_told_in_the_reason():
    reason = choose("batchbald(samples=10)", 4, draws=pool(20, 40, 3), seed=0).reason
    assert reason.endswith("tell most about the model together, over 10 sampled labellings where there are more")


@pytest.mark.parametrize("samples", [0, -1, 2.5, "many"])
def test_a_number_of_samples_that_cannot_be(samples):
    with pytest.raises(BadInput) as caught:
        Batchbald(samples=samples)
    assert str(caught.value) == f"samples must be a whole number, 1 or more: got {samples!r}"


# defects of public packages, by their number in our list


def test_3_ties_drawn_again_do_not_repeat_a_row():
    draws = np.full((40, 4, 2), 0.5)
    for seed in range(50):
        assert len(set(query("batchbald", 10, draws=draws, seed=seed).tolist())) == 10


def test_3_samples_are_not_the_number_of_members():
    assert Batchbald().samples == 10_000


@pytest.mark.parametrize("n", [1, 5, 12])
def test_11_members_that_hardly_differ_give_neither_fewer_rows_nor_one_more(n):
    draws = pool(12, spread=1e-9)
    assert len(query("batchbald", n, draws=draws)) == n
