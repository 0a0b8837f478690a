"""Detectors of others: the forms of their results, committees whose boxes are matched, and what cannot be used."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import querist
from querist._check import check_view
from querist.errors import BadEvidence, BadInput, MissingEvidence
from querist.learners.external import External, evidence_of
from querist.tasks.boxes import Boxes
from querist.view import View

PLAIN = {"boxes": [[0, 0, 10, 20], [5, 5, 9, 9]], "scores": [0.75, 0.5], "labels": [1, 0]}


def found(*results, classes=2, codes=None):
    return evidence_of(results, classes=classes, codes=codes)


def test_reads_what_torchvision_gives_as_arrays_or_tensors():
    torch = pytest.importorskip("torch", reason="needs the extra torch")
    tensors = {name: torch.tensor(value) for name, value in PLAIN.items()}
    for result in (PLAIN, tensors, {name: np.array(value) for name, value in PLAIN.items()}):
        out = found(result)
        assert out["elements"].values.tolist() == [[0.25, 0.0, 0.75], [0.5, 0.5, 0.0]]
        assert out["places"].values.tolist() == [[0, 0, 10, 20], [5, 5, 4, 4]]


def test_reads_what_ultralytics_gives():
    boxes = SimpleNamespace(xyxy=np.array([[0.0, 0.0, 10.0, 20.0]]), conf=np.array([0.75]), cls=np.array([1.0]))
    assert found(SimpleNamespace(boxes=boxes))["elements"].values.tolist() == [[0.25, 0.0, 0.75]]


def test_reads_the_probability_of_each_class():
    out = found({"boxes": [[0, 0, 1, 1]], "probs": [[0.25, 0.5]]})
    assert out["elements"].values.tolist() == [[0.25, 0.25, 0.5]]


def test_codes_name_the_classes_and_leave_others_out():
    out = found(PLAIN, codes={1: 0}, classes=1)
    assert out["elements"].values.tolist() == [[0.25, 0.75]]


def test_an_item_without_boxes_has_none():
    empty = {"boxes": np.empty((0, 4)), "scores": [], "labels": []}
    out = found(empty, PLAIN, {"boxes": [], "probs": []})
    assert out["elements"].starts.tolist() == [0, 0, 2, 2]


def test_the_boxes_of_a_committee_are_matched_and_the_strategies_see_them():
    moved = {"boxes": [[5, 5, 9, 9], [1, 0, 11, 20]], "scores": [0.9, 0.25], "labels": [0, 1]}
    out = found([PLAIN, moved], [PLAIN, PLAIN])
    assert out["elements"].values.shape == (4, 2, 3)
    assert out["elements"].values[0].tolist() == [[0.25, 0.0, 0.75], [0.75, 0.0, 0.25]]
    assert out["places"].values[0].tolist() == [[0, 0, 10, 20], [1, 0, 10, 20]]
    check_view(View.of(out, ids=["a", "b"]))
    assert querist.query("box-disagreement(background=True)", 1, **out).tolist() == [0]


def test_a_box_that_one_of_a_committee_misses_is_nothing_to_it():
    one = {"boxes": [[0, 0, 10, 20]], "scores": [0.75], "labels": [1]}
    out = found([PLAIN, one])
    assert out["elements"].values[1].tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    assert out["places"].values[1].tolist() == [[5, 5, 4, 4], [5, 5, 4, 4]]


def test_two_boxes_of_one_opinion_are_two_objects():
    twice = {"boxes": [[0, 0, 10, 20], [0, 0, 10, 19]], "scores": [0.5, 0.75], "labels": [1, 1]}
    out = found([PLAIN, twice])
    assert len(out["elements"].values) == 3
    assert out["elements"].values[0, 1].tolist() == [0.25, 0.0, 0.75], "the surest of the two is the same object"


def test_the_learner_predicts_and_trains_by_functions():
    def detect(items):
        return [PLAIN] * len(items)

    def train(items, targets):
        return lambda items: [{**PLAIN, "scores": [len(targets) / 10, 0.5]}] * len(items)

    task, items = Boxes(("a", "b")), np.array(["x", "y"], object)
    learner = External(detect, train=train)
    cold = learner.fit(items[:0], task.encode([]), classes=2, rng=np.random.default_rng(0))
    assert cold.predict(items, {"elements"})["elements"].values[0].tolist() == [0.25, 0.0, 0.75]
    assert len(cold.predict(items[:0], {"places"})["places"]) == 0
    taught = learner.fit(items, task.encode([[], []]), classes=2, rng=np.random.default_rng(0))
    assert taught.predict(items, {"elements"})["elements"].values[0].tolist() == [0.8, 0.0, 0.2]
    assert task.decode(cold.predict(items, {"elements", "places"}), 0).label[0] == {"label": "b", "box": [0, 0, 10, 20]}
    with pytest.raises(MissingEvidence, match="cannot give embed"):
        cold.predict(items, {"embed"})


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"boxes": []}, "row 0: a result must be a mapping of boxes, scores and labels .* got dict"),
        ({**PLAIN, "boxes": [[0, 0, 10], [5, 5, 9]]}, r"boxes must be finite numbers \[M, 4\].* got \(2, 3\)"),
        ({**PLAIN, "boxes": [[0, 0, 9, 9], [9, 9, 5, 5]]}, r"row 0, box 2: right and bottom must be greater"),
        ({**PLAIN, "labels": [1, 2]}, "row 0: labels must be class codes 0 … 1: got 2; give codes"),
        ({**PLAIN, "scores": [1.5, 0.5]}, "sum to 1 at most, one row a box: got 2 rows for 2 boxes, a sum of 1.5"),
        ({"boxes": [[0, 0, 1, 1]], "probs": [[0.5, 0.2], [0.1, 0.1]]}, "got 2 rows for 1 boxes"),
        ([], "row 0 has an empty list"),
    ],
)
def test_says_which_result_is_wrong(result, message):
    with pytest.raises(BadEvidence, match=message):
        found(result)


def test_says_how_many_results_are_missing():
    model = External(lambda items: [PLAIN]).fit([], [], classes=2, rng=np.random.default_rng(0))
    with pytest.raises(BadEvidence, match="detect must give a result for each of 2 items: got 1"):
        model.predict(["a", "b"], {"elements"})
    with pytest.raises(BadEvidence, match="each item must have as many results: row 0 has 2, row 1 has 1"):
        found([PLAIN, PLAIN], PLAIN)
    with pytest.raises(BadInput, match="external: detect must be a function: got 3"):
        External(3)
