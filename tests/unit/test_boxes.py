"""Boxes: what a label is, how people's labels merge, average precision as pycocotools has it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from itertools import permutations
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, BadLabel
from querist.scores.boxes import overlap
from querist.study import Study
from querist.tasks import Answer, from_labels
from querist.tasks._overlap import UNMATCHED, gathered, matched, pairwise_overlap
from querist.tasks.boxes import Boxes, predicted
from querist.testing.tasks import TaskSuite
from querist.view import Ragged

TASK = Boxes(("red", "white"))


def box(label, *sides):
    return {"label": label, "box": [float(side) for side in sides]}


RED, WHITE = box("red", 0, 0, 10, 10), box("white", 5.5, 2, 4, 8)


def some_boxes(rng, count, classes=2):
    corner, size = rng.uniform(0, 60, (count, 2)), rng.uniform(4, 30, (count, 2))
    return np.column_stack([rng.integers(0, classes, count), corner, size])


def truth_of(seed, images, most=6):
    rng = np.random.default_rng(seed)
    found = np.empty(images, object)
    for row in range(images):
        found[row] = some_boxes(rng, int(rng.integers(0, most + 1)))
    return found


def evidence_of(truth, seed, classes=2, background=True):
    """Predict the true boxes shifted a little, some of another class, and boxes that are not there."""
    rng = np.random.default_rng(seed)
    boxes, probs, starts = [], [], [0]
    for there in truth:
        kept = there[rng.uniform(size=len(there)) < 0.8]
        found = np.concatenate([kept, kept[:1], some_boxes(rng, int(rng.integers(0, 4)), classes)])
        place = found[:, 1:] + rng.normal(0, 1.5, (len(found), 4))
        place[:, 2:] = np.maximum(place[:, 2:], 1.0)
        raw = rng.dirichlet(np.ones(classes + 1), len(found))
        raw[np.arange(len(found)), 1 + found[:, 0].astype(int)] += rng.uniform(0, 2, len(found))
        boxes.append(place)
        probs.append(raw / raw.sum(axis=1, keepdims=True))
        starts.append(starts[-1] + len(found))
    elements = np.concatenate(probs) if probs else np.empty((0, classes + 1))
    places = np.concatenate(boxes) if boxes else np.empty((0, 4))
    bounds = np.array(starts, np.int64)
    return {"elements": Ragged(elements if background else elements[:, 1:], bounds), "places": Ragged(places, bounds)}


class TestBoxes(TaskSuite):
    task = TASK
    labels: ClassVar = [[], [RED], [RED, WHITE], [WHITE, WHITE]]
    strangers: ClassVar = [None, "red", 3]
    loss_metric = "image_f1"
    plain = False

    def evidence(self, size):
        return evidence_of(truth_of(1, size), 2)

    def truth(self, size):
        return truth_of(1, size)

    if importlib.util.find_spec("querist.learners.detector") is None:

        def test_says_what_a_study_of_it_starts_with(self):
            pytest.skip("the learner 'detector' is not there yet")


class Image:
    """What a task sees of an item that is an image."""

    sizes = np.array([[640, 480]], np.int32)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("red", "a label must be a list of {\"label\", \"box\": [x, y, width, height]}, empty where nothing is there: "
                "got 'red'"),
        ([RED, {"label": "red"}], 'box 2 must have "label" and "box": got {\'label\': \'red\'}'),
        ([{"label": "red", "box": [1, 2, 3]}], 'box 1: "box" must be [x, y, width, height]: got [1, 2, 3]'),
        ([box("red", 504, 337, 0, 0)],
         "box 1: width must be greater than 0: got 0.0; remove the box, or draw it again"),
        ([RED, box("red", 5, 5, 3, -1)],
         "box 2: height must be greater than 0: got -1.0; remove the box, or draw it again"),
        ([box("red", -1, 0, 9, 9)], "box 1: x must be 0 or more: got -1.0; it lies outside the image"),
        ([box("red", 0, -0.5, 9, 9)], "box 1: y must be 0 or more: got -0.5; it lies outside the image"),
        ([box("red", 630, 0, 11, 9)],
         "box 1: x + width is 641, outside the image of 640 × 480 pixels; draw the box again, or read the file with "
         "boxes cut to the image"),
        ([box("red", 630, 470, 10, 10.5)],
         "box 1: y + height is 480.5, outside the image of 640 × 480 pixels; draw the box again, or read the file with "
         "boxes cut to the image"),
        ([{"label": "red", "box": [True, 0, 1, 1]}], "box 1: x must be a number of pixels: got True"),
        ([{"label": "red", "box": [0, float("nan"), 1, 1]}], "box 1: y must be a number of pixels: got nan"),
        ([{"label": "red", "box": [0, 0, 1, "9"]}], "box 1: height must be a number of pixels: got '9'"),
        ([box("read", 0, 0, 1, 1)], "box 1: no class is called 'read': did you mean 'red'?"),
        ([box(None, 0, 0, 1, 1)], "box 1: no class is called None: known: red, white"),
    ],
)  # fmt: skip
def test_says_which_box_is_wrong_and_how(label, message):
    with pytest.raises(BadLabel) as caught:
        TASK.check(label, Image())
    assert str(caught.value) == message


def test_a_box_may_fill_the_image_and_rounding_is_put_on_the_border():
    assert TASK.check([box("red", 0, 0, 640, 480)], Image()) == [box("red", 0, 0, 640, 480)]
    near = TASK.check([box("red", -0.001, 10, 640.002, 470.004)], Image())[0]["box"]
    assert near == [0.0, 10.0, 640.0, 470.0]
    assert TASK.check([box("red", 630, 0, 11, 9)]) == [box("red", 630, 0, 11, 9)]  # no size is known


def test_classes_are_found_and_encoded():
    task = from_labels("boxes", [[RED], None, [], [WHITE]])
    assert task == TASK
    coded = task.encode([[WHITE, RED], []])
    assert coded[0].tolist() == [[1, 5.5, 2, 4, 8], [0, 0, 0, 10, 10]]
    assert (coded[1].shape, coded[1].dtype) == ((0, 5), np.float64)
    assert task.named([RED, WHITE, RED]) == ["red", "white", "red"]
    assert [task.cost(label) for label in ([], [RED], [RED] * 3)] == [1, 1, 3]


def said(*labels):
    return [Answer("item", label, who=str(who)) for who, label in enumerate(labels)]


def test_merge_keeps_what_most_drew_at_the_median():
    moved = [box("red", 1, 0, 10, 10), box("white", 40, 40, 5, 5)]
    other = [box("white", 0, 0, 10, 10)]  # the same place, another class: another box
    assert TASK.merge(said([RED], moved, [box("red", 2, 1, 9, 9)], other)) == [box("red", 1, 0, 10, 10)]
    assert TASK.merge(said([RED], [])) == [RED]  # half: the earliest stands
    assert TASK.merge(said([], [RED])) == []
    assert TASK.merge(said([RED, WHITE], [RED], [WHITE])) == [RED, WHITE]


def test_merge_gives_each_box_of_a_person_to_one_box_only():
    close = [box("red", 0, 0, 10, 10), box("red", 2, 0, 10, 10)]
    assert TASK.merge(said(close, close)) == close
    assert len(TASK.merge(said([RED], close, close))) == 2


def test_decode_suggests_what_is_likelier_than_not():
    probs = np.array([[0.1, 0.3, 0.6], [0.05, 0.9, 0.05], [0.7, 0.2, 0.1]])
    places = np.array([[5.0, 5, 2, 2], [0, 0, 4, 4], [9, 9, 1, 1]])
    evidence = {"elements": Ragged(probs, np.array([0, 3, 3])), "places": Ragged(places, np.array([0, 3, 3]))}
    found = TASK.decode(evidence, 0)
    assert found.label == [box("red", 0, 0, 4, 4), box("white", 5, 5, 2, 2)]
    assert found.confidence == pytest.approx((0.9 + 0.6) / 2)
    assert TASK.decode(evidence, 1) == ([], 1.0)


def test_committees_are_averaged_and_widths_checked():
    probs = np.array([[[0.9, 0.1], [0.5, 0.5]]])
    places = np.array([[[0.0, 0, 2, 2], [1, 0, 4, 2]]])
    starts = np.array([0, 1])
    found = predicted({"elements": Ragged(probs, starts), "places": Ragged(places, starts)}, 2)
    assert found[0].tolist() == [[0, 0.5, 0, 3, 2, 0.7]]
    with pytest.raises(BadInput, match=r"boxes of 4 classes need elements \[M, 4\] or \[M, 5\] and places \[M, 4\]: "
                                       r"got \(1, 2\) and \(1, 4\)"):  # fmt: skip
        predicted({"elements": Ragged(probs, starts), "places": Ragged(places, starts)}, 4)
    with pytest.raises(BadInput, match="a prediction of boxes needs elements and places: got nothing"):
        predicted({}, 2)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 8)] * 2), min_size=2, max_size=2))
def test_overlap_counts_shared_pixels(pair):
    one, other = ({(x, y) for x in range(a, a + w) for y in range(b, b + h)} for a, b, w, h in pair)
    found = overlap(np.array(pair[0], float), np.array(pair[1], float))
    assert found == pytest.approx(len(one & other) / len(one | other), abs=1e-12)


def greedy(overlaps, least):
    """Match as the definition says: best detection first, each to the best free box that overlaps enough."""
    free, found = set(range(overlaps.shape[1])), []
    for row in overlaps:
        able = [(row[b], b) for b in free if row[b] >= least]
        found.append(max(able)[1] if able else UNMATCHED)
        free.discard(found[-1])
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(0, 5), st.integers(0, 10_000))
def test_matching_is_the_greedy_one(detections, boxes, seed):
    overlaps = np.random.default_rng(seed).integers(0, 5, (detections, boxes)) / 4
    least = np.array([0.25, 0.5, 0.9])
    found = matched(overlaps, least)
    assert [row.tolist() for row in found] == [greedy(overlaps, each) for each in least]


def test_matching_finds_every_box_where_a_perfect_matching_is_plain():
    for order in permutations(range(4)):
        assert matched(np.eye(4)[list(order)], np.array([0.5]))[0].tolist() == list(order)
    assert pairwise_overlap(np.empty((0, 4)), np.empty((3, 4))).shape == (0, 3)


def coco_ap(truth, evidence):
    """Let pycocotools work out AP and AP50 of the same boxes, of all classes and of each."""
    coco = pytest.importorskip("pycocotools.coco").COCO()
    evaluation = pytest.importorskip("pycocotools.cocoeval").COCOeval
    images = range(1, len(truth) + 1)
    categories = [{"id": 1 + c, "name": str(c)} for c in range(2)]
    true = [
        {"image_id": i, "category_id": 1 + int(t[0]), "bbox": t[1:].tolist(), "area": float(t[3] * t[4]), "iscrowd": 0}
        for i, boxes in zip(images, truth, strict=True)
        for t in boxes
    ]
    coco.dataset = {
        "images": [{"id": i} for i in images],
        "categories": categories,
        "annotations": [{**each, "id": at} for at, each in enumerate(true, 1)],
    }
    found = [
        {"image_id": i, "category_id": 1 + int(f[0]), "bbox": f[1:5].tolist(), "score": float(f[5])}
        for i, boxes in zip(images, predicted(evidence, 2), strict=True)
        for f in boxes
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        run = evaluation(coco, coco.loadRes(found), "bbox")
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, -1]  # overlap, recall, class; all areas, 100 boxes

    def mean(values):
        return float(values[values > -1].mean())

    each = {f"ap50/{name}": mean(precision[0, :, c]) for c, name in enumerate(TASK.labels)}
    each |= {f"ap/{name}": mean(precision[:, :, c]) for c, name in enumerate(TASK.labels)}
    return {"ap50": mean(precision[0]), "ap": mean(precision), **each}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("background", [True, False])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_average_precision_is_that_of_pycocotools(seed, background):
    truth = truth_of(seed, 25, most=9)
    evidence = evidence_of(truth, seed + 100, background=background)
    expected = coco_ap(truth, evidence)
    found = TASK.metrics(truth, evidence)
    assert 0.05 < expected["ap"] < 0.95
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_more_than_100_boxes_in_an_image_are_cut_as_pycocotools_does():
    rng = np.random.default_rng(0)
    truth = np.empty(2, object)
    truth[0], truth[1] = (some_boxes(rng, 160, 1) for _ in range(2))
    truth[1][:, 0] = 1
    starts = np.array([0, 160, 320])
    score = rng.uniform(0.1, 1, 320)
    codes = np.repeat([0, 1], 160)
    elements = np.zeros((320, 2))
    elements[np.arange(320), codes] = score
    places = np.concatenate([t[:, 1:] for t in truth])
    evidence = {"elements": Ragged(elements, starts), "places": Ragged(places, starts)}
    expected = coco_ap(truth, evidence)
    assert expected["ap50"] < 0.7
    assert {n: v for n, v in TASK.metrics(truth, evidence).items() if n in expected} == pytest.approx(expected)


def test_metrics_of_right_of_wrong_and_of_nothing():
    truth = TASK.encode([[RED, WHITE], []])
    starts = np.array([0, 2, 2])
    places = np.array([RED["box"], WHITE["box"]])
    right = {"elements": Ragged(np.eye(2), starts), "places": Ragged(places, starts)}
    found = TASK.metrics(truth, right)
    assert found == {name: pytest.approx(1.0, abs=1e-12) for name in found}  # the precision has a tiny term below it
    assert found.keys() >= {"ap50", "ap", "ap50/red", "ap/white", "f1", "precision", "recall", "image_f1"}
    wrong = {"elements": Ragged(np.eye(2)[::-1], starts), "places": Ragged(places, starts)}
    found = TASK.metrics(truth, wrong)
    assert (found["ap50"], found["f1"], found["image_f1"]) == (0.0, 0.0, 0.5)
    none = {
        "elements": Ragged(np.empty((0, 2)), np.zeros(3, int)),
        "places": Ragged(np.empty((0, 4)), np.zeros(3, int)),
    }
    found = TASK.metrics(TASK.encode([[], []]), none)
    assert (found["ap50"], found["image_f1"]) == (0.0, 1.0)
    assert TASK.metrics(TASK.encode([]), none) == {}


def test_a_study_of_images_checks_boxes_against_their_size(tmp_path):
    from PIL import Image as Picture

    for name in "abcd":
        Picture.new("L", (20, 10), ord(name)).save(tmp_path / f"{name}.png")
    with Study.create(
        None, tmp_path, task="boxes", labels=["red", "white"], learner=Blind(), strategy="random"
    ) as study:
        with pytest.raises(BadLabel, match=r"x \+ width is 25, outside the image of 20 × 10 pixels"):
            study.tell("a.png", [box("red", 15, 0, 10, 10)])
        study.tell("a.png", [box("red", 10, 0, 10, 10)], "ann")
        study.tell("b.png", [], "ann")
        assert study.labels() == {"a.png": [box("red", 10, 0, 10, 10)], "b.png": []}
        assert study.answers("a.png")[0].cost == 1.0


class Blind:
    """A learner that says nothing of any image: enough to open a study."""

    provides = frozenset({"embed"})
    eats = "raw"

    def fit(self, items, targets, **rest):
        return self

    def predict(self, items, needs):
        return {"embed": np.zeros((len(items), 1))}


def test_draws_of_a_detector_are_matched_box_by_box():
    rng = np.random.default_rng(4)
    centres = np.array([[10.0, 10, 20, 20], [100, 10, 30, 20], [10, 100, 20, 40]])
    seen = [rng.permutation(3)[: rng.integers(1, 4)] for _ in range(6)]
    boxes = [centres[rows] + rng.uniform(-1, 1, (len(rows), 4)) for rows in seen]
    probs = [np.column_stack([np.full(len(rows), 0.2), np.eye(3)[rows] * 0.8]) for rows in seen]
    elements, places = gathered(boxes, probs)
    assert elements.shape == (len(set(np.concatenate(seen).tolist())), 6, 4)
    assert places.shape == (*elements.shape[:2], 4)
    for probabilities, place in zip(elements, places, strict=True):
        code = int(probabilities[:, 1:].sum(axis=0).argmax())  # the class tells which box it is
        assert np.abs(place - centres[code]).max() <= 1
        for draw, rows in enumerate(seen):
            expected = [0.2, *(np.eye(3)[code] * 0.8)] if code in rows else [1, 0, 0, 0]
            assert probabilities[draw] == pytest.approx(expected)


def test_draws_without_boxes_are_none_and_two_boxes_of_a_draw_stay_apart():
    elements, places = gathered([np.empty((0, 4))] * 3, [np.empty((0, 3))] * 3)
    assert (elements.shape, places.shape) == ((0, 3, 3), (0, 3, 4))
    twin = np.array([[0.0, 0, 10, 10], [1, 0, 10, 10]])
    sure = np.array([[0.1, 0.9], [0.3, 0.7]])
    elements, _ = gathered([twin, twin], [sure, sure])
    assert elements[:, :, 1].tolist() == [[0.9, 0.9], [0.7, 0.7]]
