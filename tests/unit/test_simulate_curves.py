"""Areas, labels needed, factors saved: against hand computation and SciPy."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from querist.simulate.curve import Curve, Point, aubc, aubc_log, aubc_lu, labels_to, smooth
from querist.simulate.savings import factor_saved, mean_se, median_labels, versus


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(1, 50), st.integers(1, 20))
def test_areas_are_the_trapezoid_rule(values: list[float], start: int, step: int) -> None:
    labels = start + step * np.arange(len(values))
    assert aubc(labels, values) == pytest.approx(trapezoid(values, labels) / (labels[-1] - labels[0]), abs=1e-12)
    log = np.log(labels)
    assert aubc_log(labels, values) == pytest.approx(trapezoid(values, log) / (log[-1] - log[0]), abs=1e-9)
    assert aubc_lu(values) == pytest.approx(trapezoid(values[1:]) / (len(values) - 1), abs=1e-12)


def test_a_constant_curve_has_its_value_as_area_but_not_lus() -> None:
    assert aubc([20, 21, 22, 23], [0.8] * 4) == pytest.approx(0.8)
    assert aubc_lu([0.8] * 4) == pytest.approx(0.8 * 2 / 3)


def test_one_round_has_its_value_as_area() -> None:
    assert aubc([20], [0.8]) == aubc_log([20], [0.8]) == 0.8
    assert math.isnan(aubc_lu([0.8]))


def test_the_log_area_leaves_out_zero_labels() -> None:
    assert aubc_log([0, 10, 20], [0.1, 0.5, 0.7]) == pytest.approx(0.6)


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(1, 20), st.sampled_from([1, 3, 5]))
def test_smoothing_keeps_straight_lines(a: float, b: float, n: int, window: int) -> None:
    line = a + b * np.arange(n)
    assert smooth(line, window) == pytest.approx(line, abs=1e-9)


def test_smoothing_is_the_centred_mean() -> None:
    y = rng().random(9)
    assert smooth(y, 5)[4] == pytest.approx(y[2:7].mean())
    assert smooth(y, 5)[1] == pytest.approx(y[:3].mean())
    assert smooth(y, 5)[0] == y[0]


def test_labels_to_is_a_budget_that_was_tried() -> None:
    x, y = [10, 20, 30, 40], [0.5, 0.6, 0.7, 0.8]
    assert labels_to(x, y, 0.65) == 30
    assert labels_to(x, y, 0.7) == 30
    assert labels_to(x, y, 0.5) == 10
    assert labels_to(x, [1 - v for v in y], 0.35, lower=True) == 30


def test_one_lucky_round_does_not_reach_a_target() -> None:
    x, y = [10, 20, 30, 40, 50], [0.5, 0.9, 0.5, 0.7, 0.9]
    assert labels_to(x, y, 0.85, window=1) == 20
    assert labels_to(x, y, 0.85) == 50


def test_an_unreached_target_is_infinite() -> None:
    assert labels_to([10, 20], [0.5, 0.6], 0.9) == math.inf


def test_median_labels_counts_seeds_that_never_arrive_as_infinite() -> None:
    assert median_labels([10, 20, math.inf], rng())["median"] == 20
    assert median_labels([10, math.inf, math.inf], rng()) == {"median": None, "interval": None, "reached": 1}
    assert median_labels([10, math.inf], rng())["median"] is None
    found = median_labels([10, 20, 30, math.inf], rng())
    assert found["median"] == 25
    assert found["interval"] == [10, None]


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_few_seeds_have_no_interval(seeds: int) -> None:
    own, base = [10.0] * seeds, [30.0] * seeds
    assert median_labels(own, rng())["interval"] is None
    assert factor_saved(own, base, budget=50, rng=rng()) == {"factor": 3.0, "interval": None, "at_least": None}
    assert median_labels([10.0] * 4, rng())["interval"] == [10.0, 10.0]


def test_no_label_at_all_has_a_factor_only_where_both_needed_none() -> None:
    none, some = [0.0] * 4, [0.0, 20, 20, 20]
    assert factor_saved(none, none, budget=50, rng=rng()) == {"factor": 1.0, "interval": [1.0, 1.0], "at_least": None}
    for own, base in ((none, some), (some, none), (none, [math.inf] * 4)):
        found = factor_saved(own, base, budget=50, rng=rng())
        assert found == {"factor": None, "interval": None, "at_least": None}
    mixed = factor_saved(some, some, budget=50, rng=rng())
    assert (mixed["factor"], mixed["interval"]) == (1.0, [1.0, 1.0])


def test_factor_saved_is_a_ratio_of_medians_with_a_paired_interval() -> None:
    own = np.array([10.0, 20, 30, 40, 50])
    found = factor_saved(own, 2 * own, budget=200, rng=rng())
    assert found["factor"] == 2.0
    assert found["interval"] == [2.0, 2.0]  # paired: the same seeds in both, so the ratio never varies
    loose = factor_saved(own, 2 * own[::-1], budget=200, rng=rng())
    assert loose["interval"] is not None
    assert loose["interval"][0] < 2.0 < loose["interval"][1]  # type: ignore[operator]


def test_factor_saved_never_makes_a_number_up() -> None:
    never = [math.inf] * 3
    assert factor_saved(never, [10.0] * 3, budget=50, rng=rng())["factor"] is None
    only_own = factor_saved([10.0, 20, 30], never, budget=50, rng=rng())
    assert only_own == {"factor": None, "interval": None, "at_least": 2.5}
    assert factor_saved(never, never, budget=50, rng=rng()) == {"factor": None, "interval": None, "at_least": None}


def test_an_interval_beyond_the_budget_is_open() -> None:
    found = factor_saved([10.0] * 5, [20, 30, 40, math.inf, math.inf], budget=50, rng=rng())
    assert found["factor"] == 4.0
    assert found["interval"] == [2.0, None]
    worse = factor_saved([10, 20, 30, math.inf, math.inf], [30.0] * 5, budget=50, rng=rng())
    assert worse["interval"] == [None, 3.0]


def test_means_and_paired_differences() -> None:
    x, y = np.array([0.9, 0.8, 0.7, 0.75]), np.array([0.8, 0.8, 0.72, 0.70])
    gap = x - y
    found = versus(x, y)
    assert (found["win"], found["tie"], found["loss"]) == (2, 1, 1)
    assert found["mean"] == pytest.approx(gap.mean())
    assert found["se"] == pytest.approx(gap.std(ddof=1) / 2)
    assert mean_se([0.5]) == {"mean": 0.5, "se": None}


def test_curves_survive_json() -> None:
    points = (Point(10, 10.0, {"accuracy": 0.5}, 0.1, 0.2), Point(20, 25.0, {"accuracy": 0.1 + 0.2}, 0.3, 0.4))
    curve = Curve("iris", "margin", 3, points, {"version": "1"})
    again = Curve.from_json(json.loads(json.dumps(curve.to_json())))
    assert again.points == points
    assert (again.dataset, again.strategy, again.seed, again.info) == ("iris", "margin", 3, {"version": "1"})
    assert again.seconds_per_query == pytest.approx(0.02)
    assert Curve("iris", None, 3, points[:1], {}).seconds_per_query is None
