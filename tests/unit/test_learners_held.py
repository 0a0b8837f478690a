"""What sets the threshold of a detector or picker was learnt from by no network of its line."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import querist
from querist.learners import _held, detector, picker
from querist.learners._held import Parts, divided
from querist.tasks.boxes import Boxes
from querist.tasks.particles import Particles

torch = pytest.importorskip("torch", reason="needs the extra torch")

ROUNDS = [20, 24, 30, 33, 40, 48]
TINY = {"steps": 1, "epochs": 1, "batch": 1, "warm_start": True}
DETECTOR = detector.Detector(size=(32, 32), held_out=0.15, **TINY)
PICKER = picker.Picker(16, guided=0, held_out=0.15, **TINY)


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """Forty-eight pictures of noise."""
    folder, chance = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for at in range(48):
        Image.fromarray(chance.integers(0, 255, (32, 32), np.uint8)).save(folder / f"{at:02}.png")
    return querist.load(folder).pool.items


@pytest.fixture
def watched(monkeypatch):
    """Two lists that fill with each fit: the names that it learnt from, and those of the images that set its cut."""
    learnt, cut, names = [], [], {}

    def remember(scenes, items):
        names.update({id(scene): (scene, name) for scene, name in zip(scenes, items.names.tolist(), strict=True)})

    from querist.learners import _centres

    trained, scenes, scene = _centres.trained, detector.Reader.scenes, picker.Reader.scene
    finds, picks = detector.TrainedDetector.cut, picker.TrainedPicker.cut

    def of_all(reader, items, targets):
        made = scenes(reader, items, targets)
        remember(made, items)
        return made

    def of_one(reader, items, row, target):
        made = scene(reader, items, row, target)
        remember([made], items[np.array([row])])
        return made

    def seen(given, *rest, **options):
        learnt.append({names[id(one)][1] for one in given})
        return trained(given, *rest, **options)

    monkeypatch.setattr(_centres, "trained", seen)
    monkeypatch.setattr(detector.Reader, "scenes", of_all)
    monkeypatch.setattr(picker.Reader, "scene", of_one)
    monkeypatch.setattr(
        detector.TrainedDetector, "cut", lambda m, items, *a: (cut.append(set(items.names)), finds(m, items, *a))[1]
    )
    monkeypatch.setattr(
        picker.TrainedPicker,
        "cut",
        lambda m, items, t, held: (cut.append(set(items.names[list(held)])), picks(m, items, t, held))[1],
    )
    return learnt, cut


@pytest.mark.parametrize("learner", [DETECTOR, PICKER], ids=["detector", "picker"])
def test_what_sets_the_threshold_was_never_learnt_from_along_a_line_of_models(noise, watched, learner):
    boxes = learner is DETECTOR
    label = [{"label": "a", "box": [8, 8, 16, 16]}] if boxes else {"points": [[15.0, 15.0]], "searched": None}
    task = Boxes(("a",)) if boxes else Particles(diameter=16)
    learnt, cut = watched
    order, model = np.random.default_rng(1).permutation(48), None
    for round, count in enumerate(ROUNDS):
        rows = np.sort(order[:count])
        given = {"classes": 1, "rng": np.random.default_rng(round), "warm": model}
        model = learner.fit(noise[rows], task.encode([label] * count), **given)
    for round, count in enumerate(ROUNDS):
        assert len(cut[round]) >= int(0.15 * count), "a share, as it was asked for"
        assert not cut[round] & set().union(*learnt[: round + 1])
        assert cut[round] >= set().union(*cut[:round]), "what is held out stays so"
        assert len(cut[round]) + len(learnt[round]) == count


def test_copies_of_an_image_stay_together_and_the_order_plays_no_part():
    keys = [b"d", b"a", b"c", b"a", b"b"]
    held, learn, parts = _held.divided(keys, np.ones(5, bool), 2, before=_held.Parts())
    assert (held.tolist(), learn.tolist(), parts.held) == ([1, 3, 4], [0, 2], {b"a", b"b"})
    turned = _held.divided(keys[::-1], np.ones(5, bool), 2, before=_held.Parts())
    assert (turned[2], turned[0].tolist()) == (parts, [0, 1, 3])


def test_an_image_s_key_is_that_of_its_content_whatever_it_is_called(noise):
    keys = _held.keys_of(noise)
    assert len(set(keys)) == 48
    assert _held.keys_of(noise[np.array([5, 2])]) == [keys[5], keys[2]]

    class Bare:
        """Images that nobody has named."""

        def __init__(self, pixels):
            self.all = pixels

        def __len__(self):
            return len(self.all)

        def __getitem__(self, rows):
            return Bare(self.all[rows])

        def pixels(self, width, height):
            return self.all

    bare = Bare(noise.pixels(32, 32))
    found = _held.keys_of(bare)
    assert len(set(found)) == 48
    assert _held.keys_of(bare[np.array([5, 2])]) == [found[5], found[2]]


def test_copies_of_one_image_are_learnt_from_and_none_is_held_out():
    held, learn, parts = divided([b"a"] * 20, np.ones(20, bool), 3, before=Parts())
    assert (len(held), len(learn), parts.held) == (0, 20, frozenset())
