"""A view of somebody else's, alone on a page: the example of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from views_stage import ROOT, Stage, open_stage

pytestmark = pytest.mark.browser

STARS = ROOT / "examples" / "views" / "stars.js"
GRADES = {"labels": ["1", "2", "3", "4", "5"]}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        opened.files["/views/stars.js"] = ("text/javascript", STARS.read_bytes())
        yield opened


def show(stage: Stage, **props: Any) -> str:
    stage.show("/views/stars.js", {"text": "The soup was cold."}, schema=GRADES, **props)
    return stars(stage)


def stars(stage: Stage) -> str:
    return "".join(stage.page.locator(".stars-star").all_text_contents())


def test_stars_are_chosen_by_mouse_and_by_keys(stage: Stage) -> None:
    assert show(stage) == "☆☆☆☆☆"
    stage.page.get_by_role("radio", name="2").click()
    stage.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert stage.changes == ["2", "3", "4", "3"]
    assert stars(stage) == "★★★☆☆"


def test_an_answer_is_shown_and_can_change_outside(stage: Stage) -> None:
    assert show(stage, label="4") == "★★★★☆"
    stage.page.evaluate("window.mounted.set('1')")
    assert stars(stage) == "★☆☆☆☆"


def test_a_suggestion_does_not_look_like_an_answer(stage: Stage) -> None:
    assert show(stage, suggestion={"label": "2", "confidence": 0.7}) == "☆☆☆☆☆"
    assert stage.page.locator(".suggested").count() == 2


def test_it_leaves_nothing_behind(stage: Stage) -> None:
    show(stage)
    stage.page.evaluate("window.mounted.destroy()")
    stage.press("ArrowRight")
    assert stage.changes == []
    assert stage.page.evaluate("window.heard") == ["ArrowRight"]
