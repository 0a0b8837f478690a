"""Frames of two drives in the app: the frames about an item, a class for each, learnt from, exported, read back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from app_flow import export, label, reads_back, shown, wait_for_suggestion
from app_page import Person
from app_server import AppServer, querist

pytestmark = pytest.mark.browser

CAMVID = Path(__file__).parents[3] / "shared" / "data" / "driving_camvid" / "images"
DRIVES = ("0001TP", "0016E5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not CAMVID.is_dir():
        pytest.skip("NO DATA at ../shared/data/driving_camvid: frames are not tested in the app")
    for drive in DRIVES:
        (tmp_path / "drives" / drive).mkdir(parents=True)
        for path in sorted(CAMVID.glob(f"{drive}_*"))[:12]:
            shutil.copyfile(path, tmp_path / "drives" / drive / path.name)
    return tmp_path


def drive_of(item: str) -> str:
    return next(drive for drive in DRIVES if drive in item)


def test_frames_are_looked_through_labelled_learnt_and_exported(
    serve: Callable[..., AppServer], visit: Callable[..., Person], folder: Path
) -> None:
    made = ("drives", "--ignore-labels", "--labels", "dusk,day", "--group", "folder")
    querist(folder, "new", "drives.querist", *made, "--batch", 6, "--audit", 0)
    person = visit(serve(folder, "drives.querist"))
    person.wait_for_item()
    page = person.page
    item = shown(person)
    source = page.locator(".view-image-table > img").get_attribute("src")
    page.locator(".view-frames button img[src]").first.wait_for()
    first = page.locator(".view-frames button").first.inner_text() == "this item"
    person.press("PageDown" if first else "PageUp")
    beside = str(page.locator(".view-image-table > img").get_attribute("src"))
    assert beside != source
    assert drive_of(beside) == drive_of(item), "a frame of another drive is no neighbour"
    assert "the item" in page.inner_text(".view-image-told")
    person.press("PageUp" if first else "PageDown")
    assert page.locator(".view-image-table > img").get_attribute("src") == source

    def respond(person: Person, item: str) -> str:
        person.press(str(DRIVES.index(drive_of(item)) + 1))
        return ("dusk", "day")[DRIVES.index(drive_of(item))]

    given = label(person, respond, n=8)
    wait_for_suggestion(person)
    item = shown(person)
    given[item] = page.inner_text(".says-label")
    person.answer("Enter")
    labels = reads_back(folder, "drives.querist", export(person, folder), made)
    assert labels == given
