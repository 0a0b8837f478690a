"""Texts, records and images in a real stage."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from views_stage import Stage, open_stage

MARKUP = "<b>bold</b> <script>document.title='broken'</script> & \u202e"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        opened.files["/api/media/1"] = ("image/png", png(400, 200))
        opened.files["/api/media/tiny"] = ("image/png", png(8, 4))
        opened.files["/api/media/broken"] = ("image/png", b"no image")
        yield opened


def png(width: int, height: int) -> bytes:
    """Make an image, black on the left and white on the right."""
    image = Image.new("L", (width, height))
    image.paste(255, (width // 2, 0, width, height))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


class Picture:
    """An image on the stage, and where it is drawn."""

    def __init__(self, stage: Stage, source: str = "1", size: tuple[int, int] = (400, 200)) -> None:
        self.stage = stage
        stage.show("image", {"image": f"/api/media/{source}", "width": size[0], "height": size[1]})
        stage.page.wait_for_selector(".view-image-told:not(:empty)")

    @property
    def box(self) -> dict[str, float]:
        box = self.stage.page.locator("img").bounding_box()
        assert box
        return dict(box)

    @property
    def table(self) -> dict[str, float]:
        box = self.stage.page.locator(".view-image-table").bounding_box()
        assert box
        return dict(box)

    @property
    def percent(self) -> int:
        told = self.stage.page.locator(".view-image-told").text_content() or ""
        found = re.search(r"px · (\d+) %", told)
        assert found, told
        return int(found[1])

    def style(self, name: str) -> str:
        return str(self.stage.page.locator("img").evaluate(f"(image) => getComputedStyle(image).{name}"))


def test_a_text_is_shown_as_it_is(stage: Stage) -> None:
    stage.show("text", {"text": f"first line\n  second {MARKUP}"})
    assert stage.page.locator(".view-text").text_content() == f"first line\n  second {MARKUP}"
    assert stage.page.title() == "view"
    assert stage.page.locator("#host b, #host script").count() == 0


@pytest.mark.parametrize("data", [{"text": "  "}, {"text": None}, {}])
def test_a_missing_text_is_said(stage: Stage, data: dict[str, Any]) -> None:
    stage.show("text", data)
    assert stage.page.locator("#host").inner_text() == "This item has no text."


def test_paragraphs_of_a_text_have_their_own_direction(stage: Stage) -> None:
    stage.show("text", {"text": "زار محمد\nHe stayed"})
    lefts = stage.page.evaluate(
        """() => [0, 9].map((at) => {
            const range = document.createRange();
            const node = document.querySelector(".view-text").firstChild;
            range.setStart(node, at);
            range.setEnd(node, at + 8);
            return range.getBoundingClientRect().left;
        })"""
    )
    assert lefts[0] > lefts[1] + 200


def test_a_record_is_a_table_of_its_fields(stage: Stage) -> None:
    stage.show(
        "record", {"age": 54, "smoker": False, "ward": None, "codes": ["a", "b"], "more": {"x": 1}, "note": MARKUP}
    )
    rows = [row.split("\t") for row in stage.page.locator("table").inner_text().split("\n") if "\t" in row]
    assert rows[:4] == [["age", "54"], ["smoker", "no"], ["ward", "–"], ["codes", "a, b"]]
    assert stage.page.locator("td").last.text_content() == MARKUP
    assert stage.page.locator("#host b, #host script").count() == 0
    assert stage.page.locator("th[scope=row]").count() == 6


def test_many_short_fields_stand_side_by_side(stage: Stage) -> None:
    stage.show("record", {f"pixel {n}": n / 8 for n in range(64)})
    tops = stage.page.eval_on_selector_all("tr", "(rows) => rows.map((row) => row.getBoundingClientRect().top)")
    assert len(set(tops)) <= 32
    assert stage.page.locator("tr").count() == 64


def test_a_record_without_fields_is_said(stage: Stage) -> None:
    stage.show("record", {})
    assert stage.page.locator("#host").inner_text() == "This record has no fields."


def test_the_whole_image_is_shown_centred_on_the_neutral_table(stage: Stage) -> None:
    picture = Picture(stage)
    box, table = picture.box, picture.table
    assert table["x"] <= box["x"]
    assert box["x"] + box["width"] <= table["x"] + table["width"]
    assert box["x"] + box["width"] / 2 == pytest.approx(table["x"] + table["width"] / 2, abs=1)
    assert box["width"] / box["height"] == pytest.approx(2)
    colour = stage.page.locator(".view-image").evaluate("(stage) => getComputedStyle(stage).backgroundColor")
    assert colour == "rgb(42, 42, 40)"


def test_a_small_image_grows_by_a_whole_factor_with_exact_pixels(stage: Stage) -> None:
    picture = Picture(stage, "tiny", (8, 4))
    assert picture.percent > 1000
    assert picture.percent % 100 == 0
    assert picture.style("imageRendering") == "pixelated"


def test_the_size_of_an_image_is_read_from_it_when_nobody_tells(stage: Stage) -> None:
    stage.show("image", {"image": "/api/media/1"})
    stage.page.wait_for_selector("text=400 × 200 px")


def test_keys_zoom_about_the_middle_and_back(stage: Stage) -> None:
    picture = Picture(stage)
    whole, before = picture.percent, picture.box
    stage.press("+", "+")
    assert picture.percent == pytest.approx(whole * 1.25**2, abs=1)
    assert picture.style("imageRendering") == "pixelated"
    stage.press("-", "-", "-", "-", "-", "-")
    assert picture.percent < 100
    assert picture.style("imageRendering") == "auto"
    stage.press("0")
    assert (picture.percent, picture.box) == (whole, before)


def test_the_wheel_zooms_about_the_pointer(stage: Stage) -> None:
    picture = Picture(stage)
    box, whole = picture.box, picture.percent
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"]
    stage.page.mouse.move(x, y)
    stage.page.mouse.wheel(0, -900)
    stage.page.get_by_text(f"px · {whole} %").wait_for(state="detached")
    after = picture.box
    assert after["width"] > 3 * box["width"]
    assert (x - after["x"]) / after["width"] == pytest.approx(0.25, abs=0.01)
    assert (y - after["y"]) / after["height"] == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("space", [False, True])
def test_dragging_moves_the_image_and_never_loses_it(stage: Stage, space: bool) -> None:
    picture = Picture(stage)
    stage.press("+", "+", "+", "+")
    before, table = picture.box, picture.table
    if space:
        stage.page.keyboard.down("Space")
    drag(stage, 60, 40)
    after = picture.box
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((60, 40), abs=0.5)
    for _ in range(6):
        drag(stage, 900, 0)
    if space:
        stage.page.keyboard.up("Space")
    assert picture.box["x"] < table["x"] + table["width"] / 4


def drag(stage: Stage, right: float, down: float) -> None:
    x, y = 50, 250
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + right, y + down, steps=3)
    stage.page.mouse.up()


def test_arrows_move_an_image_that_is_zoomed_and_are_the_page_s_otherwise(stage: Stage) -> None:
    picture = Picture(stage)
    stage.press("ArrowRight")
    assert stage.page.evaluate("window.heard") == ["ArrowRight"]
    stage.press("+", "+", "+")
    before = picture.box
    stage.press("ArrowRight")
    assert picture.box["x"] < before["x"]
    assert stage.page.evaluate("window.heard") == ["ArrowRight"]


def test_brightness_and_contrast_by_key_and_by_button(stage: Stage) -> None:
    picture = Picture(stage)
    stage.press("l", "l", "m")
    assert picture.style("filter") == "brightness(1.3225) contrast(1.15)"
    stage.press("r")
    assert picture.style("filter") == "none"
    stage.page.get_by_role("button", name="darker").click()
    assert picture.style("filter").startswith("brightness(0.869")


def test_keys_of_the_shell_pass_through_the_image(stage: Stage) -> None:
    Picture(stage)
    stage.press("1", "s", "Enter", "z", "Control+0", "+")
    assert stage.page.evaluate("window.heard") == ["1", "s", "Enter", "z", "Control", "0"]


def test_an_image_that_cannot_be_read_is_said(stage: Stage) -> None:
    stage.show("image", {"image": "/api/media/broken", "width": 4, "height": 4})
    said = stage.page.get_by_role("alert").text_content()
    assert said == "This image could not be shown: the server sent none that the browser can read. Skip it, or flag it."


def test_an_image_prepared_ahead_is_not_fetched_again(stage: Stage) -> None:
    stage.show("text", {"text": "x"})
    asked = len(stage.asked)
    stage.page.evaluate(
        """async () => {
            const view = await import("/static/views/image.js");
            const item = { id: "a", data: { image: "/api/media/1?ahead", width: 400, height: 200 } };
            await view.prepare(item).catch(() => undefined);
            view.mount(document.getElementById("host"), { item, label: null, schema: {}, onChange() {} });
        }"""
    )
    assert sum("ahead" in url for url in stage.asked[asked:]) == 1
