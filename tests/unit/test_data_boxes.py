"""Folders of images with boxes beside them: what becomes an item, what is left out and why, frames in their order."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import querist
from querist.data import load
from querist.data.blocks import dump, parse
from querist.data.grow import extend
from querist.errors import BadData, BadLabel
from querist.simulate import simulate
from querist.study import Study
from querist.view import Ragged

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared data are not there: {name}")
    return path


def box(label, *sides):
    return {"label": label, "box": [float(side) for side in sides]}


def picture(path, size=(20, 10), **save):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, hash(path.name) % 200).save(path, **save)


def noted(image, *sides, category=1, **given):
    return {"image_id": image, "category_id": category, "bbox": list(sides), "iscrowd": 0, **given}


@pytest.fixture
def coco(tmp_path):
    """Three frames of two videos, one of them without boxes; an image that nobody named; masks in another folder."""
    for name in ("frames/a_1.png", "frames/a_2.png", "frames/b_9.png", "frames/c.png", "masks/a_1.png"):
        picture(tmp_path / name)
    images = [
        {"id": 1, "file_name": "frames/a_1.png", "width": 20, "height": 10, "sequence": "a", "frame": 1},
        {"id": 2, "file_name": "a_2.png", "width": 20, "height": 10, "sequence": "a", "frame": 2},
        {"id": 3, "file_name": "other/b_9.png", "width": 20, "height": 10, "sequence": "b", "frame": 9},
    ]
    annotations = [noted(1, 1, 1, 4, 4), noted(1, 2, 2, 5, 5), noted(3, 0, 0, 20, 10, category=2)]
    categories = [{"id": 1, "name": "car"}, {"id": 2, "name": "bus"}]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    return tmp_path, whole


def write(place, whole, name="instances.json"):
    (place / name).write_text(json.dumps(whole))
    return place


def test_coco_beside_images(coco):
    data = load(write(*coco))
    assert data.pool.ids == ("frames/a_1.png", "frames/a_2.png", "frames/b_9.png", "frames/c.png")
    assert data.labels == [[box("car", 1, 1, 4, 4), box("car", 2, 2, 5, 5)], [], [box("bus", 0, 0, 20, 10)], None]
    assert data.skipped == ()
    assert data.pool.about["notes"][:2] == [
        "the coco annotations beside the images are the labels: 3 boxes",
        "1 image that the table does not name: left out",
    ]
    assert data.pool.media("frames/a_2.png").data == {"width": 20, "height": 10, "sequence": "a", "frame": 2}


def test_frames_know_their_video_and_their_time(coco):
    pool = load(write(*coco)).pool
    assert len(set(pool.group.tolist())) == 3
    assert pool.group[0] == pool.group[1] != pool.group[2]
    assert pool.time[:3].tolist() == [1, 2, 9]
    assert np.isnan(pool.time[3])
    again = parse([dump(pool)])
    assert np.array_equal(again.time, pool.time, equal_nan=True)
    assert pool.take(np.array([2, 0])).time.tolist() == [9, 1]
    assert np.array_equal(extend(pool.first(2), pool).time, pool.time, equal_nan=True)


def test_frames_of_folders_take_the_number_in_their_name(tmp_path):
    for name in ("one/f_0010.png", "one/f_0011.png", "two/f_7_3.png"):
        picture(tmp_path / name)
    pool = load(tmp_path, group="folder", label="").pool
    assert pool.time.tolist() == [10, 11, 3]
    picture(tmp_path / "two" / "last.png")
    assert load(tmp_path, group="folder", label="").pool.time is None


def test_what_is_wrong_is_left_out_and_named(coco):
    place, whole = coco
    whole["annotations"] += [
        noted(2, 3, 3, 0, 4, id=11),
        noted(3, 15, 3, 9, 4, id=12),
        noted(9, 1, 1, 1, 1, id=13),
        noted(2, 1, 1, 1, 1, id=14, category=7),
    ]
    whole["images"] += [{"id": 5, "file_name": "gone.png", "width": 20, "height": 10}]
    data = load(write(place, whole))
    assert data.labels == [[box("car", 1, 1, 4, 4), box("car", 2, 2, 5, 5)], None, None, None]
    assert data.skipped == (
        "instances.json, annotation 11 (image 'a_2.png'): the width must be greater than 0: got 0: the box was "
        "left out",
        "instances.json, annotation 14 (image 'a_2.png'): category_id 7 is no category: known: 1, 2: the image was "
        "left unlabelled",
        "instances.json, annotation 12 (image 'other/b_9.png'): x goes from 15 to 24, outside the image of 20 × 10 "
        "pixels (clip=True cuts boxes to the image): the image was left unlabelled",
        "instances.json, annotation 13: image_id 9 is of no image",
        "gone.png: there is no such image: its boxes were left out",
    )
    cut = load(place, annotations="coco(clip=True)")
    assert cut.labels[2] == [box("bus", 0, 0, 20, 10), box("car", 15, 3, 5, 4)]


def test_names_that_lie_in_two_folders_are_not_guessed(coco):
    place, whole = coco
    picture(place / "more" / "b_9.png")
    data = load(write(place, whole))
    assert data.skipped == ("other/b_9.png: it may be 'frames/b_9.png' or 'more/b_9.png': its boxes were left out",)
    assert "frames/b_9.png" in data.pool


def test_a_broken_image_is_left_out_and_the_others_work(coco):
    place, whole = coco
    noise = np.random.default_rng(0).integers(0, 255, (100, 200), np.uint8)
    Image.fromarray(noise).save(place / "frames" / "b_9.png", "JPEG")
    whole_bytes = (place / "frames" / "b_9.png").read_bytes()
    (place / "frames" / "b_9.png").write_bytes(whole_bytes[: len(whole_bytes) // 2])
    data = load(write(place, whole))
    assert data.pool.ids == ("frames/a_1.png", "frames/a_2.png", "frames/c.png")
    assert len(data.skipped) == 1
    assert data.skipped[0].startswith("frames/b_9.png: it is damaged or cut short")


def test_boxes_of_an_image_of_another_size_are_refused(coco):
    place, whole = coco
    picture(place / "frames" / "b_9.png", (10, 20))
    whole["images"][0] |= {"width": None, "height": None}
    whole["annotations"][0]["bbox"] = [15, 1, 9, 4]
    data = load(write(place, whole))
    assert data.labels == [None, [], None, None]
    assert data.skipped == (
        "frames/a_1.png: box 1: x + width is 24, outside the image of 20 × 10 pixels; draw the box again, or read the "
        "file with boxes cut to the image: left unlabelled",
        "frames/b_9.png: its boxes are of an image of 20 × 10 pixels, and it has 10 × 20: left unlabelled",
    )


def test_boxes_of_a_turned_photograph_are_in_upright_pixels(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture(tmp_path / "a.jpg", (20, 10), exif=turned)
    images = [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 20}]
    whole = {"images": images, "annotations": [noted(1, 0, 12, 10, 8)], "categories": [{"id": 1, "name": "car"}]}
    data = load(write(tmp_path, whole))
    assert data.labels == [[box("car", 0, 12, 10, 8)]]
    assert data.pool.items.sizes.tolist() == [[10, 20]]


def test_several_coco_files_are_one_set(coco):
    place, whole = coco
    (place / "annotations").mkdir()
    for name, ids in (("train", (1, 2)), ("val", (3,))):
        part = {**whole, "images": [i for i in whole["images"] if i["id"] in ids]}
        part["annotations"] = [a for a in whole["annotations"] if a["image_id"] in ids]
        write(place / "annotations", part, f"instances_{name}.json")
    (place / "other.json").write_text("{}")
    data = load(place)
    assert [label is not None for label in data.labels] == [True, True, True, False]


def test_the_file_itself_may_be_named(coco):
    place, whole = coco
    write(place, whole)
    data = load(place / "instances.json")
    assert len(data) == 4
    assert data.name == place.name
    (place / "none.json").write_text(json.dumps({**whole, "images": [], "annotations": []}))
    with pytest.raises(BadData, match=r"none.json: 'images' is empty"):
        load(place / "none.json")
    alone = place / "alone"
    alone.mkdir()
    write(alone, whole)
    with pytest.raises(BadData, match=r"instances.json is no COCO, or none of the images that it names lies"):
        load(alone / "instances.json")


def test_formats_that_are_not_there_are_named(coco):
    place, whole = coco
    write(place, whole)
    with pytest.raises(BadData, match=r"the folder .* holds no annotations of the format yolo"):
        load(place, annotations="yolo")
    with pytest.raises(BadData, match="no format of boxes beside images is called 'pascal'"):
        load(place, annotations="pascal")


def test_folders_of_classes_are_still_classes(tmp_path):
    for name in ("cat/1.png", "dog/2.png"):
        picture(tmp_path / name)
    (tmp_path / "settings.json").write_text('{"images": 3}')
    (tmp_path / "notes.xml").write_text("<notes/>")
    assert load(tmp_path).labels == ["cat", "dog"]


def test_bccd_starts_a_study_of_boxes():
    data = load(shared("medical_bccd"))
    assert (len(data), sum(map(len, data.labels))) == (364, 4886)
    assert [line.partition(",")[0] for line in data.skipped] == ["BloodImage_00338.xml", "BloodImage_00343.xml"]
    with Study.create(None, data, task="boxes", learner=Silent(), strategy="random", keep_labels=False) as study:
        assert study.task.labels == ("Platelets", "RBC", "WBC")
        with pytest.raises(BadLabel, match="outside the image of 640 × 480 pixels"):
            study.tell(data.pool.ids[0], [box("RBC", 600, 0, 50, 10)])


@pytest.mark.parametrize(("name", "items", "boxes", "groups"), [("camvid", 530, 3290, 3), ("carla", 721, 2354, 3)])
def test_frames_of_real_drives(name, items, boxes, groups):
    data = load(shared(f"driving_{name}"))
    assert (len(data), sum(map(len, data.labels)), data.skipped) == (items, boxes, ())
    assert len(set(data.pool.group.tolist())) == groups
    order = np.lexsort((data.pool.time, data.pool.group))
    steps = np.diff(data.pool.time[order])[np.diff(data.pool.group[order]) == 0]
    assert steps.min() > 0  # no two frames of a video at the same time


def test_kitti_as_it_comes():
    data = load(shared("driving_kitti_samples") / "training")
    assert [len(label) for label in data.labels] == [1, 3, 2]
    assert "label_2/000001.txt: 4 regions DontCare left out" in data.pool.about["notes"]


def test_a_batch_never_holds_neighbouring_frames():
    pool = load(shared("driving_camvid")).pool
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), len(pool))
    rows = querist.query(
        "time-gap(of='margin', gap=300)", 20, probs=probs, group=pool.group, time=pool.time, ids=pool.ids, seed=0
    )
    times, groups = pool.time[rows], pool.group[rows]
    near = (np.abs(times[:, None] - times[None]) < 300) & (groups[:, None] == groups[None])
    assert near.sum() == 20  # each with itself alone


def test_rounds_of_a_real_drive_never_come_back_to_the_same_place():
    pool = load(shared("driving_camvid")).pool
    probs = np.random.default_rng(0).dirichlet(np.ones(3), len(pool))
    asked, left = np.empty(0, np.intp), np.arange(len(pool))
    for _ in range(4):
        known = {"probs": probs[asked], "time": pool.time[asked], "group": pool.group[asked]}
        rows = {"probs": probs[left], "time": pool.time[left], "group": pool.group[left]}
        ids = [pool.ids[row] for row in left]
        chosen = left[querist.query("time-gap(of='margin', gap=60)", 20, ids=ids, seed=0, labelled=known, **rows)]
        asked, left = np.concatenate([asked, chosen]), np.setdiff1d(left, chosen)
    times, groups = pool.time[asked], pool.group[asked]
    near = (np.abs(times[:, None] - times[None]) < 60) & (groups[:, None] == groups[None])
    assert near.sum() == 80  # in all four batches each is near itself alone


class Silent:
    """A learner that says nothing of any image: enough to open a study."""

    provides = frozenset({"embed"})
    eats = "raw"

    def fit(self, items, targets, **rest):
        return self

    def predict(self, items, needs):
        return {"embed": np.zeros((len(items), 1))}


def test_yolo_and_voc_beside_images(tmp_path):
    for name in ("images/a.png", "images/b.png"):
        picture(tmp_path / name)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "data.yaml").write_text("names: [car]\n")
    data = load(tmp_path)
    assert data.labels == [[box("car", 5, 2.5, 10, 5)], None]
    assert data.pool.about["notes"][0] == "the yolo annotations beside the images are the labels: 1 boxes"
    for name in ("labels/a.txt", "data.yaml"):
        os.remove(tmp_path / name)
    (tmp_path / "images" / "a.xml").write_text(
        "<annotation><filename>a.png</filename><object><name>car</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>20</xmax><ymax>10</ymax></bndbox></object></annotation>"
    )
    data = load(tmp_path / "images", annotations="voc(first=1)")
    assert data.labels == [[box("car", 0, 0, 20, 10)], None]


class Noisy(Silent):
    """A learner that finds boxes at places that the digest of an image decides."""

    provides = frozenset({"elements", "places", "cost"})

    def fit(self, items, targets, *, classes, **rest):
        assert all(target.shape[1:] == (5,) for target in targets)
        self.classes = classes
        return self

    def predict(self, items, needs):
        drawn = [np.random.default_rng(list(map(int, digest))) for digest in items.digests]
        counts = np.array([int(rng.integers(1, 9)) for rng in drawn])
        starts = np.concatenate([[0], np.cumsum(counts)])
        probs = [rng.dirichlet(np.ones(1 + self.classes), count) for rng, count in zip(drawn, counts, strict=True)]
        places = [np.tile([10.0, 10, 50, 50], (count, 1)) for count in counts]
        found = {
            "elements": Ragged(np.concatenate(probs), starts),
            "places": Ragged(np.concatenate(places), starts),
            "cost": counts.astype(float),
        }
        return {need: found[need] for need in needs}


def test_a_simulation_counts_boxes_and_keeps_neighbours_out_of_a_batch():
    data = load(shared("driving_camvid"))
    rows = np.arange(0, 530, 4)
    few = replace(data, pool=data.pool.take(rows), labels=[data.labels[row] for row in rows])
    rules = ("random", "time-gap(of=\"token-entropy(reduce='sum')\", gap=200)", "per-cost(of='token-margin')")
    plan = {"task": "boxes", "cost": "boxes", "initial": 5, "batch": 5, "budget": 15, "seeds": (0,), "jobs": 1}
    curves = simulate(few, strategies=rules, learner=Noisy(), **plan).curves
    assert {curve.strategy for curve in curves} >= set(rules)
    for curve in curves:
        assert [point.cost for point in curve.points] == sorted(point.cost for point in curve.points)
        assert all({"ap50", "ap", "image_f1"} <= set(point.metrics) for point in curve.points)
    with Study.create(
        None, few, task="boxes", learner=Noisy(), strategy=rules[1], batch=5, keep_labels=False, seed=1
    ) as study:
        for place in study.ask(2):
            study.tell(place.id, few.labels[few.pool.rows([place.id])[0]])
        study.step()
        picked = few.pool.rows([place.id for place in study.ask(5, who="another")])
    times, groups = few.pool.time[picked], few.pool.group[picked]
    near = (np.abs(times[:, None] - times[None]) < 200) & (groups[:, None] == groups[None])
    assert near.sum() == len(picked)


class Watched(Noisy):
    """A learner that keeps what was asked of it."""

    def __init__(self):
        self.asked = []

    def predict(self, items, needs):
        self.asked.append((len(items), frozenset(needs)))
        return super().predict(items, needs)


def test_a_random_choice_does_not_wait_for_a_detector():
    data, learner = load(shared("driving_kitti_samples") / "training"), Watched()
    with Study.create(
        None, data, task="boxes", learner=learner, strategy="random", keep_labels=False, suggestions=False
    ) as study:
        for place in study.ask(1):
            study.tell(place.id, data.labels[data.pool.rows([place.id])[0]])
        study.step()
        assert len(study.ask(2)) == 2
    assert [needs for _, needs in learner.asked if not needs] == []
