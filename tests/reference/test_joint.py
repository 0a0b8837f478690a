"""The joint strategies against brute force, written from their definitions on a few points."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare

import querist
from querist._query import choose_from
from querist.engines import merge
from querist.select import herding
from querist.select.clusters import kmeans
from querist.select.kmeanspp import kmeanspp
from querist.strategies.badge import Badge, Gradients, residual
from querist.strategies.k_center import KCenter
from querist.strategies.maxherding import Maxherding
from querist.strategies.protocol import Strategy, host
from querist.strategies.typiclust import Typiclust
from querist.strategies.uherding import Uherding, radius
from querist.view import Draw, Selection, View

Points = NDArray[np.float64]
SEEDS = range(6)
ALL = [KCenter(), Badge(), Typiclust(), Maxherding(), Uherding()]
COVERING = [KCenter(), Typiclust(), Maxherding(sigma=1.5), Uherding(sigma=1.5)]


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def choose(rule: Strategy | str, n: int, seed: int = 0, **rows: Any) -> Selection:
    return querist.choose(rule, n, seed=seed, **rows)


def gap(a: Points, b: Points) -> Points:
    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))


def check_greedy(
    picked: Selection, rows: Points, targets: Points, weight: Points, *, near: Points, sigma: float
) -> None:
    """Recompute every gain from the definition at every step; ``near`` are the points labelled before."""
    similar, chosen, taken = np.exp(-((gap(targets, rows) / sigma) ** 2)), near, []
    for row, value in zip(picked.rows.tolist(), picked.value, strict=True):
        met = np.exp(-((gap(targets, chosen) / sigma) ** 2)).max(axis=1, initial=0.0)
        gain = weight @ np.maximum(0.0, similar - met[:, None])
        gain[taken] = -1.0
        assert gain[row] >= gain.max() * (1 - 1e-8)  # two rows that cover only each other tie
        assert value == pytest.approx(gain[row], rel=1e-8)
        taken.append(row)
        chosen = np.concatenate([chosen, rows[[row]]])


# k-center


@pytest.mark.parametrize("seed", SEEDS)
def test_k_center_is_farthest_first(seed: int) -> None:
    rows, asked = points(12, seed), points(3, seed + 100)
    chosen = choose("k-center", 6, embed=rows, labelled={"embed": asked})
    picked: list[int] = []
    for row, value in zip(chosen.rows, chosen.value, strict=True):
        left = gap(rows, np.concatenate([asked, rows[picked]])).min(axis=1)
        assert row == left.argmax()
        assert value == pytest.approx(left.max(), rel=1e-12)
        picked.append(int(row))
    assert list(chosen.value) == sorted(chosen.value, reverse=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_defect_16_k_center_starts_at_the_row_nearest_to_the_mean(seed: int) -> None:
    rows = points(12, seed)
    chosen = choose("k-center", 3, seed=seed, embed=rows)
    first = gap(rows, rows.mean(axis=0, keepdims=True))[:, 0].argmin()
    assert chosen.rows[0] == first
    assert chosen.rows[1] == gap(rows, rows)[first].argmax()
    assert chosen.value[0] == chosen.value[1] == pytest.approx(gap(rows, rows)[first].max())


def test_k_center_scores_by_the_nearest_labelled_row_and_0_without_one() -> None:
    rows, asked = points(12, 0), points(4, 1)
    view = View.of({"embed": rows}, ids=[str(i) for i in range(12)])
    scores = KCenter().score(replace(view, labelled=View.of({"embed": asked}, ids=list("abcd"))), Draw(0))
    assert scores == pytest.approx(gap(rows, asked).min(axis=1), rel=1e-12)
    assert not KCenter().score(view, Draw(0)).any()


def test_k_center_measures_small_distances_far_from_the_origin() -> None:
    rows = np.array([[1e8, 0.0], [1e8, 0.25], [1e8, 0.5]])
    chosen = choose("k-center", 2, embed=rows, labelled={"embed": rows[:1]})
    assert chosen.rows.tolist() == [2, 1]
    assert chosen.value.tolist() == [0.5, 0.25]


# badge


def gradients(probs: Points, embed: Points) -> Points:
    wrong = probs - np.eye(probs.shape[1])[probs.argmax(axis=1)]
    return (wrong[:, :, None] * embed[:, None, :]).reshape(len(probs), -1)


@pytest.mark.parametrize("seed", SEEDS)
def test_badge_works_in_the_space_of_gradients(seed: int) -> None:
    probs, embed = chances(10, seed), points(10, seed)
    full = gradients(probs, embed)
    space = Gradients.of(residual(probs), embed)
    for row in range(10):
        assert space.squared(row) == pytest.approx(((full - full[row]) ** 2).sum(axis=1), rel=1e-10, abs=1e-14)
    chosen = choose("badge", 4, seed=seed, probs=probs, embed=embed)
    left = (full**2).sum(axis=1)
    assert chosen.rows[0] == left.argmax()
    assert chosen.value[0] == pytest.approx(left.max())
    assert chosen.propensity is not None
    assert chosen.propensity[0] == 1.0
    left = np.full(10, np.inf)
    for before, row, value, chance in zip(
        chosen.rows, chosen.rows[1:], chosen.value[1:], chosen.propensity[1:], strict=False
    ):
        left = np.minimum(left, ((full - full[before]) ** 2).sum(axis=1))
        assert value == pytest.approx(left[row])
        assert chance == pytest.approx(left[row] / left.sum())


def test_badge_draws_the_second_and_third_pick_in_proportion_to_squared_distance() -> None:
    probs, embed, draws = chances(6, 3), points(6, 3), 20_000
    full, rng = gradients(probs, embed), np.random.default_rng(2020)
    space, ties = Gradients.of(residual(probs), embed), np.arange(6.0)
    seen: dict[tuple[int, int], int] = dict.fromkeys(permutations(range(1, 6), 2), 0)
    for _ in range(draws):
        _, second, third = kmeanspp(space.squared, 0, n=3, ties=ties, rng=rng).rows.tolist()
        seen[second, third] += 1

    def expected(power: float) -> list[float]:
        chance = []
        for second, third in seen:
            one = (((full - full[0]) ** 2).sum(axis=1)) ** power
            two = np.minimum(one, (((full - full[second]) ** 2).sum(axis=1)) ** power)
            chance.append(one[second] / one.sum() * two[third] / two.sum() * draws)
        return chance

    counts = list(seen.values())
    assert chisquare(counts, expected(1.0)).pvalue > 0.01
    assert chisquare(counts, expected(0.5)).pvalue < 1e-20  # not by distance


def test_defects_5_and_15_badge_without_any_distance_left_ends_with_distinct_rows_in_random_order() -> None:
    probs, embed = np.repeat(chances(1, 0), 8, axis=0), np.repeat(points(1, 0), 8, axis=0)
    orders = {tuple(choose("badge", 8, seed=s, probs=probs, embed=embed).rows.tolist()) for s in range(5)}
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert len(orders) == 5
    chosen = choose("badge", 3, probs=probs, embed=embed)
    assert chosen.propensity is not None
    assert chosen.propensity == pytest.approx([1 / 8, 1 / 7, 1 / 6])


def test_defect_5_badge_has_no_centre_at_the_origin() -> None:
    # Certain rows have a gradient of 0; after the first pick they are the farthest, so they must be drawn.
    probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]])
    embed = np.array([[3.0, 0.0], [1.0, 1.0], [3.0, 0.0]])
    for seed in range(5):
        assert 1 in choose("badge", 2, seed=seed, probs=probs, embed=embed).rows


# herding


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sigma", [0.3, 1.0, 5.0])
def test_maxherding_is_plain_greedy_coverage_of_pool_and_labelled(seed: int, sigma: float) -> None:
    rows, asked = points(12, seed), points(3, seed + 50)
    chosen = choose(Maxherding(sigma=sigma), 5, embed=rows, labelled={"embed": asked})
    check_greedy(chosen, rows, np.concatenate([rows, asked]), np.ones(15), near=asked, sigma=sigma)


@pytest.mark.parametrize("seed", SEEDS)
def test_uherding_weights_by_one_minus_margin_within_the_smallest_labelled_distance(seed: int) -> None:
    rows, asked, p = points(12, seed), points(4, seed + 50), chances(12, seed)
    chosen = choose("uherding", 5, embed=rows, probs=p, labelled={"embed": asked, "probs": chances(4, seed + 9)})
    top = np.sort(p, axis=1)
    weight = np.concatenate([1 - (top[:, -1] - top[:, -2]), np.zeros(4)])
    between = gap(asked, asked)
    sigma = between[between > 0].min()
    check_greedy(chosen, rows, np.concatenate([rows, asked]), weight, near=asked, sigma=sigma)


@pytest.mark.parametrize("sigma", [0.5, 2.0, 8.0])
def test_lazy_herding_is_plain_herding_on_a_larger_pool(sigma: float) -> None:
    rows, weight = points(150, 7), np.random.default_rng(0).random(150)
    state = herding.cover(rows, weight, sigma=sigma)
    bounds = herding.gains(state, rows)
    picked, value = herding.herd(rows, state, bounds=bounds, n=40, ties=np.random.default_rng(1).random(150))
    check_greedy(Selection(picked, value), rows, rows, weight, near=rows[:0], sigma=sigma)
    assert (np.diff(value) <= 1e-9).all()
    stale, _ = herding.herd(rows, state, bounds=bounds + 3.0, n=40, ties=np.random.default_rng(1).random(150))
    assert stale.tolist() == picked.tolist()  # any upper bounds will do


def test_defect_6_the_kernel_does_not_flatten_in_many_dimensions() -> None:
    # With γ = 1/D unit vectors are all alike (k = 0.998 at D = 1,000); exp(−d²/σ²) tells them apart.
    rows = np.eye(40, 1000)
    value = choose("maxherding", 40, embed=rows).value
    assert value == pytest.approx(1 - np.exp(-2) + np.where(np.arange(40) == 0, 40 * np.exp(-2), 0), rel=1e-9)


def test_defect_6_coverage_is_over_the_targets_and_not_over_the_candidates() -> None:
    crowd = np.array([[5.0], [5.1], [4.9], [5.05]])
    rows = np.array([[0.0], [0.1], [0.2], [5.0]])
    alone = choose(Maxherding(sigma=1.0), 1, embed=rows)
    among = choose(Maxherding(sigma=1.0), 1, embed=rows, targets={"embed": np.concatenate([rows, crowd])})
    assert (alone.rows.tolist(), among.rows.tolist()) == ([1], [3])


def test_default_radius_is_1_for_unrelated_unit_vectors_and_follows_the_scale() -> None:
    keys = np.arange(30, dtype=np.uint64)
    assert herding.spread(np.eye(30), keys) == pytest.approx(1.0)
    assert herding.spread(7 * np.repeat(np.eye(15), 2, axis=0), keys) == pytest.approx(7.0)
    assert herding.spread(np.ones((30, 2)), keys) == 1.0


def test_uherding_radius_falls_back_and_has_a_floor() -> None:
    line, keys = np.arange(11.0)[:, None], np.arange(11, dtype=np.uint64)
    default = herding.spread(line, keys)
    assert radius(line, keys, labelled=line[:0]) == default
    assert radius(line, keys, labelled=line[:1]) == default
    assert radius(line, keys, labelled=line[[2, 2]]) == default
    assert radius(line, keys, labelled=line[[2, 2, 5]]) == 3.0
    assert radius(line, keys, labelled=np.array([[2.0], [2.0 + 1e-9]])) == 0.5


def test_uherding_chooses_nothing_for_the_sake_of_labelled_or_certain_targets() -> None:
    rows, p = np.array([[0.0], [0.1], [0.2], [9.0]]), np.array([[1.0, 0.0]] * 3 + [[0.6, 0.4]])
    chosen = choose(Uherding(sigma=1.0), 4, embed=rows, probs=p, labelled={"embed": rows[:1], "probs": p[3:]})
    assert chosen.rows.tolist() == [3, 2, 1, 0]  # the only uncertain one, then the farthest
    assert chosen.value.tolist() == [pytest.approx(0.8), 0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["standardised", "raw"])
def test_ten_herded_digits_teach_a_model_70_percent(name: str) -> None:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    pixels, y = load_digits(return_X_y=True)
    x = pixels / 16 if name == "raw" else (pixels - pixels.mean(0)) / np.maximum(pixels.std(0), 1e-9)
    accuracy = []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(x))
        pool, test = order[:1000], order[1000:]
        rows = pool[choose("maxherding", 10, seed=seed, embed=x[pool]).rows]
        model = LogisticRegression(C=10, max_iter=1000).fit(x[rows], y[rows])
        accuracy.append(model.score(x[test], y[test]))
    assert np.mean(accuracy) >= 0.70  # ten random digits: 0.42 and 0.44


# typiclust


def three_groups() -> tuple[Points, Points]:
    """Groups of 9, 7 and 6 rows, far apart, and one labelled row in the largest."""
    rng = np.random.default_rng(5)
    centres = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    rows = np.concatenate([c + rng.normal(size=(m, 2)) for c, m in zip(centres, (8, 7, 6), strict=True)])
    return rows, np.array([[0.1, 0.1]])


def test_typiclust_visits_by_labelled_count_and_size_and_takes_the_most_typical() -> None:
    rows, asked = three_groups()
    group = np.repeat([0, 1, 2], [8, 7, 6])
    every, home = np.concatenate([rows, asked]), np.append(group, 0)
    apart = gap(rows, every)
    apart[np.arange(21), np.arange(21)] = np.inf
    typical = np.zeros(21)
    for x in range(21):
        members = np.sort(apart[x][home == group[x]])
        typical[x] = 1 / (1e-5 + members[: min(20, (home == group[x]).sum() // 2)].mean())
    best = [np.flatnonzero(group == g)[np.argsort(-typical[group == g])] for g in range(3)]
    expected = [best[1][0], best[2][0], best[0][0], best[1][1], best[2][1], best[0][1]]
    chosen = choose(Typiclust(most=3), 6, embed=rows, labelled={"embed": asked})
    assert chosen.rows.tolist() == expected
    assert chosen.value == pytest.approx(typical[expected])


def test_typiclust_leaves_small_clusters_to_the_end() -> None:
    rows, asked = three_groups()
    chosen = choose(Typiclust(most=3, smallest=7), 21, embed=rows, labelled={"embed": asked})
    assert set(chosen.rows[-6:].tolist()) == set(range(15, 21))


def test_defect_4_typiclust_repeats_no_row_when_the_clusters_run_out() -> None:
    rows = np.concatenate([three_groups()[0], np.zeros((30, 2))])
    for n in (5, 20, 51):
        assert len(set(choose(Typiclust(most=3), n, embed=rows).rows.tolist())) == n


def test_fewer_distinct_rows_than_clusters_is_no_warning() -> None:
    rows = np.repeat(points(3, 0), 10, axis=0)
    assert len(kmeans(rows, 8, rng=np.random.default_rng(0))) == 3
    assert {int(i) // 10 for i in choose("typiclust", 3, embed=rows).rows} == {0, 1, 2}


def test_many_clusters_are_found_in_mini_batches_and_the_same_twice() -> None:
    rows = points(400, 1)
    first, again = (kmeans(rows, 60, rng=np.random.default_rng(4)) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert len(first) == 60


def test_shards_do_not_change_what_typiclust_picks() -> None:
    view = View.of({"embed": points(60, 2)}, ids=[f"i{i}" for i in range(60)])
    view = view.take(np.argsort(view.keys))
    view = replace(view, targets=view)
    whole = choose_from(Typiclust(), view, n=12, draw=Draw(3))
    parts = [view.take(rows) for rows in np.array_split(np.arange(60), 4)]
    kept, _, chosen = merge.run(Typiclust(), parts, n=12, draw=Draw(3))
    assert [kept.ids[i] for i in chosen.rows] == [view.ids[i] for i in whole.rows]


def test_scores_are_the_single_row_half() -> None:
    rows, p = points(9, 0), chances(9, 0)
    view = View.of({"embed": rows, "probs": p}, ids=[str(i) for i in range(9)])
    view = replace(view, targets=view)
    similar = np.exp(-(gap(rows, rows) ** 2))
    assert host(Maxherding(sigma=1.0).score(view, Draw(0))) == pytest.approx(similar.sum(axis=0))
    assert host(Badge().score(view, Draw(0))) == pytest.approx((gradients(p, rows) ** 2).sum(axis=1))
    assert not host(Typiclust().score(view, Draw(0))).any()
