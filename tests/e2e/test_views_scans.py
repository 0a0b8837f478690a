"""The window of a scan, the frames about an item: what is asked of the server, what is shown, what stays the item's."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from views_app import AXE
from views_stage import Stage, open_stage

pytestmark = pytest.mark.browser

LEVELS = {"low": -1000, "high": 3000, "centre": 40, "width": 400, "warning": "text is burnt into these pixels"}
FRAMES = [{"id": "item-1" if n == 2 else f"frame-{n}", "image": f"/api/media/frame-{n}"} for n in range(5)]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        for n in range(5):
            file = io.BytesIO()
            Image.new("L", (200, 100), 40 * n + 20).save(file, "PNG")
            opened.files[f"/api/media/frame-{n}"] = ("image/png", file.getvalue())
        opened.files["/api/levels/frame-2"] = ("application/json", json.dumps(LEVELS).encode())
        yield opened


def show(stage: Stage, view: str = "image", **more: Any) -> None:
    data = {"image": "/api/media/frame-2", "width": 200, "height": 100, "levels": "/api/levels/frame-2"}
    stage.asked.clear()
    stage.show(view, {**data, "scan": True, "frames": FRAMES, **more.pop("data", {})}, **more)
    stage.page.wait_for_selector(".view-image-told:not(:empty)")


def source(stage: Stage) -> str:
    return str(stage.page.locator(".view-image-table > img").get_attribute("src"))


def windows(stage: Stage) -> list[tuple[float, float]]:
    """The windows that the server was asked for."""
    pairs = [url.partition("?window=")[2].split(",") for url in stage.asked if "?window=" in url]
    return [(float(centre), float(width)) for centre, width in pairs]


def test_arrows_turn_the_window_and_r_brings_it_back(stage: Stage) -> None:
    show(stage)
    stage.press("q")
    stage.page.get_by_text("window 40, width 400").wait_for()
    stage.press("ArrowRight", "ArrowDown")
    stage.page.wait_for_function(f"() => {SOURCE}.includes('?window=')")
    stage.page.wait_for_function("() => !document.querySelector('.view-image-told').textContent.includes('width 400:')")
    centre, width = windows(stage)[-1]
    assert width > 400
    assert centre <= 40
    stage.press("r")
    stage.page.wait_for_function(f"() => !{SOURCE}.includes('?window=')")
    stage.press("Escape", "+", "+", "ArrowRight")
    assert "window" not in stage.page.locator(".view-image-told").inner_text()


SOURCE = "document.querySelector('.view-image-table > img').getAttribute('src')"


def test_a_drag_turns_the_window_and_moves_nothing(stage: Stage) -> None:
    show(stage, "boxes", schema={"labels": ["a"]})
    stage.press("q")
    stage.page.get_by_text("window 40, width 400").wait_for()
    box = stage.page.locator(".view-image-table").bounding_box()
    assert box
    stage.page.mouse.move(box["x"] + 100, box["y"] + 100)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    stage.page.mouse.up()
    stage.page.wait_for_function(f"() => {SOURCE}.includes('?window=')")
    centre, width = windows(stage)[-1]
    assert width > 400
    assert centre > 40
    assert stage.changes == []


def test_the_warning_of_a_scan_is_shown_and_other_images_are_not_asked_about(stage: Stage) -> None:
    show(stage)
    stage.page.get_by_text("text is burnt into these pixels").wait_for()
    show(stage, data={"scan": False})
    assert not any("/api/levels/" in url for url in stage.asked)
    assert stage.page.locator(".view-image-warning").is_hidden()


def test_frames_before_and_after_by_keys_wheel_and_click(stage: Stage) -> None:
    show(stage)
    thumbs = stage.page.locator(".view-frames button")
    assert thumbs.all_inner_texts() == ["2 before", "1 before", "this item", "1 after", "2 after"]
    stage.press("PageDown")
    assert source(stage) == "/api/media/frame-3"
    assert "1 after the item" in stage.page.locator(".view-image-told").inner_text()
    stage.press("PageUp", "PageUp")
    assert source(stage) == "/api/media/frame-1"
    stage.page.keyboard.down("Shift")
    stage.page.locator(".view-image-table").hover()
    stage.page.mouse.wheel(0, -100)
    stage.page.wait_for_function(f"() => {SOURCE}.endsWith('frame-0')")
    stage.page.keyboard.up("Shift")
    thumbs.filter(has_text="this item").click()
    assert source(stage) == "/api/media/frame-2"


def test_marks_belong_to_the_item_and_not_to_the_frame_looked_at(stage: Stage) -> None:
    show(stage, "boxes", schema={"labels": ["a"]}, label=[{"label": "a", "box": [10, 10, 50, 50]}])
    stage.press("PageDown")
    assert not stage.page.locator("canvas").is_visible()
    box = stage.page.locator(".view-image-table").bounding_box()
    assert box
    stage.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 40, steps=3)
    stage.page.mouse.up()
    assert source(stage) == "/api/media/frame-2"
    assert stage.changes == []
    assert stage.page.locator("canvas").is_visible()


def test_an_image_alone_has_no_strip(stage: Stage) -> None:
    show(stage, data={"frames": []})
    assert stage.page.locator(".view-frames").is_hidden()
    stage.press("PageDown")
    assert stage.page.evaluate("window.heard").count("PageDown") == 1


def test_nothing_in_the_view_keeps_anybody_out(stage: Stage) -> None:
    show(stage)
    stage.press("q")
    stage.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    run = "axe.run('#host').then((said) => said.violations.map((one) => one.id + one.nodes[0].html))"
    assert stage.page.evaluate(run) == []
