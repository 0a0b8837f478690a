"""Every view, by keys alone: an edit outlives a reload in its middle, is recorded as it stood; axe finds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_candidates import make_candidates, write_micrograph
from app_data import write_reviews, write_sentences, write_shapes
from app_flow import shown
from app_page import Person
from app_server import AppServer, labels_of, querist
from views_app import AXE

pytestmark = pytest.mark.browser

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Case:
    """How one view is edited by keys, and what that must mean. Without ``submit`` the last key answers at once."""

    view: str
    task: str
    labels: str
    edit: tuple[str, ...]
    says: Check
    submit: str | None = "Enter"


def _boxed(label: Any) -> bool:
    """A box of a fifth of the image in its middle, made, moved, made larger, named; the second one is removed again."""
    (box,) = label
    x, y, width, height = box["box"]
    return box["label"] == "b" and x > 96 * 0.4 and height > width and y == pytest.approx(96 * 0.4)


def _picked(label: Any) -> bool:
    """Two particles, the second moved; a third placed and removed again. What was on the screen has been searched."""
    first, second = sorted(label["points"])
    return second[0] > first[0] and second[1] == first[1] and len(label["searched"]) == 1 and label["diameter"] == 22


ARROWS = ("ArrowRight",) * 5
CASES = (
    Case("text", "multilabel", "a,b,c", ("1", "3", "2", "2"), lambda label: label == ["a", "c"]),
    Case("record", "multilabel", "a,b,c", ("3", "2"), lambda label: label == ["b", "c"]),
    Case("image", "multilabel", "a,b,c", ("+", "2", "1", "2"), lambda label: label == ["a"]),
    Case(
        "spans", "spans", "PER,LOC", ("Home", "ArrowRight", "Shift+ArrowRight", "2", "ArrowRight", "1"),
        lambda label: [span["label"] for span in label] == ["LOC", "PER"],
    ),
    Case(
        "boxes", "boxes", "a,b",
        ("i", *ARROWS, "Shift+ArrowDown", "Shift+ArrowDown", "2", "Escape", "i", "Delete"), _boxed,
    ),
    Case(
        "particles", "particles(diameter=20)", "",
        ("i", "Escape", "i", *ARROWS, "i", "Delete", "k", "v", "i", *ARROWS), _picked,
    ),
    Case("candidate", "classification", "", ("y",), lambda label: label == "particle", submit=None),
    Case("image", "classification", "0,1", ("1",), lambda label: str(label) == "1", submit=None),
)  # fmt: skip


def served(serve: Callable[..., AppServer], folder: Path, case: Case) -> AppServer:
    if case.view == "candidate":
        (folder / "ice").mkdir()
        write_micrograph(folder / "ice" / "mic.mrc")
        make_candidates(folder, "study.querist")
        return serve(folder, "study.querist")
    labels = ("--labels", case.labels) if case.labels else ()
    querist(
        folder, "new", "study.querist", written(folder, case.view), "--task", case.task, *labels, "--no-suggestions"
    )
    return serve(folder, "study.querist")


def written(folder: Path, view: str) -> Path:
    if view == "text":
        return write_reviews(folder / "reviews.csv", 30)
    if view == "spans":
        return write_sentences(folder / "people.jsonl", 30)
    if view != "record":
        return write_shapes(folder / "shapes", 24)
    rows = [f"p{number},{30 + number},{number % 7}" for number in range(30)]
    (folder / "table.csv").write_text("\n".join(["id,age,pain", *rows]), encoding="utf-8")
    return folder / "table.csv"


def settled(person: Person) -> None:
    person.wait_for_item()
    person.page.wait_for_function(
        "() => !document.querySelector('.view-image') || document.querySelector('.view-image-told').textContent"
    )


def begun(person: Person, item: str) -> Any:
    """Give what this browser keeps of an edit."""
    kept = person.page.evaluate("Object.entries(localStorage).find(([name]) => name.startsWith('querist-drafts'))?.[1]")
    return dict(json.loads(kept or "[]")).get(item)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in ui/")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.view}-{case.task.partition('(')[0]}")
def test_an_edit_by_keys_outlives_a_reload_and_keeps_nobody_out(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path, case: Case
) -> None:
    person = visit(served(serve, tmp_path, case), reduced_motion="reduce")
    settled(person)
    assert person.page.locator(f".stage-{case.view}").count() == 1
    item = shown(person)
    for key in case.edit:
        person.press(key)
    if case.submit is None:
        person.page.reload()
        settled(person)
    else:
        _reloaded(person, case, item)
        person.answer(case.submit)
    person.wait_until_sent()
    label = labels_of(tmp_path, "study.querist")[item]
    assert case.says(label), label
    _shows_its_keys(person, case.view)


def _reloaded(person: Person, case: Case, item: str) -> None:
    """Reload in the middle of the edit, look at the page meanwhile; what was begun is there as it was."""
    person.page.wait_for_timeout(50)
    edit = begun(person, item)
    assert case.says(edit), edit
    person.page.reload()
    settled(person)
    assert shown(person) == item
    assert begun(person, item) == edit
    person.page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        assert axe(person) == []


def _shows_its_keys(person: Person, view: str) -> None:
    settled(person)
    assert person.page.evaluate(BARE) == []
    person.press("?")
    person.page.wait_for_selector(".help")
    keys = person.page.evaluate("view => import(`/static/views/${view}.js`).then(({ keys }) => keys ?? [])", view)
    told = person.page.inner_text(".help")
    assert [one for one in keys if one["hint"] not in told] == []
    person.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert axe(person) == []


def axe(person: Person) -> list[str]:
    found = person.page.evaluate("axe.run().then((said) => said.violations)")
    return [f"{one['id']}: {one['help']} at {one['nodes'][0]['html']}" for one in found]


BARE = """() => [...document.querySelectorAll(".stage button, .answers button")]
    .filter((button) => button.checkVisibility() && !button.closest(".view-frames") && !button.querySelector("kbd"))
    .map((button) => button.textContent)"""
"""Buttons of the item and of the answers that do not show their key."""
