"""The status page and the page for a new study, over made-up answers of the server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from views_app import AXE, EMPTY_STATUS, SESSION, App, full_status, open_app

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=\"document.title='broken'\">"
ROWS = [{"label": "ham", "message": f"see you {MARKUP}"}, {"label": None, "message": "WINNER"}]
PREVIEW = {
    "rows": 5574,
    "kind": "text",
    "columns": ["label", "message"],
    "sample": ROWS,
    "labels": ["ham", "spam"],
    "skipped": [{"where": f"row {n}", "why": "the text is empty"} for n in range(1, 6)],
    "warnings": ["3 rows say the same as an earlier one."],
}


@pytest.fixture(scope="module")
def opened() -> Iterator[App]:
    with open_app() as app:
        yield app


@pytest.fixture
def app(opened: App) -> App:
    """Give the app as it is before a test changes the answers."""
    opened.sent.clear()
    opened.replies.update({"GET /api/session": SESSION, "GET /api/status": EMPTY_STATUS})
    return opened


@pytest.fixture
def new(app: App) -> App:
    """Give the app on a server without a study."""
    app.replies["GET /api/session"] = {**SESSION, "study": None}
    app.replies["GET /api/files"] = {"entries": [{"name": "sms.csv", "kind": "file", "size": 481_231}]}
    app.replies["POST /api/preview"] = PREVIEW
    return app


def status(app: App, **changes: Any) -> str:
    """Show the status page and give its text."""
    app.replies["GET /api/status"] = {**full_status(int(time.time() * 1000)), **changes}
    app.open("#/status")
    app.page.wait_for_selector(".progress")
    return app.page.locator("main").inner_text()


def test_the_status_page_begins_with_the_sentence(app: App) -> None:
    lines = [line for line in status(app).split("\n") if line]
    assert lines[1] == (
        "240 of 5,574 items are labelled. Accuracy 91.2 % (95 % interval 87.5–94.1, from 160 random items). "
        "About 2.3 × fewer labels than random so far (1.6–3.1)."
    )
    assert lines[2] == "The next 50 labels are worth about +0.4 points: you can stop."


def test_a_sentence_is_not_said_twice(app: App) -> None:
    said = status(app, sentence=full_status(0)["estimate"]["sentence"])
    assert said.count("Accuracy 91.2 %") == 1


def test_progress_has_numbers_and_a_pace(app: App) -> None:
    told = status(app)
    for words in ("240 labelled", "12 set aside", "9 being answered", "5,313 to go"):
        assert words in told
    assert "of 5,574 items · 14 timed labels per minute, pauses included; all the rest would take 6 h" in told


def test_the_curve_has_its_interval_and_its_numbers(app: App) -> None:
    status(app)
    assert app.page.locator(".curve svg").get_attribute("aria-label") == (
        "accuracy 91.2 % after 240 labels, interval 87.2 % to 94.0 %"
    )
    assert app.page.locator(".curve .band").get_attribute("d")
    app.page.get_by_text("The same in numbers").click()
    assert "240\t91.2 %\t87.2 % – 94.0 %\t160" in app.page.locator(".numbers table").inner_text()


def test_a_cut_axis_says_so(app: App) -> None:
    high = [{"labels": 20, "value": 0.9, "low": 0.8, "high": 0.95, "n": 60}]
    assert "The axis starts at 50 %, not at 0." in status(app, curve=high)
    assert "The axis starts" not in status(app)


def test_before_any_estimate_the_page_teaches(app: App) -> None:
    told = status(app, **EMPTY_STATUS)
    for words in ("Not enough yet.", "The classes appear here with the first label.", "No model yet."):
        assert words in told
    assert "100 %" not in told


def test_a_small_class_is_never_called_nothing(app: App) -> None:
    assert "1 < 1 %" in status(app, classes={"ham": 500, "rare": 1}).replace("\n", " ")


def test_train_now_asks_the_server(app: App) -> None:
    app.replies["POST /api/train"] = {"state": "running"}
    status(app)
    with app.page.expect_response("**/api/train"):
        app.page.get_by_role("button", name="Train now").click()
    assert ("POST /api/train", {}) in app.sent


def test_a_failed_training_shows_its_log(app: App) -> None:
    failed = {"state": "failed", "since": 0, "message": "Training failed: row 17 is text.", "log": ["ValueError: n/a"]}
    told = status(app, training=failed)
    for words in ("Training failed: row 17 is text.", "ValueError: n/a", "The model before it keeps serving"):
        assert words in told


def test_a_running_training_cannot_be_started_again(app: App) -> None:
    now = int(time.time() * 1000)
    told = status(app, training={"state": "running", "since": now - 12_000, "message": "fitting", "log": []})
    assert "Running for 1" in told
    assert app.page.get_by_role("button", name="Train now").is_disabled()


def test_labels_go_out_and_come_in(app: App, tmp_path: Path) -> None:
    app.replies["POST /api/upload"] = {"upload": "u1", "name": "labels.jsonl", "size": 4}
    app.replies["POST /api/import"] = {"imported": 1, "skipped": [{"where": "line 2", "why": "no item is called 'x'"}]}
    status(app)
    app.page.get_by_label("Format").select_option("jsonl")
    assert app.page.get_by_role("link", name="Export 240 labels").get_attribute("href") == "/api/export?format=jsonl"
    file = tmp_path / "labels.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    app.page.get_by_label("File of labels to import").set_input_files(file)
    app.page.get_by_role("button", name="Import", exact=True).click()
    app.page.wait_for_selector("text=1 label came in.")
    assert "no item is called 'x' (line 2)" in app.page.locator(".skipped").inner_text()
    assert ("POST /api/import", {"upload": "u1", "format": "jsonl"}) in app.sent


def test_a_lost_server_leaves_what_was_shown(app: App) -> None:
    status(app)
    app.replies["POST /api/train"] = {"error": "the trainer is gone: restart querist"}
    app.page.get_by_role("button", name="Train now").click()
    app.page.wait_for_selector(".line-error")
    assert "the trainer is gone: restart querist" in app.page.locator("main").inner_text()
    assert "240 labelled" in app.page.locator("main").inner_text()


def test_the_new_page_teaches_what_it_takes(new: App) -> None:
    new.replies["GET /api/session"] = {**SESSION, "study": None, "root": False}
    new.open("")
    told = new.page.locator("main").inner_text()
    for words in ("Drop a file here", "querist new cells.querist images/", "Choose the data first."):
        assert words in told


def choose(app: App) -> None:
    app.open("")
    app.page.get_by_role("button", name="sms.csv").click()
    app.page.wait_for_selector(".sample")


def test_a_file_under_the_root_is_read_and_shown(new: App) -> None:
    choose(new)
    told = new.page.locator("main").inner_text()
    assert "5,574 items read as texts; 2 classes found." in told
    assert "5 places were left out:" in told
    assert "the text is empty (row 1, row 2, row 3 and 2 more)" in told
    assert "3 rows say the same as an earlier one." in told
    assert MARKUP in told
    assert new.page.title() != "broken"
    assert new.page.get_by_label("Classes, one a line").input_value() == "ham\nspam"
    assert new.page.get_by_label("Name of the study").input_value() == "sms"


def test_another_column_is_read_anew(new: App) -> None:
    choose(new)
    new.replies["POST /api/preview"] = lambda given: {
        **PREVIEW,
        "labels": [] if given["label"] == "" else ["ham", "spam"],
    }
    roles = new.page.locator(".roles").first.get_by_role("combobox")
    roles.nth(0).select_option("=message")
    roles.nth(1).select_option("none")
    new.page.locator("[role=status]").wait_for(state="detached")
    wanted = {"path": "sms.csv", "text": "message", "label": "", "id": None, "task": "classification"}
    assert new.sent[-1] == ("POST /api/preview", wanted)
    assert new.page.get_by_label("Classes, one a line").input_value() == "ham\nspam"


def test_a_dropped_file_is_sent(new: App) -> None:
    new.replies["POST /api/upload"] = {"upload": "u7", "name": "dropped.csv", "size": 12}
    new.open("")
    drop = """(names) => {
        const data = new DataTransfer();
        for (const name of names) data.items.add(new File(["a,b\\n1,2\\n"], name));
        const drop = document.querySelector(".drop");
        drop.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    new.page.evaluate(drop, ["a.csv", "b.csv"])
    new.page.wait_for_selector("text=One file at a time: 2 were dropped.")
    new.page.evaluate(drop, ["dropped.csv"])
    new.page.wait_for_selector(".sample")
    assert [call for call, _ in new.sent[-2:]] == ["POST /api/upload", "POST /api/preview"]
    assert new.sent[-2][1] == b"a,b\n1,2\n"
    assert new.sent[-1][1]["upload"] == "u7"


def test_a_chosen_file_that_cannot_be_read_says_why(new: App, tmp_path: Path) -> None:
    new.replies["POST /api/upload"] = {"error": "bad.pkl is a pickle: querist never loads one; write a .csv or .npz"}
    new.open("")
    file = tmp_path / "bad.pkl"
    file.write_bytes(b"\x80\x04.")
    with new.page.expect_file_chooser() as chooser:
        new.page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(file)
    new.page.wait_for_selector(".line-error")
    assert "bad.pkl is a pickle" in new.page.locator(".line-error").inner_text()
    assert "Drop a file here" in new.page.locator("main").inner_text()


def test_an_error_stands_beside_the_button_and_keeps_what_was_typed(new: App) -> None:
    choose(new)
    new.page.get_by_role("radio", name="multilabel").check()
    new.page.get_by_label("Classes, one a line").fill("one\n two, or three \none\n")
    new.page.get_by_label("Name of the study").fill("mine")
    new.replies["POST /api/studies"] = {"error": "the name 'mine' is taken: choose another"}
    new.page.get_by_role("button", name="Make the study").click()
    assert new.page.get_by_role("alert").inner_text() == "the name 'mine' is taken: choose another"
    call, given = new.sent[-1]
    assert call == "POST /api/studies"
    assert (given["name"], given["task"], given["labels"]) == ("mine", "multilabel", ["one", "two, or three"])
    assert new.page.get_by_label("Name of the study").input_value() == "mine"
    assert new.page.get_by_label("Classes, one a line").input_value() == "one\n two, or three \none\n"


def test_what_is_missing_is_said_before_anything_is_sent(new: App) -> None:
    choose(new)
    new.page.get_by_label("Classes, one a line").fill("one")
    new.page.get_by_role("button", name="Make the study").click()
    assert new.page.get_by_role("alert").inner_text() == "Write at least two classes, one a line."
    assert all(call != "POST /api/studies" for call, _ in new.sent)


def test_a_made_study_opens_on_its_first_item(new: App) -> None:
    def made(_: Any) -> Any:
        new.replies["GET /api/session"] = SESSION
        return {"study": SESSION["study"]}

    choose(new)
    new.replies["POST /api/studies"] = made
    new.page.get_by_role("button", name="Make the study").click()
    new.page.wait_for_selector(".desk")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in ui/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new: App, scheme: Any) -> None:
    new.page.emulate_media(color_scheme=scheme)
    new.open("")
    assert new.axe() == []
    choose(new)
    new.page.get_by_text("Model and strategy").click()
    assert new.axe() == []
    new.replies["GET /api/session"] = SESSION
    for changes in (EMPTY_STATUS, {}, {"training": {"state": "failed", "since": 0, "message": "no", "log": ["x"]}}):
        status(new, **changes)
        assert new.axe() == []
    new.page.emulate_media(color_scheme="light")


def test_both_pages_fit_at_twice_the_size(new: App) -> None:
    # A window of 640 pixels is one of 1280 at 200 % zoom.
    new.page.set_viewport_size({"width": 640, "height": 400})
    wide = "document.documentElement.scrollWidth > innerWidth"
    choose(new)
    assert not new.page.evaluate(wide)
    new.replies["GET /api/session"] = SESSION
    status(new)
    assert not new.page.evaluate(wide)
    new.page.set_viewport_size({"width": 1000, "height": 700})
