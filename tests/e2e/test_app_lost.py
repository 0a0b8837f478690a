"""Nothing is lost and nobody waits: the network cut, the server killed, the page reloaded and closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_data import MOODS, mood_of, write_reviews
from app_flow import shown
from app_page import Person
from app_server import AppServer, answers_of, labels_of, querist

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visit = Callable[..., Person]


@pytest.fixture
def server(serve: Callable[..., AppServer], tmp_path: Path) -> AppServer:
    write_reviews(tmp_path / "reviews.csv")
    querist(tmp_path, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "100")
    return serve(tmp_path, "reviews.querist")


def labels(server: AppServer) -> dict[str, Any]:
    return labels_of(server.folder, "reviews.querist")


def answer(person: Person, n: int) -> dict[str, str]:
    """Answer what is on the screen, n times."""
    given = {}
    for _ in range(n):
        item, mood = shown(person), mood_of(person.text)
        person.answer(str(list(MOODS).index(mood) + 1))
        given[item] = mood
    return given


def test_a_cut_network_loses_nothing(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    given = answer(ann, 2)
    ann.wait_until_sent()
    ann.context.set_offline(True)
    given |= answer(ann, 4)
    ann.page.get_by_text("The server cannot be reached. You can go on.").wait_for()
    assert ann.outbox() == 4
    ann.context.set_offline(False)
    ann.wait_until_sent()
    assert labels(server) == given
    ann.page.get_by_text("The server cannot be reached").wait_for(state="detached")


def test_a_killed_server_loses_nothing_and_the_session_goes_on(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    given = answer(ann, 3)
    server.kill()
    given |= answer(ann, 4)
    server.start()
    ann.wait_until_sent()
    assert labels(server) == given
    given |= answer(ann, 8)
    ann.wait_until_sent()
    assert labels(server) == given


def test_answers_outlive_a_closed_page(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    server.kill()
    given = answer(ann, 3)
    ann.until(lambda: ann.outbox() == 3, "the outbox did not keep three answers")
    ann.page.close()
    server.start()
    ann.page = ann.new_page()
    ann.page.goto(server.origin)
    ann.wait_for_item()
    ann.wait_until_sent()
    assert labels(server) == given
    assert shown(ann) not in given


def test_a_lost_reply_counts_once(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    lost = []

    def lose_reply(route: Any) -> None:
        if len(lost) < 2:
            route.fetch()
            lost.append(route.request.post_data)
            route.abort()
        else:
            route.continue_()

    ann.page.route("**/api/answers", lose_reply)
    given = answer(ann, 2)
    ann.wait_until_sent()
    assert len(lost) == 2
    assert labels(server) == given
    assert all(len(one) == 1 for one in answers_of(server.folder, "reviews.querist").values())


def test_a_refused_answer_is_told_and_the_rest_arrives(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()

    def spoil(route: Any) -> None:
        body = route.request.post_data_json
        for one in body["answers"]:
            if one.get("label") == "bad":
                one["label"] = "no such class"
        route.continue_(post_data=body)

    ann.page.route("**/api/answers", spoil)
    first, second = shown(ann), None
    ann.answer("2")
    second = shown(ann)
    ann.answer("1")
    ann.page.get_by_text("Not recorded: bad").wait_for()
    ann.wait_until_sent()
    assert labels(server) == {second: "good"}
    ann.page.get_by_role("button", name="Dismiss").click()
    assert ann.count(".notice") == 0
    assert first not in labels(server)


def test_an_ended_session_keeps_answers_until_the_next_link(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    ann.context.clear_cookies()
    given = answer(ann, 2)
    ann.page.get_by_text("This session has ended").wait_for()
    link = querist(server.folder, "label", "reviews.querist", "--url", "--who", "ann").strip()
    again = ann.new_page()
    again.goto(link)
    ann.until(lambda: labels(server) == given, "the answers never arrived")


def test_a_page_that_closes_gives_its_items_back(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    ann.wait_for_item()
    ann.page.wait_for_timeout(500)
    assert int(status(server)["leased"]) > 1
    ann.page.close(run_before_unload=True)
    ann.page = ann.new_page()
    ann.until(lambda: status(server)["leased"] == 0, "the items are still leased")


def status(server: AppServer) -> dict[str, Any]:
    return dict(json.loads(querist(server.folder, "status", "reviews.querist", "--json")))


def test_two_people_are_never_given_the_same_item(server: AppServer, visit: Visit) -> None:
    ann = visit(server)
    server.url = querist(server.folder, "label", "reviews.querist", "--url", "--who", "bob").strip()
    bob = visit(server)
    for person in (ann, bob):
        person.wait_for_item()
    by_ann: dict[str, str] = {}
    by_bob: dict[str, str] = {}
    for _ in range(8):
        by_ann |= answer(ann, 1)
        by_bob |= answer(bob, 1)
    assert set(by_ann).isdisjoint(by_bob)
    for person in (ann, bob):
        person.wait_until_sent()
    assert labels(server) == by_ann | by_bob
