"""A part of a sentence asked in the app: shown, marked by keys, kept over a reload, stored as a part, learnt from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_data import PEOPLE, PLACES, write_sentences
from app_flow import shown
from app_page import Person
from app_server import AppServer, labels_of
from test_app_access import violations

from querist import Study

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST = 8
"""Sentences with a label before anybody opens the app, so that a model asks for parts."""


def _truth(text: str) -> list[dict[str, Any]]:
    found = [(name, kind) for names, kind in ((PEOPLE, "PER"), (PLACES, "LOC")) for name in names if name in text]
    return [{"start": text.index(name), "end": text.index(name) + len(name), "label": kind} for name, kind in found]


def _make(folder: Path) -> dict[str, str]:
    """Make a study that asks for parts, and give its texts."""
    data = write_sentences(folder / "people.jsonl")
    texts = {row["id"]: row["text"] for row in map(json.loads, data.read_text(encoding="utf-8").splitlines())}
    task: dict[str, Any] = {"task": "spans", "labels": ["PER", "LOC"], "batch": 4}
    with Study.create(folder / "people.querist", data, strategy="subsequence(doubt=0.01)", **task) as study:
        for id in study.pool.ids[:FIRST]:
            study.tell(id, _truth(texts[id]))
        study.step()
    return texts


def _mark(person: Person, text: str, span: dict[str, Any]) -> None:
    """Go to a name by the arrows and give it its type."""
    person.press("Home")
    for _ in text[: span["start"]].split():
        person.press("ArrowRight")
    for _ in text[span["start"] : span["end"]].split()[1:]:
        person.press("Shift+ArrowRight")
    person.press("1" if span["label"] == "PER" else "2")


def _about(person: Person) -> str:
    return person.page.inner_text("#view-spans-part").split(".")[0]


def test_a_part_is_answered_by_keys(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path
) -> None:
    texts = _make(tmp_path)
    person = visit(serve(tmp_path, "people.querist"))
    person.wait_for_item()
    first = shown(person)
    assert _about(person) == "Only the underlined part is asked"
    assert person.count(".view-text .unasked") > 0

    place = next(span for span in _truth(texts[first]) if span["label"] == "LOC")
    _mark(person, texts[first], place)
    person.page.reload()
    person.wait_for_item()
    assert shown(person) == first
    assert "LOC" in person.page.inner_text(".enter-hint")
    assert person.count(".view-text .unasked") > 0
    person.answer("Enter")

    person.press("z")
    person.page.wait_for_selector(f".stage[data-item={first}] mark")
    assert person.count(".view-text .unasked") > 0
    person.answer("Enter")

    second = shown(person)
    person.press("e")
    assert _about(person) == "You answer for all of the text"
    person.answer("Enter")
    for _ in range(6):
        person.answer("Enter")
    person.page.wait_for_function("() => /model v2/.test(document.querySelector('.facts')?.textContent)")
    person.page.wait_for_selector(".says-label")
    person.wait_until_sent()

    labels = labels_of(tmp_path, "people.querist")
    assert {"start", "end", "label"} == set(labels[first]["spans"][0])
    assert place in labels[first]["spans"]
    assert any(start <= place["start"] and place["end"] <= end for start, end in labels[first]["asked"])
    assert isinstance(labels[second], list)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_a_part_is_asked(serve: Any, visit: Any, tmp_path: Path, scheme: str) -> None:
    _make(tmp_path)
    person = visit(serve(tmp_path, "people.querist"), scheme=scheme)
    person.wait_for_item()
    assert person.count(".view-text .unasked") > 0
    assert violations(person) == []
    person.press("e")
    assert violations(person) == []
