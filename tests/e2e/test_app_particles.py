"""Particles of real micrographs, from the model's first picks to a STAR file that reads back within half a pixel."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from app_flow import shown
from app_page import Person
from app_server import AppServer, labels_of, querist

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "cryoem_bgal_10017" / "micrographs"
SIDE = 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not FOLDER.is_dir():
        pytest.skip("NO DATA at ../shared/data/cryoem_bgal_10017: particles are not tested on real micrographs")
    (tmp_path / "ice").mkdir()
    for path in sorted(FOLDER.glob("*.mrc*"))[:3]:
        shutil.copyfile(path, tmp_path / "ice" / path.name)
    return tmp_path


def test_picks_go_through_a_reload_and_a_star_file(
    serve: Callable[..., AppServer], visit: Callable[..., Person], folder: Path
) -> None:
    task = ("--task", "particles(diameter=34)", "--batch", "50", "--audit", "0")
    querist(folder, "new", "ice.querist", "ice", *task)
    person = visit(serve(folder, "ice.querist"))
    person.wait_for_item()
    item = shown(person)
    person.page.locator(".says-label").wait_for()
    person.page.wait_for_function("() => document.querySelector('.view-image img')?.style.transform")
    person.press("a")
    suggested = int(person.page.locator(".view-marks-how").inner_text().split()[0])
    assert suggested > 20
    box = person.page.locator(".view-image img").bounding_box()
    assert box
    person.press("i")
    person.page.reload()
    person.wait_for_item()
    assert shown(person) == item
    told = f"{suggested + 1} particles"
    person.page.get_by_text(told).first.wait_for()
    person.answer("Enter")
    person.wait_until_sent()

    points = labels_of(folder, "ice.querist")[item]["points"]
    assert len(points) == suggested + 1
    assert abs(points[-1][0] - (SIDE - 1) / 2) < 1
    querist(folder, "export", "ice.querist", "--format", "star", "--out", "picks.star")
    querist(folder, "new", "copy.querist", "ice", *task)
    querist(folder, "import", "copy.querist", "picks.star", "--format", "star")
    back = labels_of(folder, "copy.querist")[item]["points"]
    pairs = zip(sorted(points), sorted(back), strict=True)
    assert all(abs(a - b) <= 0.5 for one, other in pairs for a, b in zip(one, other, strict=True))
