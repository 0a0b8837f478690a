"""Every action by its key: what the screen shows, and what the study holds afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from app_data import MOODS, write_reviews
from app_flow import shown
from app_page import Person
from app_server import AppServer, answers_of, labels_of, querist

pytestmark = pytest.mark.browser

IN_STRIP = 16
"""Answers that the strip shows at most."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """One study for the module, large enough that each test has items of its own; it never trains by itself."""
    folder = tmp_path_factory.mktemp("keys")
    write_reviews(folder / "reviews.csv", n=400)
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "400")
    server = AppServer(folder, ["reviews.querist"]).start()
    yield server
    server.stop()


@pytest.fixture
def ann(server: AppServer, visit: Callable[..., Person], browser: Any) -> Person:
    server.url = querist(server.folder, "label", "reviews.querist", "--url", "--who", "ann").strip()
    person = visit(server)
    person.wait_for_item()
    return person


def answers(person: Person) -> dict[str, list[dict[str, Any]]]:
    person.wait_until_sent()
    return answers_of(person.server.folder, "reviews.querist")


def test_numbers_answer_and_the_strip_shows_them(ann: Person) -> None:
    before, first = ann.answered, shown(ann)
    ann.answer("2")
    ann.answer("3")
    assert ann.answered == min(before + 2, IN_STRIP)
    assert ann.page.locator(".answered").first.get_attribute("title") == "mixed"
    ann.wait_until_sent()
    assert labels_of(ann.server.folder, "reviews.querist")[first] == "bad"


def test_a_number_without_a_class_does_nothing(ann: Person) -> None:
    item, before = shown(ann), ann.answered
    ann.press("9")
    ann.page.wait_for_timeout(100)
    assert (shown(ann), ann.answered) == (item, before)


def test_a_held_key_answers_once(ann: Person) -> None:
    before = ann.answered
    ann.page.keyboard.down("1")
    for _ in range(5):
        ann.page.keyboard.down("1")
    ann.page.keyboard.up("1")
    ann.page.wait_for_timeout(100)
    assert ann.answered == min(before + 1, IN_STRIP)


def test_undo_and_redo_go_across_items(ann: Person) -> None:
    items = []
    for key in "123":
        items.append(shown(ann))
        ann.answer(key)
    fourth = shown(ann)
    for item in reversed(items):
        ann.answer("z")
        assert shown(ann) == item
    assert ann.page.locator('.choice[aria-pressed="true"]').inner_text().split() == ["1", "good"]
    assert not any(item in labels_of_now(ann) for item in items)
    for following in [*items[1:], fourth]:
        ann.answer("Shift+Z")
        assert shown(ann) == following
    assert [labels_of_now(ann)[item] for item in items] == list(MOODS)


def labels_of_now(person: Person) -> dict[str, Any]:
    person.wait_until_sent()
    return labels_of(person.server.folder, "reviews.querist")


def test_another_answer_after_undo_replaces_the_first(ann: Person) -> None:
    item = shown(ann)
    ann.answer("1")
    ann.answer("z")
    ann.answer("2")
    assert labels_of_now(ann)[item] == "bad"
    ann.press("Shift+Z")
    ann.page.wait_for_timeout(100)
    assert labels_of_now(ann)[item] == "bad"


def test_skip_and_unsure_are_stored_answers(ann: Person) -> None:
    skipped = shown(ann)
    ann.answer("s")
    unsure = shown(ann)
    ann.answer("u")
    found = answers(ann)
    assert (found[skipped][-1]["status"], found[unsure][-1]["status"]) == ("skipped", "unsure")


def test_flag_and_comment_stay_with_the_item(ann: Person) -> None:
    item = shown(ann)
    ann.press("f")
    ann.press("c")
    ann.page.keyboard.type("half of it is cut off; 1 2 3 are letters here")
    ann.press("Enter")
    assert ann.page.locator(".mark").all_inner_texts() == ["flagged", "comment"]
    assert shown(ann) == item
    ann.wait_until_sent()
    ann.answer("1")
    ann.wait_until_sent()
    ann.page.reload()
    ann.wait_for_item()
    ann.page.locator(".answered").first.click()
    ann.page.wait_for_selector(f'.stage[data-item="{item}"]')
    assert ann.page.locator(".mark").all_inner_texts() == ["flagged", "comment"]


def test_a_pressed_answer_in_the_strip_can_be_changed(ann: Person) -> None:
    item = shown(ann)
    ann.answer("1")
    ann.answer("1")
    ann.page.locator(".answered").nth(1).click()
    ann.page.wait_for_selector(f'.stage[data-item="{item}"]')
    ann.answer("3")
    assert labels_of_now(ann)[item] == "mixed"


def test_why_guidelines_and_help_open_and_close(ann: Person) -> None:
    ann.press("w")
    ann.page.wait_for_selector(".aside .pairs")
    assert "maxherding" in ann.page.inner_text(".aside")
    ann.press("Escape")
    assert ann.count(".aside") == 0
    ann.press("?")
    assert "take back the last answer" in ann.page.inner_text(".help")
    before = ann.answered
    ann.press("1")
    ann.press("Escape")
    ann.page.wait_for_selector(".help", state="detached")
    assert ann.answered == before


def test_a_key_is_changed_where_all_keys_stand(ann: Person) -> None:
    ann.press("?")
    skip = ann.page.get_by_role("button", name="change the key of Skip")
    skip.click()
    ann.press("u")
    assert "U is “Unsure”" in ann.page.inner_text(".help-told")
    ann.press(";")
    assert ann.page.inner_text(".help-told") == "“Skip” is ;."
    ann.press("Escape")
    ann.page.wait_for_selector(".help", state="detached")
    ann.page.reload()
    ann.wait_for_item()
    assert ann.page.locator(".other", has_text="skip").inner_text().split() == [";", "skip"]
    item = shown(ann)
    ann.press("s")
    ann.page.wait_for_timeout(100)
    assert shown(ann) == item
    ann.answer(";")
    assert answers(ann)[item][-1]["status"] == "skipped"
    ann.press("?")
    ann.page.get_by_role("button", name="All keys as they were").click()
    ann.press("Escape")
    ann.page.wait_for_selector(".help", state="detached")
    ann.answer("s")


def test_guidelines_are_written_in_place_and_stay(ann: Person) -> None:
    ann.press("g")
    ann.page.get_by_role("button", name="Write guidelines").click()
    ann.page.get_by_label("Guidelines", exact=True).last.fill("# Mood\n- **strong** words decide <b>&</b>")
    ann.page.get_by_role("button", name="Save").click()
    ann.page.wait_for_selector(".aside strong")
    ann.page.reload()
    ann.wait_for_item()
    ann.press("g")
    ann.page.wait_for_selector(".aside li")
    assert ann.page.inner_text(".aside li") == "strong words decide <b>&</b>"


def test_a_click_answers_and_enter_does_not_press_it_again(ann: Person) -> None:
    before = ann.answered
    ann.page.locator(".choice").first.click()
    ann.press("Enter")
    ann.page.wait_for_timeout(100)
    assert ann.answered == min(before + 1, IN_STRIP)


def test_a_class_is_found_by_a_part_of_its_name(ann: Person) -> None:
    item = shown(ann)
    ann.press("/")
    ann.page.keyboard.type("mix")
    ann.answer("Enter")
    assert labels_of_now(ann)[item] == "mixed"


def test_the_last_answers_are_there_after_a_reload(ann: Person) -> None:
    item = shown(ann)
    ann.answer("2")
    ann.wait_until_sent()
    ann.page.reload()
    ann.wait_for_item()
    ann.page.wait_for_selector(".answered")
    ann.answer("z")
    assert shown(ann) == item


def test_one_window_at_a_time(ann: Person) -> None:
    second = ann.new_page()
    second.goto(ann.server.origin)
    second.get_by_role("button", name="Label here instead").click()
    second.wait_for_selector(".stage[role=region]")
    ann.page.get_by_text("open in another window").wait_for()


def test_nothing_in_a_text_is_markup(ann: Person) -> None:
    assert ann.page.evaluate("document.querySelectorAll('.stage b, .stage script').length") == 0
