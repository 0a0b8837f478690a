"""Labelling on a phone of 360 × 640: by taps under the thumb, nothing to scroll sideways, nobody kept out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_data import MOODS, SHAPES, write_reviews, write_shapes
from app_flow import shown
from app_page import Person, Scheme
from app_server import AppServer, labels_of, querist
from views_app import AXE

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
THUMB = 48
"""CSS pixels that a class must be high; the others have 44 at least."""
BOXES = "all => all.map((one) => one.getBoundingClientRect().toJSON())"


def served(serve: Callable[..., AppServer], folder: Path, kind: str) -> AppServer:
    data = write_reviews(folder / "data.csv") if kind == "text" else write_shapes(folder / "data")
    labels = MOODS if kind == "text" else SHAPES
    querist(folder, "new", "study.querist", data, "--labels", ",".join(labels), "--batch", 50)
    return serve(folder, "study.querist")


def axe(person: Person) -> list[str]:
    person.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = person.page.evaluate("axe.run().then((said) => said.violations)")
    return [f"{one['id']}: {one['help']} at {one['nodes'][0]['html']}" for one in found]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in ui/")
@pytest.mark.parametrize(("kind", "scheme"), [("text", "light"), ("image", "dark")])
def test_a_phone_is_enough(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path, kind: str, scheme: Scheme
) -> None:
    person = visit(served(serve, tmp_path, kind), scheme=scheme, **PHONE)
    person.wait_for_item()
    given = {}
    for _ in range(3):
        item = shown(person)
        choice = person.page.locator(".choice").last
        given[item] = choice.inner_text().strip()
        choice.tap()
        person.wait_for_next(item)
    person.wait_until_sent()
    assert labels_of(tmp_path, "study.querist") == given
    assert not person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    for selector, least in ((".choice", THUMB), (".other", 44), (".nav a", 40)):
        for box in person.page.locator(selector).evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().toJSON())"
        ):
            assert box["height"] >= least, selector
            assert box["right"] <= 360.5, selector
            assert selector != ".choice" or box["top"] > 320, "a class lies where no thumb reaches"
    assert axe(person) == []
    person.page.get_by_role("button", name="All keys").tap()
    person.page.wait_for_selector(".help")
    assert not person.page.evaluate("document.querySelector('.help').scrollWidth > innerWidth")
    assert axe(person) == []


def test_the_grid_leaves_room_for_its_tiles(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path
) -> None:
    labels = ",".join((*MOODS, "angry", "calm", "other"))
    querist(tmp_path, "new", "study.querist", write_reviews(tmp_path / "data.csv"), "--labels", labels)
    person = visit(serve(tmp_path, "study.querist"), "#/grid", **PHONE)
    person.page.wait_for_selector(".tile")
    assert person.page.evaluate("document.querySelector('.answers').getBoundingClientRect().top") > 320
    assert not person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    tile = person.page.locator(".tile").last
    tile.tap()
    assert tile.get_attribute("aria-selected") == "true"
    (box,) = tile.evaluate_all(BOXES)
    assert box["bottom"] <= person.page.locator(".answers").evaluate("one => one.getBoundingClientRect().top")
