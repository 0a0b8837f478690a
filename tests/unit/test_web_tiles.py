"""Tiles of large images: single pixels as recorded, in the contrast of the whole picture, and no more read."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image
from web_site import site

from querist import Study
from querist.data import mrc, tiff
from querist.web.tiles import SIDE, Tile
from querist.web.training import Supervisor

WIDTH, HEIGHT = 4100, 2500
FIRST = {"level": 0, "x": 0, "y": 0}


@pytest.fixture(scope="module", autouse=True)
def no_training():
    """Keep the training process out of tests of other things."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supervisor, "start", lambda self: None)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tiles")


@pytest.fixture(scope="module")
def noise():
    """Grey noise on a slope, with one bright pixel at (3000, 1234)."""
    random = np.random.default_rng(1)
    values = random.normal(size=(HEIGHT, WIDTH)).astype(np.float32) + np.linspace(0, 8, WIDTH, dtype=np.float32)
    values[1234, 3000] = 500
    return values


@pytest.fixture(scope="module")
def ice(folder, noise):
    """A study of one micrograph that is shown at a third."""
    mrcfile = pytest.importorskip("mrcfile")
    (folder / "ice").mkdir()
    with mrcfile.new(folder / "ice" / "a.mrc") as file:
        file.set_data(noise)
    made = {"task": "particles(diameter=30)"}
    with Study.create(folder / "s.querist", folder / "ice", **made) as study, site(study) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(folder, noise):
    """A study of an ordinary image of 16 bits."""
    (folder / "plain").mkdir()
    grey = np.clip(1000 + 100 * noise, 0, 60_000).astype(np.uint16)
    Image.fromarray(grey).save(folder / "plain" / "a.png")
    with Study.create(folder / "p.querist", folder / "plain", labels=["a", "b"]) as study, site(study) as opened:
        yield opened


def read(person, path, **asked):
    found = person.get(path, params=asked)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "image/png"
    assert found.headers["cache-control"] == "private, max-age=3600"
    return np.asarray(Image.open(io.BytesIO(found.content)))


def cut(whole, x, y):
    return whole[y * SIDE : (y + 1) * SIDE, x * SIDE : (x + 1) * SIDE]


@pytest.mark.parametrize(
    ("level", "x", "y"), [(0, 0, 0), (0, 5, 2), (0, 8, 4), (1, 2, 1), (1, 4, 2), (3, 0, 0), (8, 0, 0)]
)
def test_a_tile_is_the_crop_of_the_whole_in_the_contrast_of_the_picture(ice, noise, level, x, y):
    ends = mrc.span(mrc.binned(noise, 3))
    whole = mrc.contrast(mrc.binned(noise, 1 << level), ends)
    assert np.array_equal(read(ice.person("ann"), "/api/tile/a.mrc", level=level, x=x, y=y), cut(whole, x, y))


def test_the_contrast_is_that_of_the_picture_that_lies_below(ice):
    person = ice.person("ann")
    picture = read(person, "/api/media/a.mrc").astype(float)
    tile = read(person, "/api/tile/a.mrc", level=2, x=0, y=0).astype(float)
    # the slope makes the left dark: a tile stretched by itself would be as bright as the whole
    assert picture.mean() > 100
    below = picture[: 2048 // 3, : 2048 // 3].mean()
    assert abs(tile.mean() - below) < 2
    assert below < picture.mean() - 25


def test_a_single_pixel_is_seen_where_it_is(ice):
    tile = read(ice.person("ann"), "/api/tile/a.mrc", level=0, x=3000 // SIDE, y=1234 // SIDE)
    assert tile[1234 % SIDE, 3000 % SIDE] == 255


@pytest.mark.parametrize(("level", "x", "y"), [(0, 1, 1), (0, 8, 4), (2, 1, 0)])
def test_a_window_is_that_of_the_windowed_picture(plain, noise, level, x, y):
    grey = np.clip(1000 + 100 * noise, 0, 60_000).astype(np.uint16).astype(np.float32)
    part = np.clip((mrc.binned(grey, 1 << level) - (1300 - 400)) / 800, 0, 1)
    found = read(plain.person("ann"), "/api/tile/a.png", level=level, x=x, y=y, window="1300,800")
    assert np.array_equal(found, cut((255 * part).round().astype(np.uint8), x, y))


def test_without_a_window_it_is_the_crop_of_the_picture(plain):
    person = plain.person("ann")
    whole = read(person, "/api/media/a.png")
    assert whole.dtype == np.uint8
    assert np.array_equal(read(person, "/api/tile/a.png", level=0, x=2, y=1), cut(whole, 2, 1))


def test_of_a_micrograph_only_the_tile_is_read(ice, monkeypatch):
    person = ice.person("ann")
    read(person, "/api/tile/a.mrc", **FIRST)
    rows = []
    mapped = mrc._mapped
    monkeypatch.setattr(mrc, "_mapped", lambda path, section, *ends: rows.append(ends) or mapped(path, section, *ends))
    read(person, "/api/tile/a.mrc", level=0, x=1, y=3)
    assert rows == [(3 * SIDE, 4 * SIDE)]


@pytest.mark.parametrize("beyond", [{"x": 9}, {"y": 5}, {"level": 1, "x": 5}, {"level": 8, "y": 1}, {"x": 1_000_000}])
def test_beside_the_image_is_no_tile(ice, beyond):
    found = ice.person("ann").get("/api/tile/a.mrc", params={**FIRST, **beyond})
    assert found.status_code == 404
    assert "no tile" in found.json()["error"]


@pytest.mark.parametrize("wrong", [{"level": -1}, {"level": 9}, {"x": -1}, {"y": "a"}, {"window": "1,0"}, {"x": 10**7}])
def test_what_is_no_place_is_refused(ice, wrong):
    found = ice.person("ann").get("/api/tile/a.mrc", params={**FIRST, **wrong})
    assert found.status_code == 422
    assert next(iter(wrong)) in found.json()["error"]


def test_an_unknown_item_has_no_tiles(ice):
    assert ice.person("ann").get("/api/tile/b.mrc", params=FIRST).status_code == 404


def test_a_changed_file_is_said_without_its_place(ice, folder):
    path = folder / "ice" / "a.mrc"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"more")
    found = ice.person("ann").get("/api/tile/a.mrc", params=FIRST)
    os.truncate(path, size)
    assert found.status_code == 409
    assert str(folder) not in found.text


def test_nobody_unknown_gets_a_tile(ice):
    assert ice.stranger().get("/api/tile/a.mrc", params=FIRST).status_code == 401


def test_the_frame_of_a_tile():
    assert Tile(0, 8, 4).frame(WIDTH, HEIGHT) == (4096, 2048, 4, 452)
    assert Tile(2, 2, 0).frame(WIDTH, HEIGHT) == (4096, 0, 4, 2048)
    assert Tile(2, 3, 0).frame(WIDTH, HEIGHT) is None


def test_a_part_of_a_part_repeats_its_edge_as_the_whole_does(ice, folder):
    name = "a.mrc#4000,-20,200,90"
    whole = mrc.values(str(folder / "ice"), name, 2)
    for x, y, width, height in [(0, 0, 200, 90), (40, 6, 60, 84), (120, 0, 80, 10), (100, 30, 100, 60)]:
        part = mrc.cut(str(folder / "ice"), name, (x, y, width, height), 2)
        assert np.array_equal(part, whole[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2])


def test_a_part_of_a_slide_is_read_without_the_rest(tmp_path, noise, monkeypatch):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "s.tif", noise, tile=(256, 256))
    images = tiff.slide_tiles(tmp_path / "s.tif", side=2048)[0].items
    row = [name.partition("#")[2] for name in images.names].index("0:2048,0,2048,2048")
    chunks = []
    chunk = tiff._chunk
    monkeypatch.setattr(tiff, "_chunk", lambda *asked: chunks.append(asked[2]) or chunk(*asked))
    part = images.cut(row, (512, 1024, 512, 256), 2)
    assert len(chunks) == 2
    assert np.array_equal(part, mrc.binned(noise[1024:1280, 2560:3072], 2))
