"""Scans as they were recorded: their range, a window of it, their warning; and the frames about an item."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from web_site import claim, site, texts

from querist import Study
from querist.data import Pool
from querist.web.frames import NEAR, Frames
from querist.web.training import Supervisor

DICOM = Path(__file__).parents[3] / "shared" / "data" / "medical_dicom_samples"


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Keep the training process out of tests of other things."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


@pytest.fixture
def scans(tmp_path):
    """A study of 16-bit images: a ramp of 1000 … 4175."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        ramp = np.arange(1000, 1000 + 128 * 25, 25, np.uint16)
        Image.fromarray(np.tile(ramp, (8, 1)) + number).save(folder / f"{number}.png")
    with Study.create(tmp_path / "s.querist", folder, labels=["a", "b"]) as study, site(study) as made:
        yield made


def picture(person, id, query=""):
    found = person.get(f"/api/media/{id}{query}")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(found.content)))


def test_levels_are_those_of_the_recorded_values(scans):
    found = scans.person("ann").get("/api/levels/0.png").json()
    assert (found["low"], found["high"], found["warning"]) == (1000, 1000 + 127 * 25, "")
    assert found["low"] < found["centre"] < found["high"]
    assert 0 < found["width"] <= found["high"] - found["low"]


def test_a_window_is_black_below_and_white_above(scans):
    drawn = picture(scans.person("ann"), "0.png", "?window=2000,1000")
    values = 1000 + 25 * np.arange(128)
    assert drawn.dtype == np.uint8
    assert (drawn[0][values <= 1500] == 0).all()
    assert (drawn[0][values >= 2500] == 255).all()
    assert abs(int(drawn[0][values == 2000][0]) - 128) <= 1


@pytest.mark.parametrize("window", ["2000", "a,b", "1,0", "1,-4", "1,0.000", "1e5,3", "1,2,3"])
def test_a_wrong_window_is_refused(scans, window):
    found = scans.person("ann").get("/api/media/0.png", params={"window": window})
    assert found.status_code == 422
    assert "window" in found.json()["error"]


def test_an_item_that_is_no_image_has_no_levels(tmp_path):
    with texts(tmp_path / "films.querist") as study, site(study) as films:
        found = films.person("ann").get(f"/api/levels/{study.pool.ids[0]}")
    assert found.status_code == 404
    assert "no recorded values" in found.json()["error"]


def test_a_missing_file_is_told_without_its_place(scans, tmp_path):
    (tmp_path / "scans" / "1.png").unlink()
    found = scans.person("ann").get("/api/levels/1.png")
    assert found.status_code == 409
    assert str(tmp_path) not in found.text


@pytest.fixture
def dicom(tmp_path):
    if not DICOM.is_dir():
        pytest.skip("NO DATA at ../shared/data/medical_dicom_samples: windows of DICOM are not tested")
    pytest.importorskip("pydicom")
    folder = tmp_path / "dicom"
    folder.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        (folder / name).write_bytes((DICOM / name).read_bytes())
    with Study.create(tmp_path / "d.querist", folder, labels=["a", "b"]) as study, site(study) as made:
        yield made


def test_a_scan_says_so_and_its_window_is_in_its_own_units(dicom):
    ann = dicom.person("ann")
    item = next(one for one in claim(ann, 2) if one["data"]["Modality"] == "CT")
    assert item["data"]["scan"] is True
    levels = ann.get(item["data"]["levels"]).json()
    assert levels["low"] < 0 < levels["high"]
    assert levels["warning"] == ""
    soft = picture(ann, item["id"], "?window=40,400")
    wide = picture(ann, item["id"], "?window=40,4000")
    assert soft.std() > wide.std()


def test_frames_are_those_of_the_same_video_in_order_of_time():
    ids = tuple(f"f{n}" for n in range(8))
    group = np.array([0, 0, 0, 1, 1, 0, 1, 0], np.int64)
    time = np.array([3.0, 1, 2, 1, 2, 0, np.nan, 4])
    frames = Frames(Pool(ids, np.zeros((8, 1)), group=group, time=time))
    assert frames.near("f0") == ["f5", "f1", "f2", "f0", "f7"]
    assert frames.near("f3") == ["f3", "f4"]
    assert frames.near("f6") == []


def test_of_a_long_video_only_the_frames_about_an_item_are_told():
    n = 200
    pool = Pool(tuple(map(str, range(n))), np.zeros((n, 1)), group=np.zeros(n, np.int64), time=np.arange(n) * 1.0)
    near = Frames(pool).near("100")
    assert near == [str(at) for at in range(100 - NEAR, 100 + NEAR + 1)]
    assert Frames(pool).near("0") == [str(at) for at in range(NEAR + 1)]


def test_without_time_there_are_no_frames():
    assert Frames(Pool(("a", "b"), np.zeros((2, 1)))).near("a") == []
