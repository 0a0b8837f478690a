"""Slices of real DICOM series in the app: windows by the server, the slices about an item, a class for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from app_flow import export, label, reads_back, shown, wait_for_suggestion
from app_page import Person
from app_server import AppServer, ids_of, querist

pytestmark = pytest.mark.browser

SERIES = Path(__file__).parents[3] / "shared" / "data" / "medical_dicom_samples" / "series" / "98892003"


def test_slices_are_windowed_looked_through_labelled_and_exported(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path
) -> None:
    if not SERIES.is_dir():
        pytest.skip("NO DATA at ../shared/data/medical_dicom_samples: DICOM is not tested in the app")
    pytest.importorskip("pydicom")
    shutil.copytree(SERIES, tmp_path / "series")
    made = ("series", "--labels", "clear,finding", "--group", "series")
    querist(tmp_path, "new", "scans.querist", *made, "--batch", "4", "--audit", "0")
    person = visit(serve(tmp_path, "scans.querist"))
    person.wait_for_item()
    page = person.page
    assert page.locator(".view-frames button").count() > 1
    before = page.locator(".view-image-table > img").get_attribute("src")
    page.get_by_role("button", name="this item").wait_for()
    person.press("PageDown" if page.locator(".view-frames button").first.inner_text() == "this item" else "PageUp")
    assert page.locator(".view-image-table > img").get_attribute("src") != before
    person.press("q")
    page.locator(".view-image-told").filter(has_text="window").wait_for()
    with page.expect_response(lambda reply: "?window=" in reply.url) as windowed:
        person.press("ArrowRight")
    assert windowed.value.status == 200
    person.press("q")

    number = {item: at for at, item in enumerate(ids_of(tmp_path, "scans.querist"))}

    def respond(person: Person, item: str) -> str:
        """Say "finding" of every second slice."""
        person.press("12"[number[item] % 2])
        return ("clear", "finding")[number[item] % 2]

    given = label(person, respond, n=4)
    wait_for_suggestion(person)
    given[shown(person)] = person.page.inner_text(".says-label")
    person.answer("Enter")
    labels = reads_back(tmp_path, "scans.querist", export(person, tmp_path), made)
    assert labels == given
