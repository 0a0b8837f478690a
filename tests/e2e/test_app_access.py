"""Everyone can use it: axe finds nothing, keys alone suffice, nothing breaks at 200 % or without motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_data import MOODS, write_reviews, write_sentences, write_shapes
from app_page import Person
from app_server import AppServer, querist

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => {
    const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] });
    const told = (node) => `${node.html} ${node.failureSummary}`;
    return found.violations.map((one) => `${one.id}: ${one.nodes.map(told).join(" | ")}`);
}"""
Visit = Callable[..., Person]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    write_reviews(folder / "reviews.csv")
    write_sentences(folder / "people.jsonl")
    write_shapes(folder / "shapes")
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS))
    querist(folder, "new", "people.querist", "people.jsonl", "--task", "spans", "--labels", "PER,LOC")
    querist(folder, "new", "shapes.querist", "shapes", "--labels", "disc,square")
    return folder


@pytest.fixture(scope="module")
def open_study(folder: Path) -> Iterator[Callable[[str], AppServer]]:
    """Serve a study of the module, once; each call makes a fresh link."""
    servers: dict[str, AppServer] = {}

    def serve(name: str) -> AppServer:
        if name not in servers:
            arguments = [f"{name}.querist"] if name else ["--root", folder]
            servers[name] = AppServer(folder, arguments).start()
        elif name:
            servers[name].url = querist(folder, "label", f"{name}.querist", "--url", "--who", "ann").strip()
        return servers[name]

    yield serve
    for server in servers.values():
        server.stop()


def violations(person: Person) -> list[str]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run make ui")
    # Through the debugger, not as a script of the page: its policy rightly refuses scripts from elsewhere.
    person.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = person.page.evaluate(FOUND)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["reviews", "people", "shapes"])
def test_axe_finds_nothing_while_labelling(open_study: Any, visit: Visit, name: str, scheme: str) -> None:
    person = visit(open_study(name), scheme=scheme)
    person.wait_for_item()
    assert violations(person) == []
    for key in ("w", "g", "?"):
        person.press(key)
        person.page.wait_for_selector(".aside, .help")
        assert violations(person) == [], key
        person.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_status_page(open_study: Any, visit: Visit, scheme: str) -> None:
    person = visit(open_study("reviews"), "#/status", scheme=scheme)
    person.page.wait_for_selector(".exchange")
    assert violations(person) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_a_new_study(folder: Path, serve: Any, visit: Visit, scheme: str) -> None:
    person = visit(serve(folder, "--root", folder), "#/new", scheme=scheme)
    person.page.wait_for_selector(".browse li")
    assert violations(person) == []


def test_the_tab_key_reaches_every_control_and_enter_presses_it(open_study: Any, visit: Visit) -> None:
    person = visit(open_study("reviews"))
    person.wait_for_item()
    names = set()
    for _ in range(40):
        person.press("Tab")
        names.add(person.page.evaluate("document.activeElement.innerText?.trim().replace(/\\s+/g, ' ')"))
    assert {"1 good", "2 bad", "3 mixed", "S skip", "U unsure", "guidelines G"} <= names
    person.page.locator(".choice").nth(1).focus()
    before = person.answered
    person.answer("Enter")
    assert person.page.locator(".answered").first.get_attribute("title") == "bad"
    assert person.answered == before + 1


def test_actions_are_said_to_screen_readers(open_study: Any, visit: Visit) -> None:
    person = visit(open_study("reviews"))
    person.wait_for_item()
    person.answer("1")
    assert "good" in person.page.inner_text(".notices [role=status]")


@pytest.mark.parametrize("size", [(640, 400), (640, 512), (360, 740)])
def test_nothing_is_cut_off_at_200_percent(open_study: Any, visit: Visit, size: tuple[int, int]) -> None:
    """A window of 1280 × 800 at 200 % has 640 × 400 CSS pixels."""
    width, height = size
    person = visit(open_study("reviews"), viewport={"width": width, "height": height})
    person.wait_for_item()
    assert person.page.evaluate("document.documentElement.scrollWidth") <= width
    person.page.locator(".choice").last.scroll_into_view_if_needed()
    assert person.page.locator(".choice").last.is_visible()
    person.answer("1")


def test_reduced_motion_stops_every_animation(open_study: Any, visit: Visit) -> None:
    person = visit(open_study("reviews"), reduced_motion="reduce")
    person.wait_for_item()
    person.answer("1")
    seconds = person.page.evaluate("getComputedStyle(document.querySelector('.answered')).animationDuration")
    assert seconds in ("0s", "0ms")


def test_the_theme_follows_the_system_and_can_be_chosen(open_study: Any, visit: Visit) -> None:
    person = visit(open_study("reviews"), scheme="dark")
    person.wait_for_item()
    page = "getComputedStyle(document.documentElement).backgroundColor"
    assert person.page.evaluate(page) == "rgb(22, 22, 21)"
    person.page.get_by_role("button", name="Theme: as the system").click()
    assert person.page.evaluate(page) == "rgb(251, 251, 250)"
    person.page.reload()
    person.wait_for_item()
    assert person.page.evaluate(page) == "rgb(251, 251, 250)"
