"""Distance-to-boundary, cost-sensitive, epistemic, information-density, min-margin and CAL against brute force."""

from __future__ import annotations

from dataclasses import replace
from math import exp, fsum, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from querist.errors import BadEvidence, BadInput
from querist.select.distance import nearest_k, unit
from querist.strategies.cal import divergence
from querist.strategies.epistemic import Epistemic, support
from querist.strategies.information_density import InformationDensity, mean_rbf
from querist.view import Draw, View

Points = NDArray[np.float64]
SEED = st.integers(0, 10_000)


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def values(name: str, **rows: Any) -> dict[int, float]:
    """Give the score of every row by its position."""
    n = len(next(iter(rows.values())))
    chosen = querist.choose(name, n, seed=0, **rows)
    assert chosen.value.tolist() == sorted(chosen.value, reverse=True)
    return dict(zip(chosen.rows.tolist(), chosen.value.tolist(), strict=True))


def check(expected: list[float], found: dict[int, float], tolerance: float = 1e-10) -> None:
    assert [found[i] for i in range(len(expected))] == pytest.approx(expected, rel=tolerance, abs=tolerance)


def gap(a: Points, b: Points) -> float:
    return sqrt(fsum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))


@st.composite
def distributions(draw: st.DrawFn, least: int = 2) -> Points:
    """Probabilities with exact zeros and ties, up to 12 rows."""
    classes, rows = draw(st.integers(least, 5)), draw(st.integers(1, 12))
    weights = st.lists(st.integers(0, 6), min_size=classes, max_size=classes).filter(any)
    table = np.array(draw(st.lists(weights, min_size=rows, max_size=rows)), float)
    return table / table.sum(axis=1, keepdims=True)


# distance-to-boundary


@given(values_of=st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=1, max_size=12))
def test_distance_to_boundary_is_the_gap_of_the_two_largest_values_or_the_size_of_one(values_of: list[list[int]]):
    check(
        [sorted(f)[-2] - sorted(f)[-1] for f in values_of], values("distance-to-boundary", decision=np.array(values_of))
    )
    one = np.array([f[:1] for f in values_of])
    check([-abs(f[0]) for f in values_of], values("distance-to-boundary", decision=one))


def test_distance_to_boundary_is_margin_without_probabilities():
    decision = points(12, 0)
    assert values("distance-to-boundary", decision=decision) == values("margin", decision=decision)


# cost-sensitive


@given(probs=distributions(), seed=SEED, by_margin=st.booleans())
@settings(max_examples=60)
def test_cost_sensitive_is_the_least_expected_cost_and_its_distance_to_the_second(probs, seed, by_margin):
    classes = probs.shape[1]
    table = np.random.default_rng(seed).integers(0, 9, (classes, classes)).tolist()
    expected = []
    for p in probs.tolist():
        risk = sorted(fsum(p[true] * table[true][decided] for true in range(classes)) for decided in range(classes))
        expected.append(risk[0] - risk[1] if by_margin else risk[0])
    check(expected, values(f"cost-sensitive(costs={table}, margin={by_margin})", probs=probs))


@given(probs=distributions())
def test_cost_sensitive_without_costs_is_least_confidence_and_margin(probs):
    classes = probs.shape[1]
    same = (1 - np.eye(classes, dtype=int)).tolist()
    for costs in ("None", same):
        check(
            list(_by_row(values("least-confidence", probs=probs))),
            values(f"cost-sensitive(costs={costs})", probs=probs),
        )
        given_margin = values(f"cost-sensitive(costs={costs}, margin=True)", probs=probs)
        check(list(_by_row(values("margin", probs=probs))), given_margin)


def _by_row(found: dict[int, float]) -> list[float]:
    return [found[i] for i in range(len(found))]


def test_cost_sensitive_rows_are_the_truth_and_columns_the_decision():
    # Missing class 1 costs 10, a false alarm 1: deciding for class 1 is the cheap way out.
    assert values("cost-sensitive(costs=((0, 1), (10, 0)))", probs=np.array([[0.5, 0.5]]))[0] == 0.5
    assert values("cost-sensitive(costs=((0, 10), (1, 0)))", probs=np.array([[0.5, 0.5]]))[0] == 0.5
    assert values("cost-sensitive(costs=((0, 1), (10, 0)))", probs=np.array([[0.9, 0.1]]))[0] == pytest.approx(0.9)
    assert values("cost-sensitive(costs=((0, 10), (1, 0)))", probs=np.array([[0.9, 0.1]]))[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "costs", ["()", "((0,),)", "((0, 1), (1,))", "((0, -1), (1, 0))", "((0, 1e999), (1, 0))", "'ab'"]
)
def test_costs_that_are_no_square_table_are_refused(costs: str):
    with pytest.raises(
        BadInput, match=r"^costs must be a square table of numbers, 0 or more, a row for each true class"
    ):
        querist.query(f"cost-sensitive(costs={costs})", 1, probs=np.eye(2))


def test_costs_of_another_number_of_classes_are_refused():
    with pytest.raises(
        BadEvidence, match=r"^costs must have a row and a column for each class: got 2 beside probs of 3"
    ):
        querist.query("cost-sensitive(costs=((0, 1), (5, 0)))", 1, probs=np.eye(3))


# epistemic

GRID = np.linspace(0.0, 1.0, 50_001)


def plausible(p: float, n: float, positive: bool) -> float:
    """Compute π(1), or π(0), by trying every θ of a fine grid."""
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = np.where(p > 0, p * np.log(GRID), 0.0) + np.where(n > 0, n * np.log(1 - GRID), 0.0)
    best = sum(c * log(c / (p + n)) for c in (p, n) if c > 0)
    degree = 2 * GRID - 1 if positive else 1 - 2 * GRID
    return float(np.minimum(np.exp(likelihood - best), degree).max())


@given(p=st.floats(0, 20).map(lambda x: round(x, 9)), n=st.floats(0, 20).map(lambda x: round(x, 9)))
@settings(max_examples=60, deadline=None)
def test_support_is_the_greatest_minimum_of_likelihood_and_degree(p: float, n: float):
    assert support(np.array([n]), np.array([p]))[0] == pytest.approx(plausible(p, n, positive=True), abs=5e-4)
    assert support(np.array([p]), np.array([n]))[0] == pytest.approx(plausible(p, n, positive=False), abs=5e-4)


@given(seed=SEED)
@settings(max_examples=20, deadline=None)
def test_epistemic_counts_labels_by_their_kernel(seed: int):
    rows, asked = points(8, seed), points(6, seed + 1)
    labels, sigma = np.array([0, 1, 1, 0, 1, -1]), 1.3
    expected = []
    for x in rows:
        near = [exp(-((gap(x, other) / sigma) ** 2)) for other in asked]
        p, n = (fsum(k for k, y in zip(near, labels, strict=True) if y == c) for c in (1, 0))
        expected.append(min(plausible(p, n, positive=True), plausible(p, n, positive=False)))
    labelled = {"embed": asked}
    check(expected, values(f"epistemic(sigma={sigma})", embed=rows, labelled=labelled, labels=labels), 3e-4)


def test_one_label_of_each_kind_leaves_the_golden_ratio():
    assert support(np.ones(1), np.ones(1))[0] == pytest.approx((sqrt(5) - 1) / 2)


@given(seed=SEED)
@settings(max_examples=30, deadline=None)
def test_defect_1_epistemic_is_symmetric_under_a_swap_of_the_labels(seed: int):
    rows, asked = points(12, seed), {"embed": points(7, seed + 1)}
    labels = np.random.default_rng(seed).integers(0, 2, 7)
    scores = [values("epistemic", embed=rows, labelled=asked, labels=y) for y in (labels, 1 - labels)]
    assert scores[0] == scores[1]


def test_defect_1_mirrored_data_score_alike_on_both_sides():
    rows = np.array([[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]])
    found = _by_row(values("epistemic", embed=rows, labelled={"embed": np.array([[-2.0], [2.0]])}, labels=[0, 1]))
    assert found == found[::-1]
    assert min(found) > 0


def test_epistemic_is_low_where_labels_are_many_even_when_they_disagree():
    asked = np.repeat([[0.0], [50.0], [100.0]], [40, 40, 1], axis=0)
    labels = np.concatenate([np.arange(40) % 2, np.zeros(40, int), [0]])
    rows = np.array([[0.0], [50.0], [100.0], [200.0]])
    found = _by_row(values("epistemic(sigma=1.0)", embed=rows, labelled={"embed": asked}, labels=labels))
    assert found[1] < found[0] < found[2] < found[3] == 1.0


def test_epistemic_refuses_three_classes_and_a_radius_of_0():
    view = View.of({"embed": np.eye(3)}, ids=list("abc"))
    view = replace(view, labelled=view, labels=np.array([0, 2, 1]))
    with pytest.raises(
        BadEvidence, match=r"^epistemic is defined for two classes: labels hold the class code 2 \(label"
    ):
        Epistemic().score(view, Draw(0))
    with pytest.raises(BadInput, match="sigma must be a positive number"):
        Epistemic(sigma=0.0)


# information-density


@given(seed=SEED, beta=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
@settings(max_examples=30, deadline=None)
def test_information_density_is_entropy_times_the_mean_similarity_to_the_pool(seed: int, beta: float):
    rows, probs, asked = points(12, seed), chances(12, seed), {"embed": points(3, seed + 1), "probs": chances(3, seed)}
    for kind in ("rbf", "cosine"):
        expected = []
        for x, p in zip(rows, probs, strict=True):
            if kind == "rbf":
                near = [exp(-((gap(x, other) / 1.5) ** 2)) for other in rows]
            else:
                near = [float(x @ other) / sqrt(float(x @ x) * float(other @ other)) for other in rows]
            expected.append(-fsum(c * log(c) for c in p) * max(0.0, fsum(near) / 12) ** beta)
        name = f"information-density(beta={beta}, similarity={kind!r}, sigma=1.5)"
        check(expected, values(name, embed=rows, probs=probs, labelled=asked), 1e-6)


def test_defect_9_density_is_a_similarity_and_leaves_outliers_alone():
    rows, probs = np.array([[0.0], [0.1], [0.2], [30.0]]), np.full((4, 2), 0.5)
    for kind in ("rbf", "cosine"):
        positive = np.column_stack([np.ones(4), rows[:, 0]])
        found = values(f"information-density(similarity={kind!r})", embed=positive, probs=probs)
        assert min(found, key=lambda row: found[row]) == 3


def test_the_pool_is_the_targets_that_are_not_labelled():
    rows, probs = points(6, 0), chances(6, 0)
    view = View.of({"embed": rows, "probs": probs}, ids=list("abcdef"))
    asked = view.take(np.array([4, 5]))
    with_all = replace(view.take(np.arange(4)), labelled=asked, labels=np.array([0, 1]), targets=view)
    without = replace(view.take(np.arange(4)), targets=view.take(np.arange(4)))
    rule = InformationDensity(sigma=1.0)
    assert rule.score(with_all, Draw(0)).tolist() == rule.score(without, Draw(0)).tolist()


def test_copies_in_different_blocks_have_the_same_density(monkeypatch: pytest.MonkeyPatch):
    rows = np.repeat(points(1, 3, d=40), 50, axis=0)
    others = points(333, 4, d=40)
    monkeypatch.setattr("querist.strategies.information_density.BLOCK_BYTES", 8 * 333 * 7)
    assert len(set(mean_rbf(rows, others, 6.0).tolist())) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("beta=-1", r"^beta must be a number, 0 or more: got -1"),
        ("similarity='distance'", r"^similarity must be 'rbf' or 'cosine': got 'distance'"),
        ("sigma=0", r"^sigma must be a positive number"),
    ],
)
def test_density_refuses_what_it_cannot_use(options: str, message: str):
    with pytest.raises(BadInput, match=message):
        querist.query(f"information-density({options})", 1, embed=np.eye(2), probs=np.eye(2))


def test_unit_rows_of_any_size():
    rows = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]])
    assert unit(rows) == pytest.approx(np.array([[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]]))


# min-margin


@given(data=st.data())
@settings(max_examples=40)
def test_min_margin_is_that_of_the_least_decided_member(data: st.DataObject):
    tables = [data.draw(distributions(least=3)) for _ in range(3)]
    rows, classes = min(len(t) for t in tables), min(t.shape[1] for t in tables)
    draws = np.stack([t[:rows, :classes] + 1e-3 for t in tables], axis=1)
    draws /= draws.sum(axis=2, keepdims=True)
    expected = [-min(sorted(p)[-1] - sorted(p)[-2] for p in members.tolist()) for members in draws]
    check(expected, values("min-margin", draws=draws))


# CAL


@given(seed=SEED, k=st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_cal_is_the_mean_divergence_of_the_nearest_labelled_predictions(seed: int, k: int):
    rows, probs, others, known = points(12, seed), chances(12, seed), points(6, seed + 1), chances(6, seed + 1)
    expected = []
    for x, p in zip(rows, probs, strict=True):
        near = sorted(range(6), key=lambda at: gap(x, others[at]))[:k]
        parts = [fsum(a * log(a / b) for a, b in zip(known[at], p, strict=True)) for at in near]
        expected.append(fsum(parts) / len(near))
    labelled = {"embed": others, "probs": known}
    check(expected, values(f"cal(neighbours={k})", embed=rows, probs=probs, labelled=labelled))


def test_defect_7_neighbours_are_labelled_and_never_the_row_itself():
    rows, probs = np.zeros((5, 1)), chances(5, 0)
    far = {"embed": np.array([[90.0]]), "probs": np.array([[0.25, 0.25, 0.25, 0.25]])}
    expected = [fsum(0.25 * log(0.25 / b) for b in p) for p in probs]
    check(expected, values("cal", embed=rows, probs=probs, labelled=far))


def test_the_direction_of_the_divergence_is_from_the_neighbour_to_the_row():
    labelled = {"embed": np.zeros((1, 1)), "probs": np.array([[1.0, 0.0]])}
    found = _by_row(values("cal", embed=np.zeros((2, 1)), probs=np.array([[0.5, 0.5], [0.0, 1.0]]), labelled=labelled))
    assert found == pytest.approx([log(2), 12 * log(10)])  # the other way round the first would be infinite
    assert divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0.0


def test_nearest_k_of_copies_are_taken_in_their_order_whatever_the_block(monkeypatch: pytest.MonkeyPatch):
    others = np.repeat(points(4, 1), 3, axis=0)
    expected = nearest_k(points(9, 2), others, k=4)
    for x, near in zip(points(9, 2), expected, strict=True):
        order = sorted(range(12), key=lambda at: (round(gap(x, others[at]), 12), at))
        assert near.tolist() == order[:4]
    monkeypatch.setattr("querist._arrays.BLOCK_BYTES", 64)
    assert nearest_k(points(9, 2), others, k=4).tolist() == expected.tolist()


@pytest.mark.parametrize("wrong", ["0", "-3", "2.5"])
def test_cal_wants_a_neighbour(wrong: str):
    with pytest.raises(BadInput, match=r"^neighbours must be a whole number, 1 or more: got"):
        querist.query(f"cal(neighbours={wrong})", 1, embed=np.eye(2), probs=np.eye(2))
