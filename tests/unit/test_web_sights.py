"""What a model saw in an image goes over the wire beside its suggestion, and labels come back as the task has them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from web_site import answer, claim, site, told

from querist import Study
from querist.learners.info import About
from querist.learners.protocol import Predictor
from querist.tasks.boxes import Boxes
from querist.tasks.particles import Particles
from querist.view import Ragged
from querist.web import sights
from querist.web.training import Supervisor

PROBS = np.array([[0.1, 0.9, 0.0], [0.7, 0.0, 0.3], [0.98, 0.02, 0.0]])
PLACES = np.array([[0.0, 0, 8, 6], [10.0, 4, 5.5, 5.123], [1.0, 1, 2, 2]])


class Fixed(Predictor):
    """Sees the same three things in every image."""

    provides = frozenset({"elements", "places"})

    def predict(self, items, needs):
        n = len(items)
        starts = np.arange(n + 1) * 3
        return {
            "elements": Ragged(np.tile(PROBS, (n, 1)), starts),
            "places": Ragged(np.tile(PLACES, (n, 1)), starts),
        }


class FixedLearner:
    """Learns nothing."""

    eats = "raw"
    provides = frozenset({"elements", "places"})
    about = About("fixed", ("elements", "places"), "raw", "O(1)")

    def fit(self, items, targets, *, classes, rng, pool=None, warm=None):
        return Fixed()


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Keep the training process out of tests of other things."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


@pytest.fixture
def cells(tmp_path):
    folder = tmp_path / "cells"
    folder.mkdir()
    for number in range(4):
        Image.new("L", (40, 30), 60 * number).save(folder / f"{number}.png")
    options = {"task": "boxes", "labels": ["red", "white"], "learner": FixedLearner(), "strategy": "random"}
    with Study.create(tmp_path / "cells.querist", folder, batch=2, audit=0, **options) as study, site(study) as made:
        yield made


def test_a_box_is_recorded_in_pixels_and_a_wrong_one_is_refused_with_its_reason(cells):
    ann = cells.person("ann")
    first, second = claim(ann, 2)
    assert (first["view"], first["data"]["width"], first["data"]["height"]) == ("boxes", 40, 30)
    good = [{"label": "red", "box": [1, 2.5, 20, 10]}]
    bad = [{"label": "red", "box": [30, 2, 20, 10]}]
    taken = answer(ann, told(first["id"], good), told(second["id"], bad))
    assert len(taken["recorded"]) == 1
    assert "outside the image of 40 × 30 pixels" in taken["refused"][0]["error"]
    again = ann.get(f"/api/items/{first['id']}").json()
    assert again["mine"]["label"] == [{"label": "red", "box": [1.0, 2.5, 20.0, 10.0]}]


def test_what_the_model_saw_comes_with_its_suggestion(cells):
    ann = cells.person("ann")
    first = claim(ann)[0]
    answer(ann, told(first["id"], [{"label": "red", "box": [1, 2, 20, 10]}]))
    done = cells.study.step()
    item = claim(ann)[0]
    assert item["suggestion"]["label"] == [{"label": "red", "box": [0.0, 0.0, 8.0, 6.0]}]
    assert item["suggestion"]["seen"] is None
    sights.write(cells.study, done.round)
    found = claim(ann)[0]["suggestion"]["seen"]
    assert [(one["label"], one["score"], one["place"]) for one in found] == [
        ("red", 0.9, [0, 0, 8, 6]),
        ("white", 0.3, [10, 4, 5.5, 5.12]),
    ]


def test_what_an_earlier_model_saw_is_not_told_for_a_later_one(cells):
    first = claim(cells.person("ann"))[0]["id"]
    sights.write(cells.study, 1)
    assert sights.read(cells.study.store, 1, first) is not None
    assert sights.read(cells.study.store, 2, first) is None


def test_particles_are_told_with_their_centres():
    evidence = {
        "elements": Ragged(np.array([[0.4, 0.6], [0.1, 0.9]]), np.array([0, 2])),
        "places": Ragged(np.array([[3.0, 4, 30], [5.25, 6, 30]]), np.array([0, 2])),
    }
    assert sights.things(Particles(), evidence) == [[["particle", 0.9, 5.25, 6.0], ["particle", 0.6, 3.0, 4.0]]]
    assert sights.sees(Boxes(("a",)))
