"""Micrographs from the file to the export: TIFF as it goes through everything, and tiles by the seconds they take."""

from __future__ import annotations

import io

import numpy as np
import pytest

from querist import load
from querist.data.patches import tiles
from querist.formats import folder_format, label_format
from querist.study import Study
from querist.tasks.particles import Particles

pytest.importorskip("starfile", reason="needs the extra cryoem")
mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")
tifffile = pytest.importorskip("tifffile", reason="needs the extra medical")
TASK = Particles(diameter=30)


def discs(points, shape=(300, 420), seed=0):
    """Draw dark discs of 30 pixels, in a few grey values of noise."""
    image = np.random.default_rng(seed).normal(1000.0, 3.0, shape)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    for x, y in points:
        image -= 12.0 * np.clip(15.5 - np.hypot(columns - x, rows - y), 0, 1)
    return image


def middle_of(found, true):
    """Give how far the points found lie from the true ones, each pair by its mean over all; and how many there are."""
    found = np.asarray(found, float)
    nearest = np.linalg.norm(found[:, None] - true, axis=2).argmin(axis=0)
    return len(found), found[nearest] - true


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_a_tiff_goes_through_reader_picker_and_star_within_half_a_pixel(tmp_path, kind):
    """Nothing about the picture is symmetric: an exchange or a turn of the axes puts every disc elsewhere."""
    true = np.array([[60.3 + 75 * i, 50.7 + 68 * j] for i in range(5) for j in range(3)])[:11]
    for name in ("one.tif", "two.tiff"):
        tifffile.imwrite(tmp_path / name, discs(true).astype(kind))
    pool = load(tmp_path).pool
    assert pool.ids == ("one.tif", "two.tiff")
    assert pool.items.sizes.tolist() == [[420, 300]] * 2
    with Study.create(None, pool, task=TASK, learner="template", batch=1, seed=0) as study:
        study.step()
        for query in study.ask(2):
            study.tell(query.id, query.suggestion)
        rows = list(study.rows())
    stream = io.StringIO()
    label_format("star").write_labels(rows, stream)
    stream = io.StringIO(stream.getvalue())
    stream.name = "picked.star"
    read = {row.id: row.answers[0].label["points"] for row in label_format("star").read_rows(stream)}
    folder_format("autopick").write_folder(rows, tmp_path / "out")
    sizes = dict.fromkeys(pool.ids, (420, 300))
    apart = {
        row.id: row.answers[0].label["points"]
        for row in folder_format("autopick").read_folder(tmp_path / "out", sizes).rows
    }
    for found in (*read.values(), *apart.values()):
        count, off = middle_of(found, true)
        assert count == 11
        assert np.hypot(*off.T).max() < 0.5
    assert len(read) == len(apart) == 2


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """Tiles of micrographs with one to nine discs each, and what is on them."""
    root, rng, labels = tmp_path_factory.mktemp("crowded"), np.random.default_rng(0), []
    for at in range(3):
        points = []
        for tile in range(12):
            corner = np.array([150 * (tile % 4), 150 * (tile // 4)])
            cells = rng.permutation(9)[: 1 + (tile + at) % 9]
            points += [corner + 25 + 50 * np.array([cell % 3, cell // 3]) + rng.uniform(-3, 3, 2) for cell in cells]
        with mrcfile.new(root / f"{at}.mrc") as file:
            file.set_data(discs(points, (450, 600), at).astype(np.float32))
        labels.append({"points": np.array(points).tolist(), "searched": None})
    return tiles(load(root).pool, labels, 150)


def test_a_study_of_tiles_learns_the_seconds_of_an_answer_from_its_picks(crowded):
    pool, labels = crowded
    assert len(pool) == 36
    learner, rule = "template", "per-cost(of='token-entropy')"
    with Study.create(
        None, pool, task=TASK, learner=learner, strategy=rule, cost="seconds", batch=4, audit=0.0, suggestions=False
    ) as study:
        for id, label in list(zip(pool.ids, labels, strict=True))[:24]:
            study.tell(id, label, seconds=2.0 + 3.0 * len(label["points"]))
        study.step()
        price = study.store.published().info["price"]
        assert price["answers"] == 24
        assert 0.6 < price["slope"] < 1.0, "2 + 3 n is a little flatter than n"
        expected = study.predict(pool.items[np.arange(24, 36)], {"cost"})["cost"]
        counts = [len(label["points"]) for label in labels[24:]]
        assert np.corrcoef(expected, counts)[0, 1] > 0.95
