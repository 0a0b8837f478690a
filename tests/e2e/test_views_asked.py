"""The view of spans where a part of a text is asked: what is shown, and what the answer says was looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from views_stage import Stage, open_stage

TEXT = "💙 Tim Cook left Apple for Zürich"
ASKED = [[6, 15]]
"""``Cook left``: a stretch that cuts a name."""
TIM = {"start": 2, "end": 10, "label": "PER"}
APPLE = {"start": 16, "end": 21, "label": "ORG"}
SCHEMA = {"labels": ["PER", "ORG"]}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def shown(stage: Stage, kind: str) -> list[str]:
    return stage.page.locator(f".view-spans .view-text {kind}").all_text_contents()


def about(stage: Stage) -> str:
    return str(stage.page.inner_text("#view-spans-part")).split(".")[0]


def test_what_is_asked_is_underlined_and_the_rest_is_dim(stage: Stage) -> None:
    stage.show("spans", {"text": TEXT, "asked": ASKED}, schema=SCHEMA)
    assert (shown(stage, ".unasked"), shown(stage, ".asked")) == (["💙 Tim ", " Apple for Zürich"], ["Cook left"])
    assert about(stage) == "Only the underlined part is asked"
    stage.show("spans", {"text": TEXT}, schema=SCHEMA)
    assert (shown(stage, ".unasked"), shown(stage, ".asked")) == ([], [])
    assert not stage.page.is_visible("#view-spans-part")
    stage.press("e")
    assert stage.changes == []


def test_a_suggestion_shows_as_far_as_it_is_asked_and_all_of_it_on_e(stage: Stage) -> None:
    suggestion = {"label": [TIM, APPLE], "confidence": 0.9}
    stage.show("spans", {"text": TEXT, "asked": ASKED}, schema=SCHEMA, suggestion=suggestion)
    assert shown(stage, "mark") == ["Tim Cook"]
    stage.press("e")
    assert (shown(stage, "mark"), shown(stage, ".unasked")) == (["Tim Cook", "Apple"], [])
    assert about(stage) == "You answer for all of the text"
    stage.press("e")
    assert stage.changes == [[TIM, APPLE], {"spans": [TIM], "asked": ASKED}]


def test_a_span_outside_brings_its_stretch_and_undo_takes_it_away(stage: Stage) -> None:
    stage.show("spans", {"text": TEXT, "asked": ASKED}, schema=SCHEMA)
    for _ in range(5):
        stage.press("ArrowRight")
    assert shown(stage, ".chosen") == ["Apple"]
    stage.press("2", "z")
    assert stage.changes == [{"spans": [APPLE], "asked": [*ASKED, [16, 21]]}, {"spans": [], "asked": ASKED}]


def test_an_answer_that_stands_says_itself_what_was_looked_at(stage: Stage) -> None:
    stage.show("spans", {"text": TEXT}, schema=SCHEMA, label={"spans": [TIM], "asked": [[2, 15]]})
    assert (shown(stage, "mark"), shown(stage, ".unasked")) == (["Tim Cook"], ["💙 ", " Apple for Zürich"])
    stage.show("spans", {"text": TEXT, "asked": ASKED}, schema=SCHEMA, label=[TIM])
    assert (shown(stage, "mark"), shown(stage, ".unasked")) == (["Tim Cook"], [])
