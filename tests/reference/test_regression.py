"""The strategies of regression against brute force, written from their one-line definitions on a few points."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist._load import make
from querist._query import choose_from
from querist.errors import BadInput
from querist.strategies.gsx import Gsx
from querist.strategies.gsy import Gsy
from querist.strategies.igs import Igs
from querist.strategies.k_center import KCenter
from querist.strategies.lcmd import Lcmd
from querist.strategies.max_dist import MaxDist
from querist.strategies.protocol import Strategy, host
from querist.view import Draw, Selection, View

seeds = st.integers(0, 10_000)


def rows_of(n: int, seed: int, name: str = "item", d: int = 2) -> View:
    rng = np.random.default_rng(seed)
    evidence = {"embed": rng.normal(size=(n, d)), "mean_var": np.column_stack([rng.normal(size=n), np.ones(n)])}
    return View.of(evidence, ids=[f"{name}_{i}" for i in range(n)])


def asked(view: View, labelled: int, seed: int, pending: int = 0) -> View:
    y = np.random.default_rng([seed, 3]).normal(size=labelled) * 4
    y[:pending] = np.nan
    return replace(view, labelled=rows_of(labelled, seed + 1, "asked"), outcomes=y)


def pick(rule: Strategy, view: View, n: int, seed: int = 0) -> Selection:
    return choose_from(rule, view, n=n, draw=Draw(seed))


def gap(a: Any, b: Any) -> float:
    return sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def greedy(view: View, n: int, distance: Any, centres: list[Any]) -> tuple[list[int], list[float]]:
    """Take the row of largest least distance to the centres, n times; a centre is (features, outcome)."""
    f = view.mean_var[:, 0]
    rows, values = [], []
    for _ in range(n):
        left = {r: min(distance((view.embed[r], f[r]), c) for c in centres) for r in range(len(view)) if r not in rows}
        best = max(left, key=lambda r: left[r])
        rows.append(best)
        values.append(left[best])
        centres = [*centres, (view.embed[best], f[best])]
    return rows, values


def centres_of(view: View) -> list[Any]:
    """The labelled rows with their outcomes, the prediction where the answer is pending."""
    f = view.labelled.mean_var[:, 0]
    y = [f[i] if np.isnan(value) else value for i, value in enumerate(view.outcomes)]
    return list(zip(view.labelled.embed, y, strict=True))


def in_features(a: Any, b: Any) -> float:
    return gap(a[0], b[0])


def in_outcome(a: Any, b: Any) -> float:
    return abs(a[1] - b[1])


def in_both(a: Any, b: Any) -> float:
    return in_features(a, b) * in_outcome(a, b)


@given(seed=seeds, n=st.integers(1, 6), labelled=st.integers(1, 4))
@settings(max_examples=30)
def test_gsx_is_farthest_first_in_plain_distances(seed: int, n: int, labelled: int) -> None:
    view = asked(rows_of(10, seed), labelled, seed)
    rows, values = greedy(view, n, in_features, centres_of(view))
    found = pick(Gsx(), view, n)
    assert found.rows.tolist() == rows
    assert found.value == pytest.approx(values)
    assert found.rows.tolist() == pick(KCenter(), view, n).rows.tolist()


@given(seed=seeds, n=st.integers(1, 6))
@settings(max_examples=20)
def test_the_first_is_the_row_nearest_to_the_centroid(seed: int, n: int) -> None:
    view = rows_of(10, seed)
    middle = view.embed.mean(axis=0)
    first = min(range(10), key=lambda r: gap(view.embed[r], middle))
    more, _ = greedy(view, n, in_features, [(view.embed[first], 0.0)])
    for rule in (Gsx(), Gsy(), Igs()):
        assert pick(rule, view, n + 1).rows.tolist() == [first, *[r for r in more if r != first]][: n + 1]


@given(
    seed=seeds, n=st.integers(1, 6), labelled=st.integers(2, 5), pending=st.integers(0, 1), name=st.sampled_from("gi")
)
@settings(max_examples=60)
def test_gsy_and_igs_are_greedy_in_outcomes(seed: int, n: int, labelled: int, pending: int, name: str) -> None:
    view = asked(rows_of(10, seed), labelled, seed, pending)
    rule, distance = (Gsy(first=1), in_outcome) if name == "g" else (Igs(first=1), in_both)
    unit = np.nanstd(view.outcomes) or 1.0
    rows, values = greedy(view, n, distance, centres_of(view))
    found = pick(rule, view, n)
    assert found.rows.tolist() == rows
    assert found.value * unit == pytest.approx(values, abs=1e-12)
    alone = [min(distance((view.embed[r], view.mean_var[r, 0]), c) for c in centres_of(view)) for r in range(10)]
    assert host(rule.score(view, Draw(0))) * unit == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize("rule", [Gsy(first=2), Igs(first=2)])
def test_the_scale_of_the_outcome_changes_nothing(rule: Strategy) -> None:
    view = asked(rows_of(12, 0), 4, 0)

    def scaled(part: View) -> View:
        return replace(part, mean_var=part.mean_var * np.array([1000.0, 1e6]))

    large = replace(scaled(view), labelled=scaled(view.labelled), outcomes=view.outcomes * 1000)
    assert pick(rule, large, 5).rows.tolist() == pick(rule, view, 5).rows.tolist()
    assert pick(rule, large, 5).value == pytest.approx(pick(rule, view, 5).value)


@pytest.mark.parametrize("rule", [Gsy(), Igs()])
def test_features_alone_decide_until_enough_answers_are_there(rule: Strategy) -> None:
    view = asked(rows_of(12, 1), 6, 1)
    few = replace(view, outcomes=np.where(np.arange(6) < 4, view.outcomes, np.nan))
    assert pick(rule, few, 5).rows.tolist() == pick(Gsx(), few, 5).rows.tolist()
    assert pick(rule, view, 5).rows.tolist() != pick(Gsx(), view, 5).rows.tolist()


def test_real_labels_reach_a_regression_strategy() -> None:
    """A pool on a line: the model says 0 … 9, and only 4.4 and 5 are known; −1 is a value and no sign."""
    at = np.arange(10.0)[:, None]
    given = {"embed": at, "mean_var": np.column_stack([at[:, 0], np.ones(10)])}
    known = {"embed": at[4:6], "mean_var": given["mean_var"][4:6]}
    for labels, expected in (([4.4, 5.0], [0]), ([-1.0, 9.5], [4]), ([-1, 9], [4])):
        assert querist.query("gsy(first=1)", 1, **given, labelled=known, labels=labels, seed=0).tolist() == expected
    both = querist.query("gsy(first=1)", 2, **given, labelled=known, labels=[4.4, 5.0], seed=0).tolist()
    assert both == [0, 9]


def test_all_known_outcomes_equal_is_no_division_by_zero() -> None:
    view = replace(asked(rows_of(6, 2), 3, 2), outcomes=np.array([2.0, 2.0, 2.0]))
    for rule in (Gsy(first=1), Igs(first=1)):
        assert np.isfinite(pick(rule, view, 6).value).all()


def test_members_that_spread_most_come_first() -> None:
    draws = np.random.default_rng(0).normal(size=(9, 5, 1)) * 3 - 1
    spread = [sqrt(sum((x - sum(m) / 5) ** 2 for x in m) / 5) for m in draws[:, :, 0].tolist()]
    found = querist.choose("qbc-std", 9, draws=draws, seed=0)
    assert found.value == pytest.approx(sorted(spread, reverse=True))
    assert found.rows.tolist() == sorted(range(9), key=lambda r: -spread[r])
    variance = np.column_stack([np.zeros(9), np.square(spread)])
    assert querist.choose("qbc-std", 9, mean_var=variance, seed=0).value == pytest.approx(found.value)
    assert querist.choose("qbc-std", 2, draws=draws[:, :1], seed=0).value.tolist() == [0.0, 0.0]


# lcmd


def lcmd_by_hand(view: View, n: int, first: list[Any]) -> tuple[list[int], list[float]]:
    rows: list[int] = []
    values: list[float] = []
    centres = list(first)
    if not centres:
        rows.append(max(range(len(view)), key=lambda r: gap(view.embed[r], [0.0, 0.0])))
        values.append(gap(view.embed[rows[0]], [0.0, 0.0]))
        centres.append(view.embed[rows[0]])
    while len(rows) < n:
        to = [[gap(point, c) for c in centres] for point in view.embed]
        home = [min(range(len(centres)), key=lambda c, d=d: d[c]) for d in to]
        size = [sum(min(d) ** 2 for d, h in zip(to, home, strict=True) if h == c) for c in range(len(centres))]
        largest = size.index(max(size))
        inside = [r for r in range(len(view)) if home[r] == largest and r not in rows]
        best = max(inside, key=lambda r: min(to[r]))
        rows.append(best)
        values.append(min(to[best]))
        centres.append(view.embed[best])
    return rows[:n], values[:n]


@given(seed=seeds, n=st.integers(1, 8), labelled=st.integers(0, 4))
@settings(max_examples=60)
def test_lcmd_takes_the_farthest_row_of_the_largest_cluster(seed: int, n: int, labelled: int) -> None:
    view = rows_of(12, seed)
    near = rows_of(labelled, seed + 1, "asked")
    rows, values = lcmd_by_hand(view, n, list(near.embed))
    found = pick(Lcmd(), replace(view, labelled=near), n)
    assert found.rows.tolist() == rows
    assert found.value == pytest.approx(values)


def test_lcmd_prefers_a_crowd_badly_represented_to_a_single_far_row() -> None:
    points = np.array([[1.0], [1.1], [1.2], [1.3], [9.6]])
    labelled = {"embed": np.array([[0.0], [8.0]])}
    assert querist.query("lcmd", 1, embed=points, labelled=labelled, seed=0).tolist() == [3]
    assert querist.query("k-center", 1, embed=points, labelled=labelled, seed=0).tolist() == [4]


def test_14_no_row_is_chosen_twice_when_only_copies_are_left() -> None:
    points = np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0)
    for name in ("lcmd", "max-dist", "max-dist(kernel='rbf')", "gsx", "max-det", "max-det(kernel='linear')"):
        for seed in range(5):
            assert sorted(querist.query(name, 10, embed=points, seed=seed).tolist()) == list(range(10))


# max-dist


def kernels(name: str, sigma: float) -> Any:
    def linear(a: Any, b: Any) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    def cosine(a: Any, b: Any) -> float:
        return linear(a, b) / sqrt(linear(a, a) * linear(b, b))

    def rbf(a: Any, b: Any) -> float:
        return exp(-((gap(a, b) / sigma) ** 2))

    return {"linear": linear, "cosine": cosine, "rbf": rbf}[name]


@given(seed=seeds, n=st.integers(1, 6), labelled=st.integers(1, 3), name=st.sampled_from(["linear", "cosine", "rbf"]))
@settings(max_examples=60)
def test_max_dist_is_farthest_first_in_kernel_distance(seed: int, n: int, labelled: int, name: str) -> None:
    view, sigma = asked(rows_of(10, seed), labelled, seed), 2.0
    k = kernels(name, sigma)

    def distance(a: Any, b: Any) -> float:
        return sqrt(max(0.0, k(a[0], a[0]) + k(b[0], b[0]) - 2 * k(a[0], b[0])))

    rows, values = greedy(view, n, distance, centres_of(view))
    found = pick(MaxDist(kernel=name, sigma=sigma), replace(view, targets=view), n)
    assert found.rows.tolist() == rows
    assert found.value == pytest.approx(values, abs=1e-7)
    if name != "cosine":
        assert found.rows.tolist() == pick(KCenter(), view, n).rows.tolist()


@given(seed=seeds)
@settings(max_examples=20)
def test_max_dist_starts_at_the_largest_variance_and_where_all_are_equal_in_the_middle(seed: int) -> None:
    view = rows_of(10, seed)
    view = replace(view, targets=view)
    length = [gap(point, [0.0, 0.0]) for point in view.embed]
    assert pick(MaxDist(), view, 1).rows.tolist() == [length.index(max(length))]
    assert pick(MaxDist(kernel="rbf"), view, 4).rows.tolist() == pick(KCenter(), view, 4).rows.tolist()
    directions = replace(view, embed=view.embed / np.array(length)[:, None])
    assert pick(MaxDist(kernel="cosine"), view, 4).rows.tolist() == pick(KCenter(), directions, 4).rows.tolist()


def test_values_of_a_narrow_kernel_do_not_hide_the_distance() -> None:
    """Beyond some σ all kernel distances round to √2: the picks must still be those of the distance."""
    points = np.array([[0.0], [50.0], [400.0], [90.0]])
    found = querist.choose("max-dist(kernel='rbf', sigma=1.0)", 2, embed=points, labelled={"embed": points[:1]}, seed=0)
    assert found.rows.tolist() == [2, 3]
    assert found.value == pytest.approx([sqrt(2), sqrt(2)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gsy(first=0)", "first must be a whole number, 1 or more: got 0"),
        ("igs(first=1.5)", "first must be a whole number, 1 or more: got 1.5"),
        ("max-dist(kernel='poly')", "kernel must be 'linear', 'cosine' or 'rbf': got 'poly'"),
        ("max-dist(sigma=0)", "sigma must be a positive number, or None to take it from the data: got 0"),
    ],
)
def test_options_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        make("strategies", text)
    assert str(caught.value) == message
