"""Boxes on a real smear of blood: drawn, moved, named and removed by mouse and by keys, in pixels of the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from views_app import AXE
from views_stage import ROOT, Stage, open_stage

CELLS = ROOT.parent / "shared" / "data" / "medical_bccd" / "JPEGImages"
SCHEMA = {"labels": ["RBC", "WBC", "Platelets"]}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    if not CELLS.is_dir():
        pytest.skip("NO DATA at ../shared/data/medical_bccd: boxes are not tested on real images")
    with open_stage() as opened:
        opened.files["/api/media/cells"] = ("image/jpeg", (CELLS / "BloodImage_00000.jpg").read_bytes())
        yield opened


class Cells:
    """An image of cells on the stage, with hands that know where its pixels are."""

    def __init__(self, stage: Stage, **props: Any) -> None:
        self.stage, self.page = stage, stage.page
        stage.show("boxes", {"image": "/api/media/cells", "width": 640, "height": 480}, **{"schema": SCHEMA, **props})
        stage.page.wait_for_selector(".view-image-told:not(:empty)")
        stage.page.wait_for_function("() => document.querySelector('.view-image img').complete")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Give the place on the screen of a pixel of the file."""
        box = self.page.locator(".view-image img").bounding_box()
        assert box
        return box["x"] + x * box["width"] / 640, box["y"] + y * box["height"] / 480

    def drag(self, start: tuple[float, float], end: tuple[float, float], key: str | None = None) -> None:
        mouse = self.page.mouse
        if key:
            self.page.keyboard.down(key)
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at(*end), steps=3)
        mouse.up()
        if key:
            self.page.keyboard.up(key)

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def press(self, *keys: str) -> None:
        self.stage.press(*keys)

    @property
    def boxes(self) -> list[tuple[str, list[float]]]:
        """The boxes as they were last told."""
        return [(box["label"], box["box"]) for box in self.stage.changes[-1]]

    @property
    def said(self) -> str:
        return self.page.locator(".view-marks > [aria-live]").text_content() or ""


def near(box: list[float], *wanted: float) -> bool:
    """Within a pixel of the screen, which here is about a pixel of the file."""
    return all(abs(side - want) <= 2 for side, want in zip(box, wanted, strict=True))


def test_a_drag_draws_a_box_in_pixels_of_the_file(stage: Stage) -> None:
    cells = Cells(stage)
    cells.press("2")
    cells.drag((260, 180), (420, 330))
    label, box = cells.boxes[0]
    assert label == "WBC"
    assert near(box, 260, 180, 160, 150)


def test_a_drag_inside_moves_and_at_a_corner_resizes(stage: Stage) -> None:
    cells = Cells(stage)
    cells.drag((100, 100), (200, 180))
    cells.drag((150, 140), (170, 150))
    assert near(cells.boxes[0][1], 120, 110, 100, 80)
    cells.drag((220, 190), (260, 210))
    assert near(cells.boxes[0][1], 120, 110, 140, 100)
    cells.drag((120, 160), (90, 160))
    assert near(cells.boxes[0][1], 90, 110, 170, 100)


def test_a_box_is_cut_at_the_border_of_the_image(stage: Stage) -> None:
    cells = Cells(stage)
    cells.drag((600, 440), (700, 520))
    box = cells.boxes[0][1]
    assert near(box, 600, 440, 40, 40)
    assert (box[0] + box[2], box[1] + box[3]) == (640, 480)


def test_a_zoomed_image_gives_the_same_places(stage: Stage) -> None:
    cells = Cells(stage)
    cells.press("+", "+", "+", "+")
    cells.drag((300, 220), (340, 260))
    assert near(cells.boxes[0][1], 300, 220, 40, 40)


def test_space_and_drag_moves_the_image_and_draws_nothing(stage: Stage) -> None:
    cells = Cells(stage)
    cells.press("+", "+", "+")
    before = cells.at(0, 0)
    cells.drag((320, 240), (350, 240), key=" ")
    assert cells.at(0, 0)[0] > before[0] + 10
    assert stage.changes == []


def test_overlapping_boxes_are_reached_by_clicks_and_by_tab(stage: Stage) -> None:
    given = [{"label": "RBC", "box": [100, 100, 200, 200]}, {"label": "WBC", "box": [150, 150, 50, 50]}]
    cells = Cells(stage, label=given)
    cells.click(170, 170)
    assert "WBC" in cells.said
    cells.click(170, 170)
    assert "RBC" in cells.said
    cells.press("Escape", "Tab")
    assert "RBC at 100, 100, 200 by 200 pixels, 1 of 2" in cells.said
    cells.press("Tab")
    assert "WBC" in cells.said
    cells.press("Delete")
    assert [label for label, _ in cells.boxes] == ["RBC"]


def test_by_keys_alone(stage: Stage) -> None:
    cells = Cells(stage)
    cells.press("i", "3", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp")
    label, moved = cells.boxes[0]
    start = stage.changes[0][0]["box"]
    assert label == "Platelets"
    assert moved[0] > start[0]
    assert moved[1] > start[1]
    assert moved[2] > start[2]
    assert moved[3] < start[3]
    cells.press("z", "z", "z")
    assert cells.boxes == [("RBC", start)]
    cells.press("Shift+Z", "Shift+Z", "Shift+Z")
    assert cells.boxes == [("Platelets", moved)]


def test_what_it_does_not_use_is_left_to_the_app(stage: Stage) -> None:
    cells = Cells(stage)
    cells.press("z", "Enter", "s", "Delete", "9", ",")
    assert stage.page.evaluate("window.heard") == ["z", "Enter", "s", "Delete", "9", ","]
    assert stage.changes == []


SUGGESTED = [{"label": "RBC", "box": [100, 100, 90, 90]}, {"label": "WBC", "box": [300, 200, 120, 120]}]
SEEN = [
    {"label": "RBC", "score": 0.9, "place": [100, 100, 90, 90]},
    {"label": "WBC", "score": 0.6, "place": [300, 200, 120, 120]},
    {"label": "RBC", "score": 0.2, "place": [500, 300, 80, 80]},
]


def test_the_threshold_shows_more_or_fewer_and_that_is_the_answer(stage: Stage) -> None:
    cells = Cells(stage, suggestion={"label": SUGGESTED, "confidence": 0.5, "seen": SEEN})
    slider = stage.page.get_by_label("model at least")
    assert slider.input_value() == "0.5"
    cells.press(".", ".", ".")
    assert [label for label, _ in cells.boxes] == ["RBC"]
    slider.fill("0.1")
    assert len(cells.boxes) == 3
    stage.page.evaluate("(label) => window.mounted.set(label)", SUGGESTED)
    assert len(cells.boxes) == 3
    assert slider.is_hidden()


def test_taking_over_a_suggestion_makes_it_the_persons(stage: Stage) -> None:
    cells = Cells(stage, suggestion={"label": SUGGESTED, "confidence": 0.5, "seen": None})
    dashed = painted(cells)
    stage.page.evaluate("(label) => window.mounted.set(label)", SUGGESTED)
    assert cells.boxes == [("RBC", [100, 100, 90, 90]), ("WBC", [300, 200, 120, 120])]
    stage.page.wait_for_timeout(100)
    assert painted(cells) > dashed * 1.2


def painted(cells: Cells) -> int:
    """Count the pixels of the layer that are drawn on."""
    cells.page.wait_for_timeout(100)
    shot = Image.open(io.BytesIO(cells.page.evaluate(LAYER).encode("latin-1")))
    return int(np.count_nonzero(np.asarray(shot)[..., 3]))


LAYER = """() => atob(document.querySelector("canvas").toDataURL("image/png").split(",")[1])"""


def test_nothing_in_the_view_keeps_anybody_out(stage: Stage) -> None:
    Cells(stage, suggestion={"label": SUGGESTED, "confidence": 0.5, "seen": SEEN})
    stage.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    run = "axe.run('#host').then((said) => said.violations.map((one) => one.id + one.nodes[0].html))"
    assert stage.page.evaluate(run) == []
