"""Single pixels of a micrograph that is sent at a half: zoomed in, each is where it is and as large as it is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
from app_page import Person
from app_server import AppServer, querist
from numpy.typing import NDArray
from PIL import Image

pytestmark = pytest.mark.browser

SIDE = 2560
X, Y = 1901, 1222
"""The one bright pixel: the right one of its pair, and the upper one."""
TILE = f".view-image-tiles > img[src$='level=0&x={X // 512}&y={Y // 512}']"

FILTERS = "() => ['.view-image-table > img', '.view-image-tiles'].map((at) => document.querySelector(at).style.filter)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A study of a dark micrograph with one bright pixel, and a bright border that makes the contrast."""
    mrcfile = pytest.importorskip("mrcfile")
    folder = tmp_path_factory.mktemp("detail")
    values = np.random.default_rng(0).normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    values[:100] = 100
    values[Y, X] = 100
    (folder / "ice").mkdir()
    with mrcfile.new(folder / "ice" / "a.mrc") as file:
        file.set_data(values)
    task = ("--task", "particles(diameter=20)", "--no-suggestions")
    querist(folder, "new", "ice.querist", "ice", *task)
    server = AppServer(folder, ["ice.querist"]).start()
    yield server
    server.stop()


@pytest.fixture
def person(server: AppServer, visit: Callable[..., Person]) -> Person:
    """Somebody before that micrograph, which comes at half its size."""
    server.url = querist(server.folder, "label", "ice.querist", "--url", "--who", "ann").strip()
    person = visit(server)
    person.wait_for_item()
    half = f"() => document.querySelector('.view-image-table > img')?.naturalWidth === {SIDE // 2}"
    person.page.wait_for_function(half)
    return person


def place(person: Person) -> tuple[float, float, float]:
    """Give where the bright pixel's corner is on the screen, and how large an original pixel is there."""
    box = person.page.locator(".view-image-table > img").bounding_box()
    assert box
    scale = box["width"] / SIDE
    return box["x"] + X * scale, box["y"] + Y * scale, scale


def zoomed(person: Person, before: float) -> bool:
    return place(person)[2] > before


def zoom_to(person: Person, wanted: float) -> None:
    while place(person)[2] < wanted:
        left, top, scale = place(person)
        person.page.mouse.move(left + scale / 2, top + scale / 2)
        person.page.mouse.wheel(0, -300)
        person.until(partial(zoomed, person, scale), "the wheel did not zoom")


def bright(person: Person) -> tuple[float, float, float, float]:
    """Give the rectangle of all that is white in the picture: left, top, width, height."""
    table = person.page.locator(".view-image-table").bounding_box()
    assert table
    shot = person.page.screenshot(clip=table)
    grey: NDArray[np.uint8] = np.asarray(Image.open(io.BytesIO(shot)).convert("L"))
    rows, columns = np.nonzero(grey > 200)
    assert len(rows), "nothing is bright"
    corner = (float(columns.min()) + table["x"], float(rows.min()) + table["y"])
    return (*corner, float(np.ptp(columns)) + 1, float(np.ptp(rows)) + 1)


def test_a_single_pixel_is_seen_at_its_place_and_stays_there(person: Person) -> None:
    assert person.count(".view-image-tiles > img") == 0
    zoom_to(person, 8)
    person.page.locator(TILE).wait_for()
    left, top, scale = place(person)
    assert bright(person) == pytest.approx((left, top, scale, scale), abs=1)

    person.page.mouse.move(left + 60, top + 60)
    person.page.keyboard.down(" ")
    person.page.mouse.down()
    person.page.mouse.move(left + 10, top + 90, steps=4)
    moved = place(person)
    assert moved == pytest.approx((left - 50, top + 30, scale), abs=1)
    assert bright(person) == pytest.approx((*moved[:2], scale, scale), abs=1)
    person.page.mouse.up()
    person.page.keyboard.up(" ")

    person.press("Home")
    person.page.wait_for_function("() => document.querySelectorAll('.view-image-tiles > img').length === 0")


def test_light_and_window_are_those_of_the_picture_below(person: Person) -> None:
    zoom_to(person, 8)
    person.page.locator(TILE).wait_for()
    person.press("d")
    below, above = person.page.evaluate(FILTERS)
    assert below == above != ""
    person.press("r")
    assert person.page.evaluate(FILTERS) == ["", ""]

    person.press("q")
    person.page.locator(".view-image-told").filter(has_text="window").wait_for()
    with person.page.expect_response(lambda reply: "/api/tile/" in reply.url and "window=" in reply.url) as windowed:
        person.press("ArrowUp")
    assert windowed.value.status == 200
    source = person.page.locator(".view-image-table > img").get_attribute("src") or ""
    window = source.partition("?")[2]
    assert window.startswith("window=")
    person.page.locator(f".view-image-tiles > img[src$='x={X // 512}&y={Y // 512}&{window}']").wait_for()
    assert person.count(f".view-image-tiles > img:not([src*='{window}'])") == 0
