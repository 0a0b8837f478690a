"""Particles: what a label is, how people's picks merge, an optimal assignment against brute force."""

from __future__ import annotations

import random
from itertools import combinations, permutations
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, BadLabel
from querist.tasks import Answer, from_labels, from_schema
from querist.tasks._matching import assigned, close, gains, inside
from querist.tasks._picks import coded
from querist.tasks.particles import Particles, candidates, ranked
from querist.testing.tasks import TaskSuite
from querist.view import Ragged

TASK = Particles(diameter=10.0)
EMPTY = {"points": [], "searched": None}
TWO = {"points": [[20.0, 5.0], [1.5, 40.0]], "diameter": 12.0, "searched": [[0.0, 0.0, 50.0, 45.0]]}


def evidence_of(*items):
    """Evidence of items, each a list of (x, y, probability)."""
    flat = np.array([row for item in items for row in item], float).reshape(-1, 3)
    starts = np.cumsum([0, *map(len, items)]).astype(np.int64)
    elements = np.stack([1 - flat[:, 2], flat[:, 2]], axis=1)
    return {"elements": Ragged(elements, starts), "places": Ragged(flat[:, :2], starts)}


def label(*points, **more):
    return {"points": [list(map(float, point)) for point in points], "searched": None, **more}


class TestParticles(TaskSuite):
    task = TASK
    labels: ClassVar = [EMPTY, label((20, 5), (1.5, 40)), TWO]
    strangers: ClassVar = [None, "particle", 3, [1.0, 2.0]]
    loss_metric = "mean_f1"
    plain = False

    def evidence(self, size):
        rng = np.random.default_rng(3)
        return evidence_of(*(rng.uniform(0, [40, 40, 1], (rng.integers(0, 9), 3)).tolist() for _ in range(size)))

    def truth(self, size):
        rng = np.random.default_rng(4)
        said = [label(*rng.uniform(0, 40, (rng.integers(0, 9), 2)).tolist()) for _ in range(size)]
        said[1]["searched"] = [[0.0, 0.0, 20.0, 40.0]]
        return self.task.encode(said)


WRONG = [
    (7, "with no point where nothing is there: got 7"),
    ({"points": [[1, 2, 3]]}, r"point 1 must be two numbers \[x, y\]: got \[1, 2, 3\]"),
    ({"points": [[1, 2], [1, float("nan")]]}, "point 2: y must be a number, in pixels: got nan"),
    ({"points": [[True, 2]]}, "point 1: x must be a number, in pixels: got True"),
    ({"points": [["1", 2]]}, "point 1: x must be a number, in pixels: got '1'"),
    ({"points": [], "diameter": 0}, "the diameter must be a number above 0, in pixels: got 0"),
    ({"points": [], "size": 3}, "may have a diameter: got 'size' too"),
    ({"points": [], "searched": "all"}, "or null for all of it: got 'all'"),
    ({"points": [], "searched": [[0, 0, 4]]}, r"searched region 1 must be four numbers .* got \[0, 0, 4\]"),
    ({"points": [], "searched": [[0, 0, 4, 0]]}, "searched region 1: the height must be a number above 0"),
    ({"points": [[3, 4], [5, 6], [3, 4.0]]}, r"point 3 \[3.0, 4.0\] is there twice: it is point 1 too; remove one"),
]


@pytest.mark.parametrize(("said", "message"), WRONG)
def test_a_wrong_label_says_where(said, message):
    with pytest.raises(BadLabel, match=message):
        TASK.check(said)


def test_a_point_outside_the_image_is_refused():
    image = SimpleNamespace(sizes=np.array([[60, 30]], np.int32))
    assert TASK.check(label((59.5, -0.4)), image) == label((59.5, -0.4))
    with pytest.raises(BadLabel, match=r"point 2 \[30, 59\] lies outside the image, which has 60 × 30 pixels"):
        TASK.check(label((59, 29), (30, 59)), image)


def test_the_task_is_made_of_labels():
    assert from_labels("particles", [None, TWO, label((0, 0), (0, 30))]) == Particles(12.0)
    assert from_labels("particles", [label((0, 0), (0, 30), (40, 0))]) == Particles(30.0)
    assert from_labels("particles(diameter=25)", [TWO]) == Particles(25.0)
    assert from_labels("particles", []) == Particles(None)
    assert from_schema({"task": "particles", "diameter": 9}) == Particles(9.0)


def test_wrong_settings_are_refused():
    with pytest.raises(BadInput, match="diameter of particles must be a positive number of pixels: got -1"):
        Particles(-1)
    with pytest.raises(BadInput, match="particles have one class, 'particle': got \\['a'\\]; leave the classes away"):
        from_schema({"task": "particles", "labels": ["a"]})


def test_metrics_need_a_diameter():
    task = Particles()
    with pytest.raises(BadInput, match="needs the diameter of the particles: no label has one; name it"):
        task.metrics(task.encode([label((1, 1))]), evidence_of([(1, 1, 0.9)]))


def test_metrics_of_a_case_counted_by_hand():
    # half the diameter is 5: (10, 10) and (40, 40) are found, (70, 70) is not; (10, 14) is a second mark of the first
    truth = TASK.encode([label((10, 10), (40, 40), (70, 70))])
    found = TASK.metrics(truth, evidence_of([(10, 11, 0.9), (10, 14, 0.8), (43, 44, 0.7), (71, 70, 0.4)]))
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["f1"] == found["mean_f1"] == pytest.approx(2 / 3)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_half_a_diameter_is_near_enough_and_more_is_not():
    truth = TASK.encode([label((10, 10))])
    for apart, right in ((5.0, 1.0), (5.0001, 0.0)):
        assert TASK.metrics(truth, evidence_of([(10 + apart, 10, 0.9)]))["f1"] == right


def test_the_diameter_of_a_label_comes_first():
    truth = TASK.encode([label((10, 10), diameter=30.0)])
    assert TASK.metrics(truth, evidence_of([(24, 10, 0.9)]))["f1"] == 1.0


def test_what_nobody_searched_is_no_error():
    searched = [[0.0, 0.0, 50.0, 100.0]]
    truth = TASK.encode([{"points": [[10.0, 10.0], [80.0, 80.0]], "searched": searched}])
    found = TASK.metrics(truth, evidence_of([(10, 10, 0.9), (60, 60, 0.95), (90, 20, 0.99)]))
    assert found["f1"] == found["average_precision"] == 1.0
    nothing = TASK.encode([{"points": [[80.0, 80.0]], "searched": []}])
    assert TASK.losses(nothing, evidence_of([(10, 10, 0.9)])).tolist() == [0.0]


def test_equal_scores_fall_to_one_threshold():
    truth = TASK.encode([label((10, 10)), label((10, 10))])
    ordered = evidence_of([(10, 10, 0.8)], [(50, 50, 0.8)])
    turned = evidence_of([(50, 50, 0.8)], [(10, 10, 0.8)])
    for evidence in (ordered, turned):
        assert TASK.metrics(truth, evidence)["average_precision"] == pytest.approx(0.25)


def test_members_are_averaged():
    places = Ragged(np.array([[10.0, 10.0]]), np.array([0, 1]))
    members = Ragged(np.array([[[0.8, 0.2], [0.1, 0.9]]]), np.array([0, 1]))
    assert candidates({"places": places, "elements": members})[0][1].tolist() == pytest.approx([0.55])


def test_a_suggestion_carries_the_diameter_that_was_predicted():
    places = Ragged(np.array([[10.0, 12.0, 30.0], [4.0, 4.0, 30.0]]), np.array([0, 2]))
    elements = Ragged(np.array([[0.1, 0.9], [0.7, 0.3]]), np.array([0, 2]))
    said = TASK.decode({"places": places, "elements": elements}, 0)
    assert said.label == label((10, 12), diameter=30.0)
    assert said.confidence == pytest.approx(0.8)


def test_prediction_without_candidates_is_an_error_that_names_what_there_is():
    with pytest.raises(BadInput, match="needs elements and places: got probs"):
        candidates({"probs": np.ones((1, 1))})


def answers(*labels):
    return [Answer("item", each, who=f"person-{at}") for at, each in enumerate(labels)]


def test_marks_nearby_are_one_particle_and_lonely_ones_go():
    said = answers(label((10, 10), (90, 90)), label((12, 10), (50, 50)), label((11, 13), (50, 51)))
    assert TASK.merge(said) == label((11, 10), (50, 50.5))


def test_two_who_differ_leave_it_to_the_earliest():
    assert TASK.merge(answers(label((10, 10)), label((40, 40)))) == label((10, 10))


def test_who_did_not_look_has_no_vote():
    left = {"points": [[10.0, 10.0]], "searched": [[0.0, 0.0, 50.0, 100.0]]}
    right = {"points": [[70.0, 10.0]], "searched": [[50.0, 0.0, 50.0, 100.0]]}
    merged = TASK.merge(answers(left, right))
    assert merged == {"points": [[10.0, 10.0], [70.0, 10.0]], "searched": left["searched"] + right["searched"]}
    assert TASK.merge(answers(left, right, label()))["searched"] is None


def test_cost_counts_picks():
    assert [TASK.cost(each) for each in (EMPTY, label((1, 1)), TWO)] == [1.0, 1.0, 2.0]


def test_the_last_row_and_column_of_a_region_belong_to_the_next():
    regions = np.array([[0.0, 0.0, 4.0, 4.0], [4.0, 4.0, 2.0, 2.0]])
    points = np.array([[3.99, 0.0], [4.0, 0.0], [4.0, 4.0], [6.0, 5.0]])
    assert inside(points, regions).tolist() == [True, False, True, False]
    assert inside(points, None).all()


def brute(found, there, radius):
    """Try every assignment: the most pairs, then the least distance."""
    small, large = (found, there) if len(found) <= len(there) else (there, found)
    best = (0, 0.0)
    for count in range(1, len(small) + 1):
        for chosen in combinations(range(len(small)), count):
            for partners in permutations(range(len(large)), count):
                apart = np.hypot(*(small[list(chosen)] - large[list(partners)]).T)
                if (apart <= radius).all() and (count, -apart.sum()) > best:
                    best = (count, -float(apart.sum()))
    return best


POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4)


@settings(max_examples=120, deadline=None)
@given(POINTS, POINTS, st.sampled_from([0.0, 1.0, 2.0, 3.5]))
def test_the_assignment_is_the_best_of_all(found, there, radius):
    found, there = (np.array(points, float).reshape(-1, 2) for points in (found, there))
    pairs = assigned(found, there, radius)
    apart = np.hypot(*(found[pairs[:, 0]] - there[pairs[:, 1]]).T)
    assert len(set(pairs[:, 0].tolist())) == len(set(pairs[:, 1].tolist())) == len(pairs)
    assert (apart <= radius).all()
    count, minus = brute(found, there, radius)
    assert len(pairs) == count
    assert apart.sum() == pytest.approx(-minus, abs=1e-9)


@settings(max_examples=120, deadline=None)
@given(POINTS, POINTS, st.sampled_from([1.0, 2.0, 3.5]))
def test_every_prefix_gains_what_an_optimal_assignment_does(found, there, radius):
    found, there = (np.array(points, float).reshape(-1, 2) for points in (found, there))
    total = np.cumsum(gains(found, there, radius)).tolist()
    assert total == [len(assigned(found[: k + 1], there, radius)) for k in range(len(found))]


@settings(max_examples=60, deadline=None)
@given(POINTS, POINTS, st.randoms(use_true_random=False))
def test_average_precision_is_the_sum_over_thresholds(found, there, chance):
    probs = np.array([chance.choice([0.2, 0.5, 0.9]) for _ in found])
    truth = coded({"points": list(map(list, there)), "searched": None}, 4.0)
    places = np.array(found, float).reshape(-1, 2)
    expected, before = 0.0, 0
    for threshold in (0.9, 0.5, 0.2):
        kept = places[probs >= threshold]
        right = len(assigned(kept, truth.points, 2.0))
        expected += (right - before) * right / max(1, len(kept)) / max(1, len(there))
        before = right
    assert ranked([(truth, (places, probs))]).average_precision() == pytest.approx(expected)


def test_a_thousand_against_a_thousand_looks_at_neighbours_only():
    chance = random.Random(0)
    there = np.array([[x * 30.0, y * 30.0] for x in range(32) for y in range(32)])
    found = there + np.array([[chance.uniform(-9, 9), chance.uniform(-9, 9)] for _ in there])
    assert len(close(found, there, 13.5)[0]) < 4 * len(there)  # of a million pairs
    pairs = assigned(found, there, 13.5)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert gains(found, there, 13.5).all()
