"""The strategies of density and coverage against brute force, written from their one-line definitions."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import permutations
from math import exp, prod, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from querist import _arrays
from querist._load import make
from querist._query import choose_from, default_targets
from querist.errors import BadInput
from querist.select import balls, herding
from querist.select.balls import Balls, pure_radius
from querist.select.clusters import kmeans
from querist.select.graph import nearest_manhattan
from querist.strategies.facility_location import FacilityLocation
from querist.strategies.graph_density import GraphDensity
from querist.strategies.k_means import KMeans
from querist.strategies.lightweight_coreset import LightweightCoreset
from querist.strategies.max_det import MaxDet
from querist.strategies.maxherding import Maxherding
from querist.strategies.probcover import Probcover
from querist.strategies.protocol import Strategy
from querist.view import Draw, Selection, View

Points = NDArray[np.float64]
seeds = st.integers(0, 10_000)
ALL = ["max-det", "max-det(kernel='linear')", "k-means", "lightweight-coreset", "graph-density",
       "probcover", "probcover(delta=1.0)", "facility-location", "facility-location(similarity='rbf')", "lcmd",
       "max-dist"]  # fmt: skip


def points(n: int, seed: int, d: int = 2) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def view_of(rows: Points, asked: Points | None = None) -> View:
    view = View.of({"embed": rows}, ids=[f"item_{i}" for i in range(len(rows))])
    if asked is not None:
        labelled = View.of({"embed": asked}, ids=[f"asked_{i}" for i in range(len(asked))])
        view = replace(view, labelled=labelled, labels=np.zeros(len(asked), np.int64))
    return replace(view, targets=default_targets(view))


def pick(rule: Strategy, view: View, n: int, draw: Draw | None = None) -> Selection:
    return choose_from(rule, view, n=n, draw=draw or Draw(0))


def gap(a: Any, b: Any) -> float:
    return sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


# max-det


@given(seed=seeds, n=st.integers(1, 6), asked=st.integers(0, 3), kernel=st.sampled_from(["rbf", "linear"]))
@settings(max_examples=60)
def test_max_det_is_greedy_for_the_determinant(seed: int, n: int, asked: int, kernel: str) -> None:
    rows, labelled, sigma, noise = points(10, seed, 3), points(asked, seed + 1, 3), 1.5, 0.05

    def determinant(chosen: list[Points]) -> float:
        if kernel == "linear":
            gram = [[float(np.dot(a, b)) for b in chosen] for a in chosen]
        else:
            gram = [[exp(-((gap(a, b) / sigma) ** 2)) for b in chosen] for a in chosen]
        return float(np.linalg.det(np.array(gram) + noise * np.eye(len(chosen))))

    found = pick(MaxDet(kernel=kernel, sigma=sigma, noise=noise), view_of(rows, labelled), n)
    chosen = list(labelled)
    taken: list[int] = []
    for row, value in zip(found.rows.tolist(), found.value, strict=True):
        before = determinant(chosen) if chosen else 1.0
        grown = {r: determinant([*chosen, rows[r]]) / before for r in range(10) if r not in taken}
        assert grown[row] == pytest.approx(max(grown.values()), rel=1e-6)
        assert value + noise == pytest.approx(grown[row], rel=1e-6)
        chosen.append(rows[row])
        taken.append(row)


def test_max_det_ends_with_rows_that_are_explained_in_random_order() -> None:
    rows = np.repeat(np.eye(3), 4, axis=0)
    orders = set()
    for seed in range(8):
        found = querist.choose("max-det(kernel='linear', noise=1e-20)", 12, embed=rows, seed=seed)
        assert {row // 4 for row in found.rows[:3].tolist()} == {0, 1, 2}
        assert found.value[3:].max() < 1e-9
        orders.add(tuple(found.rows[3:].tolist()))
    assert len(orders) > 1


# k-means


@given(seed=seeds, n=st.integers(1, 6))
@settings(max_examples=20)
def test_k_means_takes_the_nearest_row_to_each_centre(seed: int, n: int) -> None:
    rows = points(12, seed)
    found = pick(KMeans(), view_of(rows), n)
    centres = kmeans(rows, n, rng=Draw(0).rng("k-means"))
    home = Counter(min(range(n), key=lambda c, x=x: gap(x, centres[c])) for x in rows)
    taken: list[int] = []
    for row, c in zip(found.rows.tolist(), sorted(range(n), key=lambda c: -home[c]), strict=True):
        nearest = min(gap(rows[r], centres[c]) for r in range(12) if r not in taken)
        assert gap(rows[row], centres[c]) == pytest.approx(nearest, rel=1e-9)  # the two rows of a pair are equally near
        taken.append(row)
    assert len(set(taken)) == n
    assert found.value.tolist() == sorted((float(home[c]) for c in range(n)), reverse=True)


def test_two_centres_do_not_share_a_row_and_clusters_run_out() -> None:
    rows = np.repeat([[0.0], [5.0], [9.0]], [6, 3, 1], axis=0)
    for seed in range(5):
        found = querist.choose("k-means", 7, embed=rows, seed=seed)
        assert len(set(found.rows.tolist())) == 7
        assert set(rows[found.rows[:3], 0]) == {0.0, 5.0, 9.0}
        assert found.value.tolist() == [6.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0]


# lightweight-coreset


@given(seed=seeds)
@settings(max_examples=20)
def test_lightweight_coreset_draws_by_its_definition(seed: int) -> None:
    rows = points(8, seed)
    middle = [sum(x) / 8 for x in zip(*rows.tolist(), strict=True)]
    squared = [gap(x, middle) ** 2 for x in rows]
    q = [0.5 / 8 + 0.5 * d / sum(squared) for d in squared]
    found = pick(LightweightCoreset(), view_of(rows), 8, Draw(seed))
    assert found.value == pytest.approx([8 * q[row] for row in found.rows])
    left = list(range(8))
    for row, probability in zip(found.rows.tolist(), found.propensity, strict=True):
        assert probability == pytest.approx(q[row] / sum(q[r] for r in left), rel=1e-9)
        left.remove(row)


def test_7_lightweight_coreset_samples_the_whole_pool_as_often_as_it_says() -> None:
    """Chi-square of 4,000 rounds over all ordered pairs; 32 is the 99.9th percentile for 11 degrees of freedom."""
    view, rounds = view_of(np.array([[0.0], [1.0], [2.0], [7.0]])), 4_000
    seen: Counter[tuple[int, ...]] = Counter()
    said: dict[tuple[int, ...], float] = {}
    for position in range(rounds):
        found = pick(LightweightCoreset(), view, 2, Draw(0, position))
        pair = tuple(found.rows.tolist())
        seen[pair] += 1
        said[pair] = prod(found.propensity)
    assert set(seen) == set(permutations(range(4), 2))
    assert sum((seen[pair] - rounds * p) ** 2 / (rounds * p) for pair, p in said.items()) < 32


def test_7_a_large_pool_is_drawn_from_everywhere() -> None:
    rows = querist.query("lightweight-coreset", 200, embed=points(20_000, 0), seed=0)
    assert len(set(rows.tolist())) == 200
    assert np.histogram(rows, bins=4, range=(0, 20_000))[0].min() > 25


def test_copies_of_one_point_are_drawn_evenly() -> None:
    chosen = querist.choose("lightweight-coreset", 2, embed=np.ones((5, 2)), seed=0)
    assert chosen.propensity == pytest.approx([0.2, 0.25])


# graph-density


@given(seed=seeds, n=st.integers(1, 6), k=st.integers(1, 4), asked=st.integers(0, 3))
@settings(max_examples=60)
def test_graph_density_by_its_definition(seed: int, n: int, k: int, asked: int) -> None:
    rows, labelled = points(10, seed), points(asked, seed + 1)
    found = pick(GraphDensity(k=k, gamma=0.7), view_of(rows, labelled), n)
    nodes = [*rows.tolist(), *labelled.tolist()]
    d = [[sum(abs(x - y) for x, y in zip(a, b, strict=True)) for b in nodes] for a in nodes]
    near = [
        set(sorted((j for j in range(len(nodes)) if j != i), key=lambda j, i=i: d[i][j])[:k]) for i in range(len(nodes))
    ]
    joined = [{j for j in range(len(nodes)) if j in near[i] or i in near[j]} for i in range(len(nodes))]
    density = [sum(exp(-0.7 * d[i][j]) for j in joined[i]) / len(joined[i]) for i in range(len(nodes))]
    left = list(density)
    for one in range(10, len(nodes)):
        for j in joined[one]:
            left[j] -= density[one]
    taken: list[int] = []
    for row, value in zip(found.rows.tolist(), found.value, strict=True):
        assert value == pytest.approx(left[row], abs=1e-12)
        assert left[row] == pytest.approx(max(left[r] for r in range(10) if r not in taken), abs=1e-9)
        taken.append(row)
        own = left[row]
        for j in joined[row]:
            left[j] -= own


def test_neighbours_at_the_same_distance_are_settled_by_their_numbers() -> None:
    near, distance = nearest_manhattan(np.zeros((4, 2)), k=2, ties=np.array([0.1, 0.9, 0.5, 0.7]))
    assert [set(row) for row in near.tolist()] == [{1, 3}, {3, 2}, {1, 3}, {1, 2}]
    assert not distance.any()


def test_weights_that_vanish_are_no_edges() -> None:
    found = querist.choose("graph-density(k=2, gamma=1e6)", 3, embed=np.array([[0.0], [1.0], [2.0]]), seed=0)
    assert found.value.tolist() == [0.0, 0.0, 0.0]


# probcover


@given(seed=seeds, n=st.integers(1, 12), asked=st.integers(0, 3), delta=st.sampled_from([1, 2, 3]))
@settings(max_examples=80)
def test_probcover_by_its_definition_on_a_grid_of_ties(seed: int, n: int, asked: int, delta: int) -> None:
    """Whole numbers in a plane: many pairs lie at exactly δ, and are not covered."""
    rng = np.random.default_rng(seed)
    rows, labelled = (rng.integers(0, 5, size=(size, 2)).astype(float) for size in (12, asked))
    draw = Draw(seed)
    found = pick(Probcover(delta=float(delta)), view_of(rows, labelled), n, draw)
    nodes = [*rows.tolist(), *labelled.tolist()]
    covered = {t for t in range(len(nodes)) for a in labelled.tolist() if gap(nodes[t], a) < delta}
    ties = draw.uniform(view_of(rows).keys, "ties")
    taken: list[int] = []
    for row, value in zip(found.rows.tolist(), found.value, strict=True):
        free = [r for r in range(12) if r not in taken]
        ball = {r: {t for t in range(len(nodes)) if gap(nodes[t], rows[r]) < delta} for r in free}
        degree = {r: len(ball[r] - covered) for r in free}
        best = [r for r in free if degree[r] == max(degree.values())]
        assert row == max(best, key=lambda r: ties[r])
        assert value == degree[row]
        covered |= ball[row]
        taken.append(row)


def test_4_probcover_goes_on_after_everything_is_covered() -> None:
    rows = np.concatenate([np.zeros((5, 2)), np.full((5, 2), 9.0)])
    fills = set()
    for seed in range(6):
        found = querist.choose("probcover(delta=1.0)", 10, embed=rows, seed=seed)
        assert sorted(found.rows.tolist()) == list(range(10))
        assert found.value.tolist() == [5.0, 5.0] + [0.0] * 8
        fills.add(tuple(found.rows[2:].tolist()))
    assert len(fills) > 1


def test_uncovered_rows_that_are_no_targets_come_before_covered_ones() -> None:
    """With a sample of targets, a row may be uncovered although its ball holds no target."""
    rows = np.array([[0.0], [0.1], [50.0], [0.2]])
    view = replace(view_of(rows), targets=View.of({"embed": np.array([[0.05]])}, ids=["t"]))
    for seed in range(5):
        found = pick(Probcover(delta=1.0), view, 3, Draw(seed))
        assert found.rows[1] == 2
        assert found.value.tolist() == [1.0, 0.0, 0.0]


def test_20_the_last_rows_of_a_pool_are_coverers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.concatenate([points(40, 0) * 100, np.zeros((9, 2))])
    for size in (64, 1000, 2**23):
        monkeypatch.setattr(balls, "BLOCK_BYTES", size)
        found = querist.choose("probcover(delta=0.5)", 1, embed=rows, seed=0)
        assert found.rows[0] >= 40
        assert found.value.tolist() == [9.0]


@given(seed=seeds, purity=st.sampled_from([0.5, 0.75, 0.95, 1.0]))
@settings(max_examples=30)
def test_the_radius_is_the_largest_that_is_pure_enough(seed: int, purity: float) -> None:
    rows = points(12, seed)
    labels = np.random.default_rng(seed).integers(0, 3, 12)
    if len(set(labels.tolist())) < 2:
        return

    def share(delta: float) -> float:
        balls_of = [{labels[j] for j in range(12) if gap(rows[i], rows[j]) < delta} for i in range(12)]
        return sum(len(ball) == 1 for ball in balls_of) / 12

    found = pure_radius(rows, labels, purity=purity)
    assert share(found * (1 - 1e-12)) >= purity
    assert share(found * (1 + 1e-9)) < purity


def test_the_default_radius_stays_the_same_from_round_to_round() -> None:
    view = view_of(points(60, 0))
    values = {tuple(Probcover().score(view, Draw(3, position)).tolist()) for position in range(4)}
    assert len(values) == 1
    assert len({tuple(Probcover(clusters=c).score(view, Draw(3)).tolist()) for c in (2, 10)}) == 2


def test_one_cluster_is_one_ball() -> None:
    found = querist.choose("probcover", 3, embed=np.ones((6, 2)), seed=0)
    assert found.value.tolist() == [6.0, 0.0, 0.0]


def test_balls_far_from_the_origin_are_measured_at_their_border() -> None:
    rows = np.array([[1e7, 0.0], [1e7, 1.0], [1e7, 2.0], [1e7, 2.0 - 1e-8]])
    ball = Balls(rows, 1.0)
    assert ball.hold(rows).astype(int).tolist() == [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 1]]


@given(seed=seeds, spread=st.sampled_from([1.0, 1e3, 1e6]), radius=st.sampled_from([0.05, 0.5, 3.0]))
@settings(max_examples=40)
def test_balls_hold_what_lies_nearer_than_the_radius_at_any_scale(seed: int, spread: float, radius: float) -> None:
    """Also where groups lie so far apart that single precision cannot tell their members from one another."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(80, 3)) * 0.3 + spread * rng.integers(0, 3, 80)[:, None]
    expected = [[gap(a, b) < radius for b in rows] for a in rows]
    assert Balls(rows, radius).hold(rows).tolist() == expected
    assert Balls(rows, radius).count(rows).tolist() == [float(sum(row)) for row in expected]


# facility-location


@given(seed=seeds, n=st.integers(1, 6), asked=st.integers(0, 3), similarity=st.sampled_from(["cosine", "rbf"]))
@settings(max_examples=60)
def test_facility_location_is_greedy_for_its_sum(seed: int, n: int, asked: int, similarity: str) -> None:
    rows, labelled, sigma = points(10, seed), points(asked, seed + 1), 1.5
    view = view_of(rows, labelled)
    targets = [*rows, *labelled]

    def alike(a: Points, b: Points) -> float:
        if similarity == "cosine":
            return max(0.0, float(np.dot(a, b)) / sqrt(float(np.dot(a, a)) * float(np.dot(b, b))))
        return exp(-((gap(a, b) / sigma) ** 2))

    def total(chosen: list[Points]) -> float:
        return sum(max((alike(t, c) for c in chosen), default=0.0) for t in targets)

    found = pick(FacilityLocation(similarity=similarity, sigma=sigma), view, n)
    chosen, taken = list(labelled), []
    for row, value in zip(found.rows.tolist(), found.value, strict=True):
        gains = {r: total([*chosen, rows[r]]) - total(chosen) for r in range(10) if r not in taken}
        assert value == pytest.approx(gains[row], abs=1e-9)
        assert gains[row] >= max(gains.values()) - 1e-9
        taken.append(row)
        chosen.append(rows[row])
    if similarity == "rbf":
        assert found.rows.tolist() == pick(Maxherding(sigma=sigma), view, n).rows.tolist()


def test_rows_of_zeros_are_like_nothing() -> None:
    rows = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    found = querist.choose("facility-location", 4, embed=rows, seed=0)
    assert set(found.rows[:1].tolist()) <= {2, 3}
    assert found.value == pytest.approx([2.0, 0.0, 0.0, 0.0])


# all


@pytest.mark.parametrize("name", ALL)
def test_small_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"embed": points(60, 1, 3), "labelled": {"embed": points(5, 2, 3)}}
    whole = querist.choose(name, 10, seed=0, **given)
    for module in (_arrays, herding, balls):
        monkeypatch.setattr(module, "BLOCK_BYTES", 1000)
    blocked = querist.choose(name, 10, seed=0, **given)
    assert blocked.rows.tolist() == whole.rows.tolist()
    assert blocked.value == pytest.approx(whole.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_memory_stays_far_below_a_full_matrix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 2**23)
    rows = points(3000, 1, 40).astype(np.float32)  # N² doubles are 72 MB
    querist.query(name, 5, embed=rows, seed=0)  # imports and compiles
    tracemalloc.start()
    querist.query(name, 5, embed=rows, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max-det(kernel='poly')", "kernel must be 'rbf' or 'linear': got 'poly'"),
        ("max-det(noise=0)", "noise must be a positive number: got 0"),
        ("facility-location(similarity='dot')", "similarity must be 'cosine' or 'rbf': got 'dot'"),
        ("facility-location(sigma=-1)", "sigma must be a positive number, or None to take it from the data: got -1"),
        ("graph-density(k=0)", "k must be a whole number, 1 or more: got 0"),
        ("graph-density(gamma=0)", "gamma must be a positive number, or None for 1 / D: got 0"),
        ("probcover(delta=0)", "delta must be a positive number, or None to take it from the data: got 0"),
        ("probcover(purity=0)", "purity must be a number above 0, at most 1: got 0"),
        ("probcover(clusters=1)", "clusters must be a whole number, 2 or more: got 1"),
    ],
)
def test_options_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        make("strategies", text)
    assert str(caught.value) == message
