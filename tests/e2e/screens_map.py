"""Photographs of the map and of the dashboard: a part of screens.py."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import TYPE_CHECKING

from app_data import MOODS, mood_of, write_reviews
from app_page import Person
from app_server import querist

from querist import Study
from querist.web import maps

if TYPE_CHECKING:
    from screens import Camera

NAMES = ("map", "map-lasso", "map-uncertainty", "map-narrow", "dashboard")


def reviews(camera: Camera, folder: Path) -> None:
    if not camera.wants(*NAMES):
        return
    from screens import served

    _studied(folder)
    with served(folder, "reviews.querist") as server:
        camera.take(server, "map", "#/map", _drawn)
        camera.take(server, "map-lasso", "#/map", _outlined)
        camera.take(server, "map-uncertainty", "#/map", _unsure)
        camera.take(server, "map-narrow", "#/map", _drawn, viewport={"width": 390, "height": 780})
        camera.take(server, "dashboard", "#/status", lambda person: person.page.wait_for_selector(".confusion"))


def _studied(folder: Path) -> None:
    """Make a study of 900 reviews: 300 labelled by two people who err, some of them again by a third."""
    write_reviews(folder / "reviews.csv", 900)
    made = ("--labels", ",".join(MOODS), "--batch", "30", "--audit", "0.3", "--strategy", "margin")
    querist(folder, "new", "reviews.querist", "reviews.csv", *made)
    draw = random.Random(1)
    with Study.open(folder / "reviews.querist") as study:
        for turn in range(10):
            who = ("ann", "bob")[turn % 2]
            for query in study.ask(who=who):
                label = mood_of(query.data["text"]) if draw.random() > 0.12 else draw.choice(list(MOODS))
                study.tell(query.id, label, who=who, seconds=draw.lognormvariate(1, 0.4))
            study.step()
        for id, label in list(study.labels().items())[:60]:
            study.tell(id, label if draw.random() > 0.15 else draw.choice(list(MOODS)), who="cleo", seconds=3.0)
        study.step()
        maps.want(study.store, "pca")
        maps.write(study)


def _drawn(person: Person) -> None:
    person.page.wait_for_selector("canvas[data-frames]")
    person.page.wait_for_selector(".map-list td")


def _outlined(person: Person) -> None:
    """Draw around the heap at the lower right."""
    _drawn(person)
    person.press("l")
    box = person.page.locator(".map-canvas").bounding_box()
    assert box
    x, y = box["x"] + 0.75 * box["width"], box["y"] + 0.72 * box["height"]
    mouse = person.page.mouse
    mouse.move(x + 0.2 * box["width"], y)
    mouse.down()
    for step in range(1, 40):
        turn = 2 * math.pi * step / 40
        mouse.move(x + 0.2 * box["width"] * math.cos(turn), y + 0.2 * box["height"] * math.sin(turn))
    mouse.up()
    person.page.wait_for_timeout(600)


def _unsure(person: Person) -> None:
    _drawn(person)
    person.page.locator(".map-by select").select_option("uncertainty")
    person.page.locator(".map-open").first.click()
    person.page.wait_for_selector(".map-stage > *")


SCENES = (reviews,)
