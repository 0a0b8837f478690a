"""The review queues and the grid by keyboard alone, in Chromium: axe clean, undone, and reloaded in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_data import MOODS, mood_of, write_reviews
from app_page import Person
from app_server import AppServer, answers_of, querist
from test_app_access import violations

pytestmark = pytest.mark.browser

NAME = "reviews.querist"
ITEMS, LABELLED = 150, 60
SHOWN = "document.querySelector('.stage[data-item]')?.dataset.item ?? ''"


def wrong_ids() -> list[str]:
    """The labels that are planted wrong, one of each mood."""
    return ["r003", "r010", "r020"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with sixty labels, three of them wrong, two flags and an item that bob could not tell; it has a model."""
    folder = tmp_path_factory.mktemp("made")
    write_reviews(folder / "reviews.csv", ITEMS)
    names = ",".join(MOODS)
    querist(folder, "new", NAME, "reviews.csv", "--labels", names, "--batch", "400", "--audit", "0.1")
    from querist import Study
    from querist.tasks import Answer
    from querist.web import trainer
    from querist.web.reviews import judge

    with Study.open(folder / NAME) as study:
        texts = dict(zip(study.pool.ids, study.pool.items, strict=True))
        held = {study.pool.ids[row] for row in study.settings.held.order(study.pool)}
        moods = list(MOODS)
        rows = [id for id in study.pool.ids[:LABELLED] if id not in held or id in wrong_ids()]
        for id in rows:
            right = mood_of(str(texts[id]))
            label = moods[(moods.index(right) + 1) % 3] if id in wrong_ids() else right
            study.record([Answer(id, label, who="bob")])
        free = [id for id in study.pool.ids[LABELLED:] if id not in held]
        study.record([Answer(free[0], kind="unsure", who="bob")])
        study.note(free[1], "bob", flag=True, comment="two dishes, two moods")
        trainer.step(study)
        judge(study)
    return folder


@pytest.fixture
def server(made: Path, tmp_path: Path) -> Iterator[AppServer]:
    """The app on a copy of that study."""
    from shutil import copyfile

    copyfile(made / NAME, tmp_path / NAME)
    server = AppServer(tmp_path, [NAME]).start()
    yield server
    server.stop()


Visit = Callable[..., Person]


def at(person: Person) -> str:
    return str(person.page.evaluate(SHOWN))


def decide(person: Person, key: str) -> str:
    """Press a key that decides; gives the item it was about once the next is there, or the queue is empty."""
    item = at(person)
    person.press(key)
    person.page.wait_for_function(f"before => ({SHOWN}) !== before", arg=item)
    return item


def answers(server: AppServer, person: Person) -> dict[str, list[dict[str, Any]]]:
    person.wait_until_sent()
    return answers_of(server.folder, NAME)


def labels(server: AppServer) -> dict[str, Any]:
    """Read the label of each item that stands, whoever gave it; notes left aside."""
    said = {
        id: [one for one in given if one["status"] != "note"] for id, given in answers_of(server.folder, NAME).items()
    }
    return {id: given[-1]["value"] for id, given in said.items() if given and given[-1]["status"] == "final"}


def of(given: list[dict[str, Any]], who: str) -> list[tuple[str, Any]]:
    return [(one["status"], one["value"]) for one in given if one["by"] == who]


def review(server: AppServer, visit: Visit, **options: Any) -> Person:
    person = visit(server, "#/review", **options)
    person.page.wait_for_selector(".stage[data-item]")
    return person


class TestReview:
    def test_keeps_changes_and_undoes_by_keys(self, server: AppServer, visit: Visit) -> None:
        ann = review(server, visit)
        before = labels(server)
        texts = ann.page.inner_text(".review-reason")
        assert "bob said" in texts
        assert "a model that was trained without this label says" in texts
        first = decide(ann, "a")
        assert first in wrong_ids()
        second = decide(ann, "Enter")
        ann.press("z")
        ann.page.wait_for_function(f"item => ({SHOWN}) === item", arg=second)
        decide(ann, "Enter")
        found = answers(server, ann)
        assert labels(server)[first] != before[first]
        assert of(found[first], "ann")[0][0] == "final"
        assert of(found[second], "ann") == [("note", {"reviewed": True})], "a kept label is no answer of ann's"

    def test_a_number_gives_another_label_and_undo_takes_it_back(self, server: AppServer, visit: Visit) -> None:
        ann = review(server, visit)
        before = labels(server)
        item = decide(ann, "1" if before[at(ann)] != "good" else "2")
        ann.wait_until_sent()
        assert labels(server)[item] != before[item]
        ann.press("z")
        ann.page.wait_for_function(f"item => ({SHOWN}) === item", arg=item)
        found = answers(server, ann)
        assert [status for status, _ in of(found[item], "ann")] == ["note"]
        assert labels(server)[item] == before[item]

    def test_a_reload_in_the_middle_loses_nothing_and_can_still_be_undone(
        self, server: AppServer, visit: Visit
    ) -> None:
        ann = review(server, visit)
        ann.page.route("**/api/answers", lambda route: route.abort())
        item = decide(ann, "a")
        assert ann.outbox() == 2
        ann.page.reload()
        ann.page.wait_for_selector(".stage[data-item]")
        assert at(ann) != item, "what was decided does not come back before the server knows"
        ann.page.unroute("**/api/answers")
        found = answers(server, ann)
        assert sorted(status for status, _ in of(found[item], "ann")) == ["final", "note"]
        ann.press("z")
        ann.page.wait_for_function(f"item => ({SHOWN}) === item", arg=item)

    def test_every_queue_shows_why_and_empties(self, server: AppServer, visit: Visit) -> None:
        ann = review(server, visit)
        ann.page.get_by_role("button", name="Flagged").click()
        ann.page.get_by_text("flagged by bob: “two dishes, two moods”").wait_for()
        ann.press("Enter")
        ann.page.get_by_text("Nothing to review here").wait_for()
        ann.page.get_by_role("button", name="Unsure").press("Enter")
        ann.page.get_by_text("bob could not tell; nobody has labelled it").wait_for()
        ann.press("2")
        ann.page.get_by_text("Nothing to review here").wait_for()
        ann.wait_until_sent()
        ann.page.reload()
        ann.page.get_by_text("Nothing to review here").wait_for()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, server: AppServer, visit: Visit, scheme: str) -> None:
        ann = review(server, visit, scheme=scheme)
        assert violations(ann) == []
        ann.page.get_by_role("button", name="Disagreements").click()
        ann.page.get_by_text("Nothing to review here").wait_for()
        assert violations(ann) == []


def grid(server: AppServer, visit: Visit, **options: Any) -> Person:
    person = visit(server, "#/grid", **options)
    person.page.wait_for_selector(".tile")
    return person


def chosen(person: Person) -> list[str]:
    found = person.page.eval_on_selector_all(".tile[aria-selected=true]", "all => all.map((one) => one.dataset.id)")
    return sorted(found)


class TestGrid:
    def test_labels_many_by_keys_and_takes_them_back_at_once(self, server: AppServer, visit: Visit) -> None:
        ann = grid(server, visit)
        posts: list[int] = []
        ann.page.on("request", lambda one: posts.append(1) if one.url.endswith("/api/answers") else None)
        ann.page.get_by_role("button", name="bad").first.click()
        ann.page.get_by_text("items that the model holds for bad").wait_for()
        ann.page.locator(".tile").first.focus()
        ann.press("Space")
        for _ in range(3):
            ann.press("Shift+ArrowRight")
        ids = chosen(ann)
        assert len(ids) == 4
        ann.press("2")
        ann.page.wait_for_function("ids => !document.querySelector(`[data-id='${ids[0]}']`)", arg=ids)
        ann.wait_until_sent()
        assert len(posts) == 1
        now = labels(server)
        assert [now[id] for id in ids] == ["bad"] * 4
        ann.press("z")
        ann.page.wait_for_function("id => document.querySelector(`[data-id='${id}']`)", arg=ids[0])
        ann.wait_until_sent()
        assert not set(ids) & set(labels(server))
        assert len(posts) == 2
        assert chosen(ann) == ids, "what was taken back is chosen, to be labelled otherwise"

    def test_clicks_choose_and_shift_chooses_a_range(self, server: AppServer, visit: Visit) -> None:
        ann = grid(server, visit)
        tiles = ann.page.locator(".tile")
        tiles.nth(1).click()
        tiles.nth(4).click(modifiers=["Shift"])
        tiles.nth(2).click()
        assert len(chosen(ann)) == 3
        ann.press("Control+a")
        assert len(chosen(ann)) == tiles.count()
        ann.press("Escape")
        assert chosen(ann) == []

    def test_neighbours_of_an_item_come_by_one_key_from_the_labelling_screen(
        self, server: AppServer, visit: Visit
    ) -> None:
        ann = visit(server)
        ann.wait_for_item()
        item = at(ann)
        ann.press("b")
        ann.page.get_by_text(f"items like {item}, as the model sees them").wait_for()
        ann.page.wait_for_selector(".tile")

    def test_what_others_have_and_the_audit_never_stand_there(self, server: AppServer, visit: Visit) -> None:
        bob = visit(server)
        bob.wait_for_item()
        server.url = querist(server.folder, "label", NAME, "--url", "--who", "eve").strip()
        eve = grid(server, visit)
        search = eve.page.get_by_label("Search items by their text or id")
        search.fill(at(bob))
        eve.page.get_by_text("No open item is left here").wait_for()
        assert "of the audit, which are looked at one by one" in _all_words(eve)

    def test_a_reload_keeps_the_choice_and_what_was_given(self, server: AppServer, visit: Visit) -> None:
        ann = grid(server, visit)
        tiles = ann.page.locator(".tile")
        given = tiles.nth(0).get_attribute("data-id")
        tiles.nth(0).click()
        ann.page.route("**/api/answers", lambda route: route.abort())
        ann.press("1")
        ann.page.wait_for_function("id => !document.querySelector(`[data-id='${id}']`)", arg=given)
        tiles.nth(1).click()
        tiles.nth(2).click()
        before = chosen(ann)
        ann.page.reload()
        ann.page.wait_for_selector(".tile")
        assert chosen(ann) == before
        assert ann.count(f"[data-id='{given}']") == 0
        ann.page.unroute("**/api/answers")
        ann.wait_until_sent()
        assert labels(server)[given] == "good"
        ann.press("z")
        ann.page.wait_for_selector(f"[data-id='{given}']")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, server: AppServer, visit: Visit, scheme: str) -> None:
        ann = grid(server, visit, scheme=scheme)
        ann.page.locator(".tile").nth(1).click()
        assert violations(ann) == []


def _all_words(person: Person) -> str:
    person.page.get_by_label("Search items by their text or id").fill("")
    person.page.wait_for_selector(".tile")
    return person.page.inner_text(".wishes-words")
