"""Greedy coverage in single precision: the picks of the plain greedy, and bounds that are safe."""

from __future__ import annotations

import numpy as np
import pytest

from querist.select import _single_cover, herding
from querist.select._cover_kernel import add_rises
from querist.select._single_cover import Search, Single, lower

RNG = np.random.default_rng


def clusters(rows, width, seed=0):
    rng = RNG(seed)
    return (3 * rng.normal(size=(20, width))[rng.integers(20, size=rows)] + rng.normal(size=(rows, width))).astype("f4")


POOLS = {
    "clusters": lambda: clusters(1500, 12),
    "copies": lambda: clusters(200, 5)[RNG(1).integers(200, size=1200)],
    "far from the origin": lambda: (clusters(900, 6) + 1000).astype(np.float32),
    "a row of zeros": lambda: np.concatenate([np.zeros((1, 4), np.float32), clusters(600, 4)]),
    "a grid, full of ties": lambda: RNG(2).integers(0, 3, (900, 4)).astype(np.float64),
}


@pytest.fixture
def large(monkeypatch):
    def choose(**options):
        rows, state = options.pop("rows"), options.pop("state")
        found = []
        for limit in (2**62, 0):
            monkeypatch.setattr(herding, "LARGE", limit)
            found.append(herding.herd(rows, state, bounds=herding.gains(state, rows), **options))
        return found

    return choose


@pytest.mark.parametrize("sigma", [None, 4.0, 0.5])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("labelled", [0, 7])
def test_picks_and_gains_are_those_of_the_plain_greedy(large, pool, sigma, labelled):
    rows, ties = POOLS[pool](), RNG(5).random(2000)
    weight = RNG(6).random(len(rows)) * (RNG(7).random(len(rows)) < 0.8)
    state = herding.cover(rows, weight, sigma=sigma, labelled=rows[:labelled])
    plain, fast = large(rows=rows, state=state, n=90, ties=ties[: len(rows)])
    assert fast[0].tolist() == plain[0].tolist()
    assert fast[1] == pytest.approx(plain[1], rel=1e-9)


def test_more_picks_than_are_remembered(large, monkeypatch):
    monkeypatch.setattr(_single_cover, "PAST", 3)
    monkeypatch.setattr(_single_cover, "BUCKET", 16)
    rows = clusters(800, 8)
    state = herding.cover(rows, np.ones(800), sigma=4.0)
    plain, fast = large(rows=rows, state=state, n=60, ties=RNG(0).random(800))
    assert fast[0].tolist() == plain[0].tolist()


def test_when_nothing_is_left_to_cover_both_stop(large):
    rows = np.repeat(np.eye(5, dtype=np.float32), 40, axis=0)
    plain, fast = large(rows=rows, state=herding.cover(rows, np.ones(200), sigma=0.5), n=9, ties=RNG(0).random(200))
    assert fast[0].tolist() == plain[0].tolist()
    assert len(fast[0]) == 5


@pytest.mark.parametrize("sigma", [None, 3.0])
def test_bounds_are_never_below_the_gains(sigma):
    rows = clusters(700, 9)
    state = herding.cover(rows, RNG(0).random(700), sigma=sigma, labelled=rows[:3])
    single = Single.of(state, rows)
    search = Search(rows, state, single, single.gains(lower(state.met)))
    for row in range(0, 300, 30):
        true = herding.measured(state, rows)
        search._refresh(np.arange(len(search.starts)))
        open_rows = np.isfinite(search.left)
        true = true[search.order][open_rows]
        assert (search.left[open_rows] >= true * (1 - 1e-12)).all()
        assert search.left[open_rows] == pytest.approx(true, rel=1e-3, abs=1e-2)
        state = herding.add(state, rows[row : row + 1])
        search.enter(state, row)


@pytest.mark.parametrize("sigma", [None, 4.0])
def test_scores_of_large_pools_are_those_of_small_ones_to_single_precision(monkeypatch, sigma):
    rows = clusters(2500, 7)
    state = herding.cover(rows, np.ones(2500), sigma=sigma, labelled=rows[:4])
    plain = herding.gains(state, rows)
    monkeypatch.setattr(herding, "LARGE", 0)
    assert herding.gains(state, rows) == pytest.approx(plain, rel=1e-4, abs=1e-3)


def test_a_radius_too_small_for_single_precision_is_left_to_double(large):
    rows = clusters(300, 6)
    state = herding.cover(rows, np.ones(300), sigma=0.002)
    assert Single.of(state, rows) is None
    plain, fast = large(rows=rows, state=state, n=20, ties=RNG(0).random(300))
    assert fast[0].tolist() == plain[0].tolist()


@pytest.mark.parametrize("columns", [1, 127, 128, 300])
def test_the_kernel_adds_up_rises(columns):
    rng = RNG(columns)
    similar, (low, weight) = rng.random((5, columns), np.float32), rng.random((2, columns), np.float32)
    for span in (np.full(columns, np.inf, np.float32), rng.random(columns, np.float32) / 4):
        out = np.ones(5)
        add_rises(similar, low, span, weight, out)
        assert out == pytest.approx(1 + np.clip(similar - low, 0, span).astype(float) @ weight, rel=1e-5)
