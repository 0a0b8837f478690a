"""The whole way of a study: made in the browser, labelled by keyboard, learnt from, exported, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app_page import Person
from app_server import answers_of, labels_of, querist

LABELS = 20


def make_study(person: Person, *, data: str, labels: tuple[str, ...], task: str = "classification") -> None:
    """Make a study of what lies under the root: an upload is another test."""
    page = person.page
    page.get_by_role("button", name=data).click()
    if page.get_by_role("button", name="Use this folder").is_visible():
        page.get_by_role("button", name="Use this folder").click()
    finish_study(person, labels=labels, task=task)


def finish_study(person: Person, *, labels: tuple[str, ...], task: str = "classification") -> None:
    """Fill in the rest of the page, once the data are chosen."""
    page = person.page
    page.get_by_text("Choose other data").wait_for()
    page.locator(f"input[name=task][value={task}]").check()
    page.get_by_label("Classes, one a line").fill("\n".join(labels))
    page.get_by_text("Model and strategy").click()
    page.get_by_label("Answers between models").fill("8")
    page.get_by_role("button", name="Make the study and label").click()
    person.wait_for_item()


def label(person: Person, respond: Callable[[Person, str], Any], n: int = LABELS) -> dict[str, Any]:
    """Answer ``n`` items; ``respond`` presses the keys for one and says what it meant. Gives the answers by item."""
    given = {}
    for _ in range(n):
        item = shown(person)
        given[item] = respond(person, item)
        person.wait_for_next(item)
    return given


def shown(person: Person) -> str:
    """Give the id of the item on the screen."""
    return str(person.page.get_attribute(".stage[data-item]", "data-item"))


def wait_for_suggestion(person: Person) -> None:
    """Wait for a model, then go on until an item comes that was fetched since."""
    person.page.wait_for_function("() => /model v([2-9]|\\d\\d)/.test(document.querySelector('.facts')?.textContent)")
    person.until(lambda: _suggested(person), "no item came with a suggestion")


def _suggested(person: Person) -> bool:
    if person.count(".says-label"):
        return True
    person.answer("s")
    person.page.wait_for_timeout(200)
    return False


def export(person: Person, folder: Path) -> Path:
    """Save the labels as JSONL from the status page."""
    person.wait_until_sent()
    page = person.page
    page.get_by_role("link", name="Status").click()
    page.locator(".exchange select").select_option("jsonl")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export").click()
    path = folder / "labels.jsonl"
    downloading.value.save_as(path)
    return path


def reads_back(folder: Path, study: str, exported: Path, new: tuple[object, ...]) -> dict[str, Any]:
    """Import an export into a study of the same data, and give its labels; its answers must be those of the first."""
    querist(folder, "new", "copy.querist", *new)
    querist(folder, "import", "copy.querist", exported, "--format", "jsonl")
    assert answers_of(folder, "copy.querist") == answers_of(folder, study)
    return labels_of(folder, "copy.querist")
