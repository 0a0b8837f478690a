"""The compiled farthest-first traversal: the picks of the plain loop, whatever it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.select import _kcenter_kernel, kcenter
from querist.select._gap_kernel import gaps_to, roughness, sum_blocks
from querist.select.distance import nearest, squared_to

RNG = np.random.default_rng


def clusters(rows, width, count, noise, dtype=np.float32):
    rng = RNG(rows + width)
    centres = rng.normal(size=(count, width))
    return (centres[rng.integers(count, size=rows)] + noise * rng.normal(size=(rows, width))).astype(dtype)


POOLS = {
    "clusters": lambda: clusters(20_000, 33, 100, 0.3),
    "tight clusters": lambda: clusters(6_000, 9, 40, 0.01),
    "iid, float64": lambda: RNG(0).normal(size=(4_000, 70)),
    "two columns": lambda: RNG(1).random((5_000, 2)).astype(np.float32),
    "one column": lambda: RNG(2).random((3_000, 1)),
    "a few copies each": lambda: clusters(500, 12, 20, 0.5)[RNG(3).integers(500, size=5_000)],
    "a grid, full of ties": lambda: RNG(4).integers(0, 3, (4_000, 40)).astype(np.float32),
    "all the same": lambda: np.full((1_000, 5), 0.1, np.float32),
    "sorted by distance": lambda: np.sort(RNG(5).normal(size=4_000))[:, None] * np.ones(20),
    "far from the origin": lambda: clusters(3_000, 40, 30, 0.3, np.float64) + 1e9,
    "overflowing float32": lambda: clusters(2_000, 64, 30, 0.3) * np.float32(1e30),
    "one block and one row": lambda: clusters(257, 32, 5, 0.3),
}


def plain(rows, left, **options):
    assert options["n"] * rows.size < kcenter.COMPILED
    return kcenter.kcenter(rows, left, **options)


def compiled(rows, left, *, n, ties):
    first = _kcenter_kernel.central(rows, ties) if np.isinf(left[0]) else None
    return _kcenter_kernel.farthest_first(rows, left, n=n, ties=ties, first=first)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("labelled", [0, 3])
def test_picks_are_those_of_the_plain_loop(pool, labelled):
    rows = POOLS[pool]()
    ties = RNG(9).random(len(rows))
    left = nearest(rows, rows[:labelled])[1]
    expected, far = plain(rows, left, n=90, ties=ties)
    picked, value = compiled(rows, left, n=90, ties=ties)
    assert picked.tolist() == expected.tolist()
    assert value == pytest.approx(far, rel=1e-9)


@given(rows=st.integers(1, 40), width=st.integers(1, 70), levels=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_small_pools_with_ties_to_the_last_row(rows, width, levels, seed):
    points = RNG(seed).integers(0, levels, (rows, width)).astype(np.float32)
    ties = RNG(seed + 1).random(rows)
    left = np.full(rows, np.inf)
    expected, far = plain(points, left, n=rows, ties=ties)
    picked, value = compiled(points, left, n=rows, ties=ties)
    assert picked.tolist() == expected.tolist()
    assert value == pytest.approx(far, rel=1e-9)


@pytest.mark.parametrize("pool", ["clusters", "tight clusters", "two columns"])
def test_the_number_of_threads_and_the_way_taken_change_nothing(monkeypatch, pool):
    rows = POOLS[pool]()
    ties, left = RNG(9).random(len(rows)), np.full(len(rows), np.inf)
    expected = compiled(rows, left, n=60, ties=ties)
    monkeypatch.setattr(_kcenter_kernel, "ALONE", 0)
    for measure in (-(10**6), 10**6):  # what a plain step is thought to take: nothing, so it is taken, or too much
        monkeypatch.setattr(_kcenter_kernel, "MEASURE", measure)
        for cores in (1, 2, 3):
            monkeypatch.setattr("querist._parallel.cores", lambda count=cores: count)
            found = compiled(rows, left, n=60, ties=ties)
            assert [part.tolist() for part in found] == [part.tolist() for part in expected]


def test_it_leaves_most_distances_out_and_gives_up_being_lazy_where_that_is_dearer(monkeypatch):
    ways = []

    class Watched(_kcenter_kernel.Step):
        def take(self, count):
            super().take(count)
            ways.append((self.level, self.expected / self.plain))

    monkeypatch.setattr(_kcenter_kernel, "Step", Watched)
    wide = POOLS["clusters"]()
    compiled(wide, np.full(len(wide), np.inf), n=90, ties=RNG(9).random(len(wide)))
    assert not any(level for level, _ in ways)
    assert np.mean([work for _, work in ways]) < 0.6
    ways.clear()
    narrow = POOLS["one column"]()
    compiled(narrow, np.full(len(narrow), np.inf), n=90, ties=RNG(9).random(len(narrow)))
    assert ways[-1][0]


def test_large_pools_take_it_in_any_layout(monkeypatch):
    rows = clusters(2_000, 20, 30, 0.3)
    ties, left = RNG(9).random(len(rows)), np.full(len(rows), np.inf)
    expected = plain(rows, left, n=30, ties=ties)[0].tolist()
    monkeypatch.setattr(kcenter, "COMPILED", 0)
    monkeypatch.setattr(kcenter, "farthest_first", None)
    for other in (rows, np.asfortranarray(rows), rows.astype(np.float64), np.repeat(rows, 2, axis=1)[:, ::2]):
        assert kcenter.kcenter(other, left, n=30, ties=ties)[0].tolist() == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 7, 8, 31, 32, 45, 129])
def test_gaps_and_sums(dtype, width):
    rows = RNG(width).normal(size=(50, width)).astype(dtype)
    point, gaps, sums = rows[7].astype(np.float64), np.empty(50), np.empty((4, width))
    gaps_to(0, 50, rows, point, gaps)
    sum_blocks(0, 4, rows, 16, sums)
    assert gaps[7] == 0
    assert gaps == pytest.approx(squared_to(rows, point), rel=1e-14)
    assert sums.sum(axis=0) == pytest.approx(rows.sum(axis=0, dtype=np.float64), rel=1e-12, abs=1e-12)


@given(width=st.integers(1, 600), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_rough_gap_is_as_near_as_it_says(width, seed):
    rows = (RNG(seed).normal(size=(2, width)) * 10.0 ** RNG(seed).integers(-6, 6, width)).astype(np.float32)
    exact = squared_to(rows[:1], rows[1].astype(np.float64))[0]
    assert rough(rows) == pytest.approx(exact, rel=roughness(width, rows.dtype) / 2)


def rough(rows):
    from numba import njit

    from querist.select._gap_kernel import rough_gap

    global _rough
    if _rough is None:
        _rough = njit(lambda rows: rough_gap(rows, 0, rows, rows.shape[1], rows.shape[1]))
    return _rough(rows)


_rough = None
