"""The map and the dashboard in a real browser: outlines by mouse and by keys, labels that arrive, true figures."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_data import MOODS, mood_of, write_reviews
from app_page import Person
from app_server import AppServer, labels_of, querist
from test_app_access import violations

from querist import Study
from querist.study.landscape import audited
from querist.web import maps

pytestmark = pytest.mark.browser

STUDY = "reviews.querist"
MARGIN = 0.06
Visit = Callable[..., Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A study with 80 of 200 labels by two people, some of them shared, and a model for each 20."""
    folder = tmp_path_factory.mktemp("map")
    write_reviews(folder / "reviews.csv", 200)
    made = ("--labels", ",".join(MOODS), "--batch", "20", "--audit", "0.5", "--strategy", "margin")
    querist(folder, "new", STUDY, "reviews.csv", *made)
    draw = random.Random(0)
    with Study.open(folder / STUDY) as study:
        for turn in range(4):
            for query in study.ask(who=("ann", "bob")[turn % 2]):
                label = mood_of(query.data["text"]) if draw.random() > 0.15 else "mixed"
                study.tell(query.id, label, who=("ann", "bob")[turn % 2], seconds=2 + draw.random())
            study.step()
        for id, label in list(study.labels().items())[:24]:
            study.tell(id, label if draw.random() > 0.2 else "good", who="cleo", seconds=4.0)
        study.step()
        maps.want(study.store, "pca")
        maps.write(study)
    server = AppServer(folder, [STUDY]).start()
    yield server
    server.stop()


@pytest.fixture
def ann(server: AppServer, visit: Visit) -> Callable[..., Person]:
    def come(hash: str = "#/map", **options: Any) -> Person:
        server.url = querist(server.folder, "label", STUDY, "--url", "--who", "ann").strip()
        person = visit(server, hash, **options)
        if hash == "#/map":
            person.page.wait_for_selector("canvas[data-frames]")
        return person

    return come


def known(server: AppServer) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give the ids, the places, and which items are the audit's."""
    with Study.open(server.folder / STUDY) as study:
        found = maps.read(study.store)
        assert found is not None
        return list(study.pool.ids), found.places, audited(study)


def box_of(person: Person) -> dict[str, float]:
    box = person.page.locator(".map-canvas").bounding_box()
    assert box
    return dict(box)


def spots(places: np.ndarray[Any, Any], box: dict[str, float]) -> np.ndarray[Any, Any]:
    """Say where each item is on the screen while the whole map is shown."""
    low, high = places.min(axis=0), places.max(axis=0)
    zoom = min(np.array([box["width"], box["height"]]) * (1 - 2 * MARGIN) / (high - low))
    at = (places - (low + high) / 2) * zoom
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    return np.asarray(middle + at * [1, -1])


def heading(person: Person) -> str:
    return person.page.inner_text("#map-chosen-title")


def said(person: Person, words: str) -> None:
    person.page.locator(".map-said", has_text=words).wait_for()


def test_a_lasso_labels_all_that_may_be_and_one_step_takes_it_back(server: AppServer, ann: Any) -> None:
    person = ann()
    ids, places, audit = known(server)
    box = box_of(person)
    where = spots(places, box)
    middle = where.mean(axis=0)
    before = labels_of(server.folder, STUDY)
    person.press("l")
    mouse = person.page.mouse
    # Around all items to the left of the middle: a polygon with a slanted side.
    left, top, bottom = box["x"] + 2, box["y"] + 2, box["y"] + box["height"] - 2
    corners = [(left, top), (middle[0], top), (middle[0], bottom), (left, bottom)]
    mouse.move(*corners[0])
    mouse.down()
    for corner in corners[1:]:
        mouse.move(*corner, steps=5)
    mouse.up()
    inside = [row for row in range(len(ids)) if where[row][0] < middle[0] - 1]
    person.page.wait_for_function("() => !document.querySelector('#map-chosen-title').innerText.startsWith('Nothing')")
    chosen = int(heading(person).split()[0])
    assert abs(chosen - len(inside)) <= 2
    person.press("1")
    said(person, "labelled good")
    after = labels_of(server.folder, STUDY)
    sure = [row for row in inside if where[row][0] < middle[0] - 2]
    for row in sure:
        expected = before.get(ids[row]) if audit[row] or ids[row] in before else "good"
        assert after.get(ids[row]) == expected
    assert not any(ids[row] in after and ids[row] not in before for row in np.flatnonzero(audit))
    assert len(after) > len(before) + 5
    person.press("z")
    said(person, "taken back")
    assert labels_of(server.folder, STUDY) == before


def test_keys_alone_choose_label_and_undo_and_a_reload_loses_nothing(server: AppServer, ann: Any) -> None:
    person = ann()
    before = labels_of(server.folder, STUDY)
    person.press("r")
    person.page.locator(".map-canvas").focus()
    box = box_of(person)
    across, down = math.floor(box["width"] / 2 / 24) - 1, math.floor(box["height"] / 2 / 24) - 1
    press(person, "ArrowLeft", across)
    press(person, "ArrowUp", down)
    person.press(" ")
    press(person, "ArrowRight", 2 * across)
    press(person, "ArrowDown", 2 * down)
    person.press(" ")
    person.page.wait_for_function("() => !document.querySelector('#map-chosen-title').innerText.startsWith('Nothing')")
    assert int(heading(person).split()[0]) > 150
    person.press("Tab")
    person.press("3")
    said(person, "labelled mixed")
    given = labels_of(server.folder, STUDY)
    assert len(given) > len(before) + 10
    person.page.reload()
    person.page.wait_for_selector("canvas[data-frames]")
    legend = person.page.locator(".map-entry", has_text="mixed").inner_text()
    assert int(legend.split()[-1]) == list(given.values()).count("mixed")
    # Undo of an earlier visit is on the labelling screen, item by item; here the study takes them back.
    with Study.open(server.folder / STUDY) as study:
        for id in set(given) - set(before):
            study.retract(id, who="ann")


def press(person: Person, key: str, times: int) -> None:
    for _ in range(times):
        person.press(key)


def test_a_pointer_previews_a_click_opens_and_escape_closes(server: AppServer, ann: Any) -> None:
    person = ann()
    ids, places, audit = known(server)
    where = spots(places, box_of(person))
    apart = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(ids))
    lonely = apart.min(axis=1) + np.where(audit, -1e6, 0)
    row = int(lonely.argmax())
    person.page.mouse.move(*where[row])
    person.page.wait_for_selector(".map-preview")
    person.page.mouse.down()
    person.page.mouse.up()
    person.page.locator(".map-opened h2", has_text=ids[row]).wait_for()
    person.page.wait_for_selector(".map-stage > *")
    person.press("Escape")
    person.page.wait_for_selector(".map-opened", state="detached")


def test_search_filters_and_hands_over_to_the_grid(server: AppServer, ann: Any) -> None:
    person = ann()
    person.press("/")
    person.page.keyboard.type("lovely")
    person.press("Enter")
    said(person, "with “lovely”")
    with Study.open(server.folder / STUDY) as study:
        holding = [id for id in study.pool.ids if "lovely" in study.pool.media(id).data["text"]]
    assert heading(person) == f"{len(holding)} items chosen"
    person.page.locator(".map-filter select").select_option("open")
    assert int(heading(person).split()[0]) < len(holding)
    person.page.get_by_role("button", name="open in the grid").click()
    person.page.wait_for_selector(".tile")
    shown = {tile.get_attribute("data-id") for tile in person.page.locator(".tile").all()}
    assert shown <= set(holding)
    assert shown


def test_colours_follow_what_is_asked_for(ann: Any) -> None:
    person = ann()
    for by, words in (("predicted", "nothing told"), ("uncertainty", "unsure"), ("round", "first round")):
        before = int(person.page.locator(".map-canvas").get_attribute("data-frames"))
        person.page.locator(".map-by select").select_option(by)
        person.page.locator(".map-side", has_text=words).wait_for()
        person.until(
            lambda before=before: int(person.page.locator(".map-canvas").get_attribute("data-frames")) > before, by
        )


def test_the_dashboard_shows_the_figures_of_the_library(server: AppServer, ann: Any) -> None:
    person = ann("#/status")
    page = person.page
    ask = "fetch('/api/dashboard').then((reply) => reply.json())"
    # Labels of an earlier test may still be learnt from: the figures agree once that is over.
    person.until(lambda: page.evaluate(ask) == told(server), "the figures differ")
    facts = told(server)
    page.reload()
    page.wait_for_selector(".confusion")
    for row in facts["by_class"]:
        line = page.locator(".figures tr", has_text=str(row["label"])).inner_text()
        for figure in (row["precision"], row["recall"], row["f1"]):
            assert percent(figure["value"]) in line if figure["value"] is not None else "not enough yet" in line
            assert f"n {figure['n']}" in line
    cells = {(truth, said): n for truth, said, n in facts["confusion"]["cells"]}
    shown = [
        [int(cell.inner_text()) for cell in row.locator("td").all()]
        for row in page.locator(".confusion tbody tr").all()
    ]
    assert shown == [[cells.get((truth, said), 0) for said in range(3)] for truth in range(3)]
    calibration = page.locator(".reliability figcaption").inner_text()
    for part in (facts["reliability"]["raw"], facts["reliability"]["tempered"]):
        assert f"{100 * part['ece']:.1f} %" in calibration
    assert (
        f"alpha {facts['agreement']['alpha']:.2f}"
        in page.locator("section", has_text="How far people agree").last.inner_text()
    )
    assert (
        f"{facts['pace']['median']:.1f} s" in page.locator("section", has_text="How fast labels come").last.inner_text()
    )


def told(server: AppServer) -> Any:
    """Give the figures as the command line tells them."""
    return json.loads(querist(server.folder, "status", STUDY, "--json"))["dashboard"]


def percent(share: float) -> str:
    """Write a share as the page does: a half goes up."""
    return f"{math.floor(100 * share + 0.5)} %"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_map_and_the_dashboard(ann: Any, scheme: str) -> None:
    person = ann(scheme=scheme)
    person.page.wait_for_selector(".map-list td")
    assert violations(person) == []
    person.page.locator(".map-entry").first.click()
    person.page.locator(".map-open").first.click()
    person.page.wait_for_selector(".map-stage > *")
    person.page.wait_for_timeout(300)
    assert violations(person) == []
    person = ann("#/status", scheme=scheme)
    person.page.wait_for_selector(".confusion")
    assert violations(person) == []


@pytest.mark.slow
def test_a_map_is_drawn_when_it_is_first_opened(tmp_path: Path, serve: Any, visit: Visit) -> None:
    write_reviews(tmp_path / "reviews.csv", 60)
    querist(tmp_path, "new", STUDY, "reviews.csv", "--labels", ",".join(MOODS), "--batch", "8")
    person = visit(serve(tmp_path, STUDY), "#/map")
    person.page.wait_for_selector("canvas[data-frames]")
    assert person.page.locator(".map-bar .facts").inner_text() == "PCA, model v1"
