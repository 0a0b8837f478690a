"""Boxes on real smears of blood, from the first drag to the export: server, trainer and Chromium are real."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_flow import export, label, reads_back, shown, wait_for_suggestion
from app_page import Person
from app_server import AppServer, labels_of, querist

pytestmark = pytest.mark.browser

CELLS = Path(__file__).parents[3] / "shared" / "data" / "medical_bccd" / "JPEGImages"
LABELS = "RBC,WBC,Platelets"
LEARNER = "detector(size=(160,120),epochs=1,steps=8)"

Serve = Callable[..., AppServer]
Visit = Callable[..., Person]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not CELLS.is_dir():
        pytest.skip("NO DATA at ../shared/data/medical_bccd: boxes are not tested on real images")
    (tmp_path / "cells").mkdir()
    for path in sorted(CELLS.iterdir())[:12]:
        shutil.copyfile(path, tmp_path / "cells" / path.name)
    return tmp_path


def draw(person: Person, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag from one pixel of the file to another."""
    person.page.wait_for_function("() => document.querySelector('.view-image img')?.style.transform")
    box = person.page.locator(".view-image img").bounding_box()
    assert box
    mouse, scale = person.page.mouse, box["width"] / 640
    mouse.move(box["x"] + start[0] * scale, box["y"] + start[1] * scale)
    mouse.down()
    mouse.move(box["x"] + end[0] * scale, box["y"] + end[1] * scale, steps=2)
    mouse.up()


def test_a_half_drawn_image_outlives_a_reload_and_is_recorded_once(serve: Serve, visit: Visit, folder: Path) -> None:
    querist(folder, "new", "cells.querist", "cells", "--task", "boxes", "--labels", LABELS, "--batch", 50)
    person = visit(serve(folder, "cells.querist"))
    person.wait_for_item()
    item = shown(person)
    person.press("2")
    draw(person, (200, 160), (320, 280))
    person.press("1")
    draw(person, (40, 50), (140, 150))
    person.page.reload()
    person.wait_for_item()
    assert shown(person) == item
    assert "2 × RBC" in person.page.locator(".enter-hint").inner_text()
    person.answer("Enter")
    person.wait_until_sent()
    boxes = labels_of(folder, "cells.querist")[item]
    assert [box["label"] for box in boxes] == ["RBC", "RBC"]
    assert all(abs(a - b) < 2 for a, b in zip(boxes[0]["box"], (200, 160, 120, 120), strict=True))
    person.press("z")
    person.page.wait_for_function("item => document.querySelector('.stage')?.dataset.item === item", arg=item)
    assert "2 × RBC" in person.page.locator(".enter-hint").inner_text()


@pytest.mark.slow
def test_boxes_from_the_first_drag_to_the_export(serve: Serve, visit: Visit, folder: Path) -> None:
    task = ("--task", "boxes", "--labels", LABELS)
    querist(folder, "new", "cells.querist", "cells", *task, "--learner", LEARNER, "--batch", 4)
    person = visit(serve(folder, "cells.querist"))
    person.wait_for_item()

    def respond(person: Person, item: str) -> list[dict[str, Any]]:
        draw(person, (100, 100), (220, 200))
        person.press("2")
        person.press("Enter")
        return [{"label": "WBC", "box": [100, 100, 120, 100]}]

    given = label(person, respond, n=4)
    wait_for_suggestion(person)
    exported = export(person, folder)
    labels = reads_back(folder, "cells.querist", exported, ("cells", *task))
    assert set(labels) == set(given)
    for item, (box,) in given.items():
        (found,) = labels[item]
        assert found["label"] == box["label"]
        assert all(abs(a - b) < 2 for a, b in zip(found["box"], box["box"], strict=True))
