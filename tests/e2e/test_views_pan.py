"""Marks stay on their places of the picture while it is moved: on the sheet as it was painted, and painted anew."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from views_stage import Stage, open_stage

pytestmark = pytest.mark.browser

SIDE = 400
MARKED = """() => {
    const canvas = document.querySelector("canvas");
    const { width, height } = canvas;
    const dots = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let [x, y, n] = [0, 0, 0];
    for (let at = 3; at < dots.length; at += 4) {
        if (dots[at] === 0) continue;
        x += ((at - 3) / 4) % width;
        y += Math.floor((at - 3) / 4 / width);
        n += 1;
    }
    const sheet = canvas.getBoundingClientRect();
    const image = document.querySelector(".view-image img").getBoundingClientRect();
    const scale = sheet.width / width;
    const place = (mean, corner, from, side) => (corner + (mean / n + 0.5) * scale - from) / side;
    return [n, place(x, sheet.left, image.left, image.width), place(y, sheet.top, image.top, image.height)];
}"""
"""How many pixels are painted, and where their middle lies in the picture, as parts of its sides."""
FRAME = "() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))"
RESTED = "() => document.querySelector('canvas').style.transform === ''"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    file = io.BytesIO()
    Image.new("L", (SIDE, SIDE), 90).save(file, "PNG")
    with open_stage() as opened:
        opened.files["/api/media/grey"] = ("image/png", file.getvalue())
        yield opened


@pytest.mark.parametrize("zoom", [2, 4, 7])
def test_marks_go_along_with_the_picture(stage: Stage, zoom: int) -> None:
    label = {"points": [[199.5, 199.5]], "diameter": 30, "searched": None}
    data = {"image": "/api/media/grey", "width": SIDE, "height": SIDE}
    stage.show("particles", data, schema={"labels": ["particle"]}, label=label)
    stage.page.wait_for_selector(".view-image-told:not(:empty)")
    stage.press(*"+" * zoom)
    moved = set()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp"):
        stage.press(key)
        stage.page.evaluate(FRAME)
        n, x, y = stage.page.evaluate(MARKED)
        moved.add(stage.page.evaluate("document.querySelector('canvas').style.transform"))
        assert n > 0
        assert (x, y) == pytest.approx((0.5, 0.5), abs=0.004)
    stage.page.wait_for_function(RESTED)
    n, x, y = stage.page.evaluate(MARKED)
    assert (x, y) == pytest.approx((0.5, 0.5), abs=0.004)
    assert moved - {""}, "no press moved the sheet"
