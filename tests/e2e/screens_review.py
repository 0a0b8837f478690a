"""Pictures of the review queues and of the grid; ``screens`` takes them with the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app_data import MOODS, mood_of, write_reviews
from app_page import Person
from app_server import querist

from querist import Study
from querist.tasks import Answer
from querist.web import trainer
from querist.web.reviews import judge

if TYPE_CHECKING:
    from screens import Camera

CELLS = ("benign", "malignant", "artefact")


def texts_again(camera: Camera, folder: Path) -> None:
    """Show a label error, a disagreement, an empty queue, and texts side by side."""
    if not camera.wants("review", "review-disagreement", "review-empty", "grid-text"):
        return
    from screens import served

    write_reviews(folder / "reviews.csv", 240)
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "400")
    _say(folder / "reviews.querist")
    with served(folder, "reviews.querist") as server:
        camera.take(server, "review", "#/review", _doubt)
        camera.take(server, "review-disagreement", "#/review", _disagreement)
        camera.take(server, "review-empty", "#/review", _empty)
        camera.take(server, "grid-text", "#/grid", _like)


def _say(path: Path) -> None:
    """Let ann and bob label half, some wrongly, and differ on some; then train."""
    moods = list(MOODS)
    with Study.open(path) as study:
        texts = dict(zip(study.pool.ids, map(str, study.pool.items), strict=True))
        for at, id in enumerate(study.pool.ids[:120]):
            right = moods.index(mood_of(texts[id]))
            study.record([Answer(id, moods[(right + (at % 29 == 7)) % 3], who=("ann", "bob")[at % 2])])
        for id in study.pool.ids[10:14]:
            study.record([Answer(id, "mixed", who="eve")])
        study.note(study.pool.ids[20], "ann", flag=True, comment="two dishes, two moods")
        trainer.step(study)
        judge(study)


def _doubt(person: Person) -> None:
    person.page.wait_for_selector(".review-says")
    person.page.wait_for_selector(".stage[data-item]")


def _disagreement(person: Person) -> None:
    person.page.get_by_role("button", name="Disagreements").click()
    person.page.get_by_text("with probability").wait_for()


def _empty(person: Person) -> None:
    person.page.get_by_role("button", name="Unsure").click()
    person.page.get_by_text("Nothing to review here").wait_for()


def _like(person: Person) -> None:
    person.page.wait_for_selector(".tile")
    person.page.get_by_role("button", name="good").first.click()
    person.page.get_by_text("items that the model holds for good").wait_for()
    _choose(person, 5)


def _choose(person: Person, n: int) -> None:
    person.page.wait_for_selector(".tile")
    person.page.locator(".tile").nth(1).focus()
    person.page.locator(".tile").nth(1).click()
    for _ in range(n):
        person.press("Shift+ArrowRight")


def images_again(camera: Camera, folder: Path) -> None:
    """Show images side by side, and a doubtful image."""
    if not camera.wants("grid-image", "review-image"):
        return
    from screens import served, write_cells

    write_cells(folder / "cells")
    querist(folder, "new", "cells.querist", "cells", "--labels", ",".join(CELLS), "--batch", "400")
    with Study.open(folder / "cells.querist") as study:
        for at, id in enumerate(study.pool.ids[:36]):
            wrong = at == 16
            study.record([Answer(id, CELLS[(int(Path(id).stem) + wrong) % 3], who="ann")])
        trainer.step(study)
        judge(study)
    with served(folder, "cells.querist") as server:
        camera.take(server, "grid-image", "#/grid", _images)
        camera.take(server, "review-image", "#/review", _doubt_of_image)


def _images(person: Person) -> None:
    person.page.wait_for_selector(".tile img")
    _choose(person, 3)
    person.page.wait_for_function("() => [...document.querySelectorAll('.tile img')].every((image) => image.complete)")


def _doubt_of_image(person: Person) -> None:
    _doubt(person)
    person.page.wait_for_function("() => [...document.querySelectorAll('.stage img')].every((image) => image.complete)")


SCENES = (texts_again, images_again)
