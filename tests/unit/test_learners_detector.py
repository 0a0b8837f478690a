"""The detector of boxes: it learns shapes, its evidence holds as of every learner, and it says what is wrong."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import querist
from querist._check import check_view
from querist.errors import BadData, BadInput, BadLabel, MissingEvidence, MissingExtra
from querist.learners import _extra, resolve
from querist.learners.detector import Detector, held_count
from querist.study import Study
from querist.tasks.boxes import Boxes
from querist.view import View

torch = pytest.importorskip("torch", reason="needs the extra torch")
TASK = Boxes(("disc", "square"))
ALL = {"elements", "places", "embed", "cost"}
SMALL = Detector(size=(96, 64), steps=130, epochs=1, held_out=0.2)
DRAWN = Detector(size=(96, 64), steps=6, epochs=1, members=2, draws=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Twenty-four pictures of 192 × 128 with bright discs and dark squares on grey noise, and their boxes."""
    root, chance, labels = tmp_path_factory.mktemp("shapes"), np.random.default_rng(0), []
    rows, columns = np.mgrid[:128, :192]
    for at in range(24):
        picture, boxes = chance.normal(120, 12, (128, 192)), []
        for cell in chance.permutation(6)[:3]:
            side, kind = chance.uniform(28, 44), chance.integers(2)
            x, y = 64 * (cell % 3) + chance.uniform(0, 64 - side), 64 * (cell // 3) + chance.uniform(0, 64 - side)
            disc = np.hypot(columns + 0.5 - x - side / 2, rows + 0.5 - y - side / 2) <= side / 2
            square = (columns >= x) & (columns < x + side) & (rows >= y) & (rows < y + side)
            picture[square if kind else disc] += -70 if kind else 70
            boxes.append({"label": TASK.labels[kind], "box": [x, y, side, side]})
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(root / f"{at:02}.png")
        labels.append(boxes)
    return querist.load(root).pool, labels


def train(made, learner=SMALL, rows=range(18), **given):
    pool, labels = made
    targets = TASK.encode([labels[row] for row in rows])
    items = pool.items[np.array(rows, np.intp)]
    return learner.fit(items, targets, classes=2, rng=np.random.default_rng(0), pool=pool.items, **given)


@pytest.fixture(scope="module")
def model(made):
    """A detector taught on eighteen pictures."""
    return train(made)


@pytest.fixture(scope="module")
def drawn(made):
    """Two detectors with three draws of dropout each."""
    return train(made, DRAWN)


def test_finds_shapes_and_tells_them_apart(made, model):
    pool, labels = made
    rows = np.arange(18, 24)
    found = TASK.metrics(TASK.encode([labels[row] for row in rows]), model.predict(pool.items[rows], ALL))
    assert found["ap50"] > 0.9
    assert found["f1"] > 0.85, "the threshold, chosen on held-out pictures, is the probability one half"


@pytest.mark.parametrize(("which", "opinions"), [("model", ()), ("drawn", (6,))])
def test_evidence_is_valid_and_row_by_row(made, which, opinions, request):
    (pool, _), model = made, request.getfixturevalue(which)
    whole = model.predict(pool.items, ALL)
    check_view(View.of(whole, ids=list(pool.ids)))
    assert whole["elements"].values.shape[1:] == (*opinions, 3)
    assert whole["places"].values.shape[1:] == (*opinions, 4)
    assert len(whole["elements"].values) > 24
    if opinions:
        assert np.ptp(whole["places"].values, axis=1).max() > 0, "the draws differ"
    for cuts in ((1,), (5, 6, 17)):
        parts = [pool.items[np.arange(a, b)] for a, b in pairwise([0, *cuts, 24])]
        views = [View.of(model.predict(part, ALL), ids=[""] * len(part)) for part in parts]
        again = View.concat(views)
        np.testing.assert_array_equal(again.embed, whole["embed"])
        np.testing.assert_array_equal(again.cost, whole["cost"])
        for need in ("elements", "places"):
            assert getattr(again, need).starts.tolist() == whole[need].starts.tolist()
            np.testing.assert_array_equal(getattr(again, need).values, whole[need].values)
    assert len(model.predict(pool.items[:0], ALL)["places"]) == 0
    with pytest.raises(MissingEvidence, match="cannot give probs"):
        model.predict(pool.items, {"probs"})


def test_places_are_in_pixels_of_the_picture(made, model):
    pool, labels = made
    said = TASK.decode(model.predict(pool.items[np.array([20])], ALL), 0).label
    assert model.predict(pool.items[np.array([20])], {"cost"})["cost"][0] == pytest.approx(3, abs=1.5)
    for box in labels[20]:
        nearest = min(np.abs(np.subtract(box["box"], other["box"])).max() for other in said)
        assert nearest < 8


def test_a_fit_repeats_to_the_bit_and_leaves_the_global_generators(made):
    pool, _ = made
    quick = Detector(size=(96, 64), steps=3, epochs=1, members=2)
    state = torch.random.get_rng_state()
    first, second = train(made, quick), train(made, quick)
    assert torch.equal(torch.random.get_rng_state(), state)
    for need in ("elements", "places"):
        one, other = (model.predict(pool.items, {need})[need] for model in (first, second))
        np.testing.assert_array_equal(one.values, other.values)
    own = [net.state_dict() for net in first.centres.nets]
    assert not torch.equal(own[0]["hidden.weight"], own[1]["hidden.weight"]), "members begin apart"


def test_a_warm_start_goes_on_from_the_weights(made, model):
    going = Detector(size=(96, 64), steps=3, epochs=1, held_out=0.0, warm_start=True, rate=1e-6)
    before, after = (m.centres.nets[0].state_dict()["hidden.weight"] for m in (model, train(made, going, warm=model)))
    assert (before - after).abs().max() < 1e-4
    cold = train(made, going).centres.nets[0].state_dict()["hidden.weight"]
    assert (before - cold).abs().max() > 1e-2


@pytest.mark.parametrize("labels", [0, 1])
def test_works_before_there_is_anything_to_learn(made, labels):
    pool, _ = made
    empty = (pool, [[]] * 24)
    model = train(empty, Detector(size=(96, 64), steps=2, epochs=1), rows=range(labels))
    found = model.predict(pool.items, ALL)
    check_view(View.of(found, ids=list(pool.ids)))
    assert found["embed"].shape[0] == 24
    if not labels:
        assert len(found["elements"].values) == 0


def test_large_pictures_go_through_in_tiles_with_nearly_the_same_result(made, model):
    from querist.learners._heatmap import cells_of

    pool, _ = made
    image = next(iter(model.reader.images(pool.items[:1])))
    wide = np.concatenate([image] * 4, axis=2)
    net = model.centres.nets[0]
    with torch.inference_mode():
        whole, tiled = (cells_of(net, wide, tile=side) for side in (512, 128))
    assert whole.features.shape == tiled.features.shape == (32, 16, 96)
    assert (whole.features - tiled.features).abs().max() < 0.02 * whole.features.abs().max()


def test_a_study_learns_by_it_and_asks(made, tmp_path):
    pool, labels = made
    learner = "detector(size=(96, 64), steps=2, epochs=1)"
    with Study.create(None, pool, task=TASK, learner=learner, batch=2, seed=0) as study:
        for row in range(4):
            study.tell(pool.ids[row], labels[row])
        study.step()
        assert len(study.ask(2)) == 2


def test_is_the_learner_of_the_task_and_has_a_specification():
    assert isinstance(resolve(TASK.learner)[0], Detector)
    assert resolve(Detector(size=(240, 180), draws=4))[1] == "detector(draws=4, size=(240, 180))"


def test_held_out_images_are_none_where_they_would_be_too_few():
    assert [held_count(labels, 0.15) for labels in (19, 20)] == [0, 3]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": (160, 8)}, r"size must be a width and a height of 32 pixels or more: got \(160, 8\)"),
        ({"flip": "left"}, "flip must be one of horizontal, both, turn, none: got 'left'"),
        ({"steps": 0}, "detector: steps must be a whole number, 1 or more: got 0"),
        ({"rate": 0.0}, "detector: rate must be a positive, finite number: got 0.0"),
        ({"held_out": 0.9}, "detector: held_out must be a share from 0 to 0.5: got 0.9"),
    ],
)
def test_refuses_settings_that_make_no_sense(given, message):
    with pytest.raises(BadInput, match=message):
        Detector(**given)


def test_says_what_it_cannot_read(made):
    pool, _ = made
    codes = np.zeros(2, np.int64)
    with pytest.raises(BadData, match="detector reads images: got an array of float64; give a folder of images"):
        Detector().fit(np.zeros((2, 3)), TASK.encode([[], []]), classes=2, rng=np.random.default_rng(0))
    with pytest.raises(BadLabel, match=r"learns boxes, tables \[B, 5\] in an object array \[L\]: got int64"):
        Detector().fit(pool.items[:2], codes, classes=2, rng=np.random.default_rng(0))


def test_names_the_extra_that_is_missing(made, monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(_extra, "import_module", absent)
    with pytest.raises(MissingExtra, match=r"the learner detector needs torch: pip install 'querist\[torch\]'"):
        train(made)
