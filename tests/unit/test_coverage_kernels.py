"""The compiled loops of the coverage strategies: what the plain ones in NumPy give, on every kind of pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist.select import _balls_kernel, _determinant_kernel, _lcmd_kernel, _nearest_kernel, distance
from querist.select.balls import Balls, cover_greedily
from querist.select.determinant import greedy_determinant
from querist.select.distance import nearest, squared_norms
from querist.select.lcmd import largest_cluster
from querist.select.process import Process

RNG = np.random.default_rng


def clusters(rows, width, count, noise, dtype=np.float32):
    rng = RNG(rows + width)
    centres = rng.normal(size=(count, width))
    return (centres[rng.integers(count, size=rows)] + noise * rng.normal(size=(rows, width))).astype(dtype)


POOLS = {
    "clusters": lambda: clusters(3_000, 33, 30, 0.3),
    "tight clusters, few columns": lambda: clusters(2_000, 9, 40, 0.01),
    "iid, float64": lambda: RNG(0).normal(size=(900, 70)),
    "one column": lambda: RNG(2).random((1_000, 1)),
    "a few copies each": lambda: clusters(200, 12, 20, 0.5)[RNG(3).integers(200, size=2_000)],
    "a grid, full of ties": lambda: RNG(4).integers(0, 3, (1_500, 36)).astype(np.float32),
    "all the same": lambda: np.full((600, 5), 0.5, np.float32),
    "far from the origin": lambda: clusters(1_000, 40, 30, 0.3, np.float64) + 1e6,
    "one block and one row": lambda: clusters(257, 32, 5, 0.3),
}


@pytest.fixture(params=POOLS)
def rows(request):
    return POOLS[request.param]()


def brute(rows, others):
    gap = rows[:, None, :].astype(np.float64) - others[None].astype(np.float64)
    return np.sqrt((gap * gap).sum(axis=2))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_nearest_is_the_nearest(rows, kind):
    others = (rows[::40].astype(np.float64) + 1e-3).astype(kind)
    apart = brute(rows, others)
    which, far = _nearest_kernel.nearest(rows, others)
    assert far == pytest.approx(apart.min(axis=1), rel=1e-9)
    assert apart[np.arange(len(rows)), which] == pytest.approx(far, rel=1e-9)


def test_of_equally_near_points_the_first_is_named():
    points = np.zeros((3, 40), np.float32)
    assert _nearest_kernel.nearest(points, points)[0].tolist() == [0, 0, 0]


def test_points_that_single_precision_cannot_hold_are_still_told_apart():
    rows = np.full((4, 64), np.float32(1e30))
    others = np.stack([np.full(64, 1e300), np.full(64, 2e30), np.full(64, 1.1e30)])
    assert _nearest_kernel.nearest(rows, others)[0].tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("labelled", [0, 3])
def test_lcmd_picks_are_those_of_the_plain_loop(rows, labelled):
    ties = RNG(9).random(len(rows))
    home, far = nearest(rows, rows[:labelled])
    if labelled == 0:
        home, far = np.full(len(rows), -1), np.sqrt(squared_norms(rows))
    expected, value = largest_cluster(rows, home, far**2, n=60, ties=ties)
    picked, got = _lcmd_kernel.largest_cluster(rows, home, far**2, n=60, ties=ties)
    assert picked.tolist() == expected.tolist()
    assert got == pytest.approx(value, rel=1e-9)


@given(count=st.integers(1, 30), width=st.integers(1, 40), levels=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_lcmd_and_max_det_to_the_last_row_of_small_pools(count, width, levels, seed):
    points = RNG(seed).integers(0, levels, (count, width)).astype(np.float32)
    ties, home, squared = RNG(seed + 1).random(count), np.full(count, -1), squared_norms(points)
    expected = largest_cluster(points, home, squared, n=count, ties=ties)[0]
    assert _lcmd_kernel.largest_cluster(points, home, squared, n=count, ties=ties)[0].tolist() == expected.tolist()
    assert determinants(points, points[:0], squared, count, ties) == []


def determinants(rows, labelled, variance, n, ties, noise=0.5):
    """Give the picks in which the compiled loop and the plain one differ."""
    process = Process.given(labelled, sigma=None, noise=noise)
    expected, value = greedy_determinant(process.columns(rows), variance, n=n, noise=noise, ties=ties)
    picked, got = _determinant_kernel.greedy_determinant(rows, process, variance, n=n, ties=ties)
    assert got == pytest.approx(value, rel=1e-6, abs=1e-9 * max(1e-9, variance.max()))
    return [(a, b) for a, b in zip(picked.tolist(), expected.tolist(), strict=True) if a != b]


@pytest.mark.parametrize("labelled", [0, 3])
def test_max_det_picks_are_those_of_the_plain_loop(labelled):
    for name in ("clusters", "tight clusters, few columns", "iid, float64", "a few copies each", "all the same"):
        rows = POOLS[name]()
        variance = Process.given(rows[:labelled], sigma=None, noise=0.5).variance(rows)
        assert determinants(rows, rows[:labelled], variance, 60, RNG(9).random(len(rows))) == [], name


def radius_of(rows):
    apart = brute(rows[:100], rows[:100])
    return float(np.quantile(apart[apart > 0], 0.2)) if (apart > 0).any() else 1.0


def test_balls_hold_what_they_hold(rows):
    radius = radius_of(rows)
    cells = _balls_kernel.cells_of(rows, radius)
    assert _balls_kernel.count(rows, cells).tolist() == Balls(rows, radius).count(rows).tolist()


def test_probcover_picks_are_those_of_the_plain_loop(rows):
    balls, ties = Balls(rows[: len(rows) // 2], radius_of(rows)), RNG(9).random(len(rows))
    degree = balls.count(rows)
    expected, value = cover_greedily(rows, balls, degree, n=60, ties=ties)
    cells = _balls_kernel.cells_of(balls.points, balls.radius)
    picked, got = _balls_kernel.cover_greedily(rows, cells, degree, n=60, ties=ties)
    assert (picked.tolist(), got.tolist()) == (expected.tolist(), value.tolist())


def test_a_point_at_the_distance_of_the_radius_lies_outside_in_cells_too():
    points = np.zeros((50, 34), np.float32)
    points[:, 0] = np.arange(50)
    assert _balls_kernel.count(points, _balls_kernel.cells_of(points, 3.0))[[0, 25]].tolist() == [3.0, 5.0]


@pytest.mark.parametrize("radius", [1e20, 1e200])
def test_balls_beyond_single_precision(radius):
    points = RNG(0).normal(size=(100, 40)).astype(np.float32) * np.float32(1e20)
    assert (
        _balls_kernel.count(points, _balls_kernel.cells_of(points, radius)).tolist()
        == [1.0 if radius < 1e21 else 100.0] * 100
    )


def everything(rows):
    ties, home, norms = np.arange(len(rows), dtype=np.float64), np.full(len(rows), -1), squared_norms(rows)
    process = Process.given(rows[:0], sigma=None, noise=1.0)
    return [
        _nearest_kernel.nearest(rows, rows[:9])[0].tolist(),
        _balls_kernel.count(rows, _balls_kernel.cells_of(rows, 3.0)).tolist(),
        _lcmd_kernel.largest_cluster(rows, home, norms, n=30, ties=ties)[0].tolist(),
        _determinant_kernel.greedy_determinant(rows, process, norms, n=30, ties=ties)[0].tolist(),
    ]


def test_the_number_of_threads_changes_nothing(monkeypatch):
    found = []
    for parts in (1, 2, 3):
        monkeypatch.setattr("querist._parallel.cores", lambda parts=parts: parts)
        found.append(everything(POOLS["clusters"]()))
    assert found[0] == found[1] == found[2]


CASES = {
    "lcmd": {"labelled": {"embed": clusters(5, 20, 5, 1.0)}},
    "max-det(kernel='linear')": {"labelled": {"embed": clusters(5, 20, 5, 1.0)}},
    "probcover(delta=2.0)": {},
    "typiclust": {},
}


@pytest.mark.parametrize("strategy", CASES)
def test_the_way_taken_changes_no_pick(monkeypatch, strategy):
    rows = clusters(700, 20, 12, 0.5)
    plain = querist.query(strategy, 20, embed=rows, seed=0, **CASES[strategy])
    for module in ("distance", "lcmd", "balls"):
        monkeypatch.setattr(f"querist.select.{module}.COMPILED", 0)
    for module in ("max_det", "typiclust"):
        monkeypatch.setattr(f"querist.strategies.{module}.COMPILED", 0)
    assert querist.query(strategy, 20, embed=rows, seed=0, **CASES[strategy]).tolist() == plain.tolist()
    assert distance.COMPILED == 0
