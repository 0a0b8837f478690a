"""The template picker: without a label, with labels, evidence that holds for every learner of places."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from querist import load
from querist._check import check_view
from querist.errors import BadData, BadInput, BadLabel, MissingEvidence
from querist.learners import _spots, resolve
from querist.learners.template import Template, _otsu
from querist.study import Study
from querist.tasks.particles import Particles
from querist.view import View

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")
DATA = Path(__file__).parents[3] / "shared" / "data"
TASK = Particles(diameter=20)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four micrographs with dark discs of 20 pixels in noise, and where they are."""
    root, chance, labels = tmp_path_factory.mktemp("discs"), np.random.default_rng(0), []
    rows, columns = np.mgrid[:200, :240]
    for at in range(4):
        image = chance.normal(100, 1.0, (200, 240))
        cells = chance.permutation(30)[:12]
        points = np.stack([20 + 40 * (cells % 6), 20 + 40 * (cells // 6)], axis=1) + chance.uniform(-6, 6, (12, 2))
        for x, y in points:
            image[np.hypot(columns - x, rows - y) <= 10] -= 1.0
        with mrcfile.new(root / f"{at}.mrc") as file:
            file.set_data(image.astype(np.float32))
        labels.append({"points": points.tolist(), "searched": None})
    return load(root).pool, labels


def train(made, labelled, learner=None):
    learner = Template(20) if learner is None else learner
    pool, labels = made
    rows = np.arange(labelled)
    targets = TASK.encode(labels[:labelled])
    return learner.fit(pool.items[rows], targets, classes=1, rng=np.random.default_rng(0), pool=pool.items)


@pytest.mark.parametrize(("labelled", "least"), [(0, 0.9), (1, 0.9), (2, 0.95)])
def test_finds_discs_with_and_without_labels(made, labelled, least):
    pool, labels = made
    found = TASK.metrics(TASK.encode(labels), train(made, labelled).predict(pool.items, {"elements", "places"}))
    assert found["f1"] >= least


def test_places_are_near_the_middle_in_pixels_as_recorded(made):
    pool, labels = made
    said = TASK.decode(train(made, 4).predict(pool.items, {"elements", "places"}), 0).label
    assert said["diameter"] == 20.0
    near = [min(np.hypot(x - a, y - b) for a, b in said["points"]) for x, y in labels[0]["points"]]
    assert np.median(near) < 1.0


@pytest.mark.parametrize("labelled", [0, 2])
def test_evidence_is_valid_and_row_by_row(made, labelled):
    pool, _ = made
    model = train(made, labelled)
    whole = model.predict(pool.items, model.provides)
    check_view(View.of(whole, ids=list(pool.ids)))
    assert whole["elements"].values.sum(axis=1) == pytest.approx(1.0)
    for cuts in ((1,), (1, 2, 3)):
        parts = [pool.items[np.arange(a, b)] for a, b in pairwise([0, *cuts, 4])]
        views = [View.of(model.predict(part, model.provides), ids=[""] * len(part)) for part in parts]
        again = View.concat(views).evidence()
        for need in ("elements", "places"):
            assert again[need].starts.tolist() == whole[need].starts.tolist()
            np.testing.assert_array_equal(again[need].values, whole[need].values)
        assert again["cost"].tolist() == whole["cost"].tolist()
    chances = np.split(whole["elements"].values[:, 1], whole["elements"].starts[1:-1])
    assert whole["cost"].tolist() == [(each >= 0.5).sum() for each in chances]
    assert whole["cost"].min() > 1.0
    empty = model.predict(pool.items[np.arange(0)], model.provides)
    assert len(empty["places"]) == len(empty["cost"]) == 0
    with pytest.raises(MissingEvidence, match="cannot give probs"):
        model.predict(pool.items, {"probs"})


def test_the_threshold_is_where_f1_was_best_on_what_was_searched(made):
    pool, labels = made
    half = [{**label, "searched": [[0.0, 0.0, 120.0, 200.0]]} for label in labels]
    for label in half:
        label["points"] = [point for point in label["points"] if point[0] < 120]
    targets = TASK.encode(half)
    model = Template(20).fit(pool.items, targets, classes=1, rng=np.random.default_rng(0), pool=pool.items)
    found = model.predict(pool.items, model.provides)
    assert TASK.metrics(targets, found)["f1"] >= 0.95
    # the other half was never searched: what is found there is no error, and the threshold does not suffer
    assert TASK.metrics(TASK.encode(labels), found)["f1"] >= 0.95


def test_the_diameter_comes_from_the_labels_where_it_is_not_said(made):
    pool, labels = made
    targets = Particles(24.0).encode(labels[:1])
    model = Template().fit(pool.items[np.arange(1)], targets, classes=1, rng=np.random.default_rng(0))
    assert model.diameter == 24.0
    assert train(made, 0, Template()).diameter == pytest.approx(10.0)  # 5 % of 200 rows


def test_bright_particles_are_found_when_told_so(made, tmp_path):
    pool, labels = made
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(-pool.items.values(0))
    items, truth = load(tmp_path).pool.items, TASK.encode(labels[:1])
    scores = {
        bright: TASK.metrics(
            truth,
            Template(20, bright=bright)
            .fit(items[np.arange(0)], truth[:0], classes=1, rng=np.random.default_rng(0), pool=items)
            .predict(items, {"elements", "places"}),
        )["average_precision"]
        for bright in (False, True)
    }
    assert scores[True] > 0.9 > 0.5 > scores[False]


def test_an_empty_micrograph_has_no_candidates(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.full((60, 60), 7.0, np.float32))
    items = load(tmp_path).pool.items
    model = Template(10).fit(items[np.arange(0)], TASK.encode([]), classes=1, rng=np.random.default_rng(0), pool=items)
    found = model.predict(items, model.provides)
    assert len(found["places"].values) == 0
    assert TASK.decode(found, 0).label == {"points": [], "searched": None}


def test_repeats_itself_and_leaves_targets_alone(made):
    first, second = train(made, 2), train(made, 2)
    np.testing.assert_array_equal(first.template, second.template)
    assert first.threshold == second.threshold
    assert resolve("template(diameter=20)")[1] == "template(diameter=20)"


def test_says_what_it_cannot_read(made):
    pool, _ = made
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match="template: diameter must be a positive number of pixels: got 0"):
        Template(0)
    with pytest.raises(BadData, match="template reads micrographs: got an array of float64"):
        Template(9).fit(np.zeros((2, 2)), np.empty(0, object), classes=1, rng=rng)
    with pytest.raises(BadLabel, match=r"template learns picks, an object array .* got int64; it belongs to the task"):
        Template(9).fit(pool.items[np.arange(1)], np.zeros(1, np.int64), classes=1, rng=rng)


def test_peaks_lie_between_pixels_and_a_plateau_has_none():
    rows, columns = np.mgrid[:30, :40]
    score = np.exp(-((columns - 12.3) ** 2 + (rows - 20.4) ** 2) / 20)
    found = _spots.peaks(score, 5)
    assert found.places[found.scores.argmax()] == pytest.approx([12.3, 20.4], abs=0.05)
    assert len(_spots.peaks(np.ones((9, 9)), 3).scores) == 0


def test_otsu_cuts_between_two_groups():
    cut, slope = _otsu(np.array([0.0, 0.1, 0.2, 5.0, 5.1]))
    assert cut == pytest.approx(2.6)
    assert slope > 0
    assert _otsu(np.array([])) == (0.0, 1.0)
    assert _otsu(np.array([3.0, 3.0])) == (3.0, 1.0)


def test_a_study_of_micrographs_goes_round(made):
    pool, labels = made
    known = dict(zip(pool.ids, labels, strict=True))
    with Study.create(None, pool, task="particles(diameter=20)", learner="template(diameter=20)", batch=1) as study:
        first = study.ask(1, who="bob")[0]
        assert len(first.suggestion["points"]) == pytest.approx(12, abs=2)  # before anybody has picked
        for _ in range(2):
            for query in study.ask(1, who="ann"):
                study.tell(query.id, known[query.id], who="ann", lease=query.lease)
            study.step()
        asked = study.ask(1, who="ann")[0]
        assert study.status().labelled == 2
    truth = {tuple(np.round(point)) for point in known[asked.id]["points"]}
    assert len(asked.suggestion["points"]) == pytest.approx(len(truth), abs=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "diameter", "alone", "taught"), [("bgal_10017", 27, 0.70, 0.75), ("apoferritin_10146", 30, 0.90, 0.94)]
)
def test_real_micrographs(name, diameter, alone, taught):
    if not (DATA / f"cryoem_{name}").is_dir():
        pytest.skip("the shared data are not there")
    found, task = load(DATA / f"cryoem_{name}"), Particles(diameter)
    half, truth = len(found) // 2, task.encode(found.labels)
    items, rest = found.pool.items, np.arange(half, len(found))
    for count, least in ((0, alone), (half, taught)):
        model = Template(diameter).fit(
            items[np.arange(count)], truth[:count], classes=1, rng=np.random.default_rng(0), pool=items[np.arange(half)]
        )
        assert task.metrics(truth[half:], model.predict(items[rest], model.provides))["f1"] >= least


def test_of_two_equal_pixels_side_by_side_one_is_a_peak():
    score = np.zeros((9, 12))
    score[4, 5:7] = 2.0
    score[2, 10] = 1.0
    found = _spots.peaks(score, 3)
    assert found.places[found.scores > 0].tolist() == [[10.0, 2.0], [5.5, 4.0]]


@pytest.mark.parametrize(("said", "expected"), [(None, 20.0), ("template", 20.0), ("template(diameter=24)", 24.0)])
def test_a_study_tells_the_learner_the_tasks_diameter(made, said, expected):
    with Study.create(None, made[0], task=TASK, learner=said, batch=1) as study:
        assert study.predictor.diameter == expected
        assert study.learner.diameter == expected
