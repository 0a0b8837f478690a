"""Is this a particle? Patches round candidates, answered by Y and N, learnt from, exported, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_candidates import DIAMETER, PATCH, make_candidates, write_micrograph
from app_flow import label, shown, wait_for_suggestion
from app_page import Person
from app_server import AppServer, answers_of, labels_of, querist

pytestmark = pytest.mark.browser


@pytest.fixture
def discs(tmp_path: Path) -> dict[str, bool]:
    """A study of candidates in ``tmp_path``; gives by item whether it is a disc."""
    (tmp_path / "ice").mkdir()
    write_micrograph(tmp_path / "ice" / "mic.mrc")
    return make_candidates(tmp_path, "discs.querist")


def test_candidates_are_answered_by_one_key(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path, discs: dict[str, bool]
) -> None:
    person = visit(serve(tmp_path, "discs.querist"))
    person.wait_for_item()
    assert person.page.locator(".view-candidate-bar button").all_inner_texts() == ["Y particle", "N no"]

    def respond(person: Person, item: str) -> str:
        person.press("y" if discs[item] else "n")
        return "particle" if discs[item] else "no"

    given = label(person, respond, n=12)
    wait_for_suggestion(person)
    item = shown(person)
    person.page.locator(".view-candidate-bar button", has_text="no").click()
    person.wait_for_next(item)
    given[item] = "no"
    person.wait_until_sent()
    assert labels_of(tmp_path, "discs.querist") == given
    querist(tmp_path, "export", "discs.querist", "--format", "jsonl", "--out", "labels.jsonl")
    make_candidates(tmp_path, "copy.querist")
    querist(tmp_path, "import", "copy.querist", "labels.jsonl", "--format", "jsonl")
    assert answers_of(tmp_path, "copy.querist") == answers_of(tmp_path, "discs.querist")


def test_the_circle_lies_on_the_candidate(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path, discs: dict[str, bool]
) -> None:
    person = visit(serve(tmp_path, "discs.querist"))
    person.wait_for_item()
    page = person.page
    page.wait_for_function("() => document.querySelector('.view-image img')?.style.transform")
    page.wait_for_timeout(300)
    for key, painted in (("Shift", True), ("o", False), ("o", True)):
        person.press(key)
        page.wait_for_timeout(100)
        box = page.evaluate(PAINTED)
        assert (box is not None) == painted
        if box:
            left, top, right, bottom = box
            wide = (DIAMETER + 3 / page.evaluate(SCALE)) / PATCH
            assert (left + right) / 2 == pytest.approx(0.5 + 0.5 / PATCH, abs=0.02)
            assert (top + bottom) / 2 == pytest.approx(0.5 + 0.5 / PATCH, abs=0.02)
            assert right - left == pytest.approx(wide, abs=0.04)


SCALE = f"document.querySelector('.view-image img').getBoundingClientRect().width / {PATCH}"
PAINTED = """() => {
    const canvas = document.querySelector("canvas");
    const { width, height } = canvas;
    const dots = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let box = null;
    for (let at = 3; at < dots.length; at += 4) {
        if (dots[at] === 0) continue;
        const [x, y] = [((at - 3) / 4) % width, Math.floor((at - 3) / 4 / width)];
        box = box ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)] : [x, y, x, y];
    }
    if (!box) return null;
    const sheet = canvas.getBoundingClientRect();
    const image = document.querySelector(".view-image img").getBoundingClientRect();
    const scale = sheet.width / width;
    const across = (x) => (sheet.left + x * scale - image.left) / image.width;
    const down = (y) => (sheet.top + y * scale - image.top) / image.height;
    return [across(box[0]), down(box[1]), across(box[2] + 1), down(box[3] + 1)];
}"""
"""Where something is painted: left, top, right, bottom as parts of the sides of the picture; null when nothing is."""
