"""Pictures of labelling by one hand: on a phone, and yes or no to candidates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app_candidates import make_candidates, write_micrograph
from app_data import MOODS, write_reviews
from app_server import querist

if TYPE_CHECKING:
    from app_page import Person
    from screens import Camera

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


def phone(camera: Camera, folder: Path) -> None:
    """A text on a phone, and the page of keys where one is about to be changed."""
    from screens import by_mood, labelled, pressed, served

    if not camera.wants("phone", "keys-change"):
        return
    write_reviews(folder / "reviews.csv", 240)
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "12")
    with served(folder, "reviews.querist") as server:
        labelled(camera, server, 30, by_mood)
        camera.take(server, "phone", "#/", pressed(), **PHONE)
        camera.take(server, "keys-change", "#/", _changing)


def _changing(person: Person) -> None:
    person.wait_for_item()
    person.press("?")
    person.page.get_by_role("button", name="change the key of Skip").click()
    person.press("u")


def candidates(camera: Camera, folder: Path) -> None:
    """A patch round a candidate, after a first model."""
    from screens import labelled, on_item, served

    if not camera.wants("label-image-candidate"):
        return
    (folder / "ice").mkdir()
    write_micrograph(folder / "ice" / "mic.mrc")
    discs = make_candidates(folder, "discs.querist")

    def respond(person: Person) -> None:
        person.press("y" if discs[str(person.page.get_attribute(".stage", "data-item"))] else "n")

    with served(folder, "discs.querist") as server:
        labelled(camera, server, 16, respond)
        camera.take(server, "label-image-candidate", "#/", on_item)
