"""From data to labels and back, for each kind of item: a real server, a real trainer, a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_data import MOODS, PEOPLE, PLACES, SHAPES, mood_of, shape_of, write_reviews, write_sentences, write_shapes
from app_flow import export, finish_study, label, make_study, reads_back, wait_for_suggestion
from app_page import Person
from app_server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Serve = Callable[..., AppServer]
Visit = Callable[..., Person]


def test_text_classes_by_upload(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    data = write_reviews(tmp_path / "reviews.csv")
    (tmp_path / "root").mkdir()
    person = visit(serve(tmp_path, "--root", tmp_path / "root"), "#/new")
    person.page.locator("input[type=file]").set_input_files(data)
    finish_study(person, labels=tuple(MOODS))

    def respond(person: Person, item: str) -> str:
        mood = mood_of(person.text)
        person.press(str(list(MOODS).index(mood) + 1))
        return mood

    given = label(person, respond)
    wait_for_suggestion(person)
    given |= _accept(person)
    study = str(next((tmp_path / "root").glob("*.querist")))
    options = ("--labels", ",".join(MOODS))
    labels = reads_back(tmp_path, study, export(person, tmp_path), (data, *options))
    assert labels == given


def test_image_classes_from_a_folder_under_the_root(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    data = write_shapes(tmp_path / "root" / "shapes")
    person = visit(serve(tmp_path, "--root", tmp_path / "root"), "#/new")
    make_study(person, data="shapes", labels=SHAPES)

    def respond(person: Person, item: str) -> str:
        person.press(str(SHAPES.index(shape_of(item)) + 1))
        return shape_of(item)

    given = label(person, respond)
    wait_for_suggestion(person)
    given |= _accept(person)
    study = str(next((tmp_path / "root").glob("*.querist")))
    labels = reads_back(tmp_path, study, export(person, tmp_path), (data, "--labels", ",".join(SHAPES)))
    assert labels == given


def test_spans_by_keyboard(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    data = write_sentences(tmp_path / "root" / "people.jsonl")
    person = visit(serve(tmp_path, "--root", tmp_path / "root"), "#/new")
    make_study(person, data="people.jsonl", labels=("PER", "LOC"), task="spans")

    texts = {row["id"]: row["text"] for row in map(json.loads, data.read_text(encoding="utf-8").splitlines())}
    person.press("h")
    given = label(person, lambda person, item: _mark_person_and_place(texts[item], person))
    person.press("h")
    wait_for_suggestion(person)
    study = str(next((tmp_path / "root").glob("*.querist")))
    options = ("--task", "spans", "--labels", "PER,LOC")
    labels = reads_back(tmp_path, study, export(person, tmp_path), (data, *options))
    assert labels == given


def _mark_person_and_place(text: str, person: Person) -> list[dict[str, Any]]:
    """Go to the name and to the place by the arrows; a number types each, Enter submits both."""
    spans = []
    for key, kind, names in (("1", "PER", PEOPLE), ("2", "LOC", PLACES)):
        name = next(one for one in names if one in text)
        start = text.index(name)
        person.press("Home")
        for _ in text[:start].split():
            person.press("ArrowRight")
        for _ in name.split()[1:]:
            person.press("Shift+ArrowRight")
        person.press(key)
        spans.append({"start": start, "end": start + len(name), "label": kind})
    person.press("Enter")
    return spans


def _accept(person: Person) -> dict[str, Any]:
    """Take what the model says for one item, and say what that was."""
    item = str(person.page.get_attribute(".stage[data-item]", "data-item"))
    said = person.page.inner_text(".says-label")
    person.answer("Enter")
    return {item: said}
