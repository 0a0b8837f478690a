"""Particles on a real micrograph: placed, dragged, removed, and what was searched, in pixels as recorded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from views_app import AXE
from views_stage import ROOT, Stage, open_stage

FOLDER = ROOT.parent / "shared" / "data" / "cryoem_bgal_10017" / "micrographs"
SCHEMA = {"labels": ["particle"], "diameter": 34}
SIDE = 1024

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    if not FOLDER.is_dir():
        pytest.skip("NO DATA at ../shared/data/cryoem_bgal_10017: particles are not tested on a real micrograph")
    from querist.data import mrc

    name = sorted(path.name for path in FOLDER.iterdir() if mrc.is_mrc(path.name))[0]
    file = io.BytesIO()
    mrc.image(str(FOLDER), name).save(file, "PNG")
    with open_stage() as opened:
        opened.files["/api/media/ice"] = ("image/png", file.getvalue())
        yield opened


class Ice:
    """A micrograph on the stage, with hands that know where its pixels are."""

    def __init__(self, stage: Stage, **props: Any) -> None:
        self.stage, self.page = stage, stage.page
        data = {"image": "/api/media/ice", "width": SIDE, "height": SIDE}
        stage.show("particles", data, **{"schema": SCHEMA, **props})
        stage.page.wait_for_selector(".view-image-told:not(:empty)")
        stage.page.wait_for_function("() => document.querySelector('.view-image img').complete")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Give the place on the screen of a pixel's centre, which has a whole number."""
        box = self.page.locator(".view-image img").bounding_box()
        assert box
        return box["x"] + (x + 0.5) * box["width"] / SIDE, box["y"] + (y + 0.5) * box["height"] / SIDE

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at(*end), steps=3)
        mouse.up()

    def press(self, *keys: str) -> None:
        self.stage.press(*keys)

    @property
    def label(self) -> dict[str, Any]:
        return dict(self.stage.changes[-1])

    @property
    def points(self) -> list[list[float]]:
        return list(self.label["points"])


def near(points: list[list[float]], *wanted: tuple[float, float], within: float = 2.5) -> bool:
    """Within a pixel of the screen, which on the whole micrograph is about two of the file."""
    pairs = zip(points, wanted, strict=True)
    return all(abs(a - b) <= within for found, want in pairs for a, b in zip(found, want, strict=True))


def test_clicks_put_and_remove(stage: Stage) -> None:
    ice = Ice(stage)
    ice.click(300, 200)
    ice.click(700, 800)
    assert near(ice.points, (300, 200), (700, 800))
    ice.click(305, 204)
    assert near(ice.points, (700, 800))
    assert "diameter" not in ice.label
    assert ice.label["searched"] is None


def test_zoomed_in_a_click_is_exact_to_half_a_pixel(stage: Stage) -> None:
    ice = Ice(stage)
    for _ in range(3):
        ice.page.mouse.move(*ice.at(512, 512))
        ice.page.mouse.wheel(0, -600)
    x, y = (round(value) for value in ice.at(540, 500))
    box = ice.page.locator(".view-image img").bounding_box()
    assert box
    scale = box["width"] / SIDE
    assert scale > 3
    ice.page.mouse.click(x, y)
    exact = ((x - box["x"]) / scale - 0.5, (y - box["y"]) / scale - 0.5)
    assert near(ice.points, exact, within=0.3)


def test_a_drag_moves_a_particle_and_beside_it_the_image(stage: Stage) -> None:
    ice = Ice(stage, label={"points": [[300, 300]], "searched": None})
    ice.drag((300, 300), (360, 330))
    assert near(ice.points, (360, 330))
    ice.press("+", "+", "+", "+", "+")
    before, told = ice.at(0, 0), len(stage.changes)
    ice.drag((600, 600), (650, 650))
    assert ice.at(0, 0)[0] > before[0] + 5
    assert len(stage.changes) == told


def test_by_keys_alone(stage: Stage) -> None:
    ice = Ice(stage)
    ice.press("i", "ArrowRight", "ArrowDown", "k")
    (start,), (moved,) = stage.changes[0]["points"], ice.points
    assert moved[0] > start[0]
    assert moved[1] > start[1]
    assert ice.label["diameter"] == 36
    ice.press("Escape", "Tab", "Delete")
    assert ice.points == []
    ice.press("z", "z")
    assert ice.points == [moved]
    assert "diameter" not in ice.label


def test_searched_rectangles_and_the_visible_part(stage: Stage) -> None:
    ice = Ice(stage, label={"points": [[300, 300]], "searched": None})
    ice.press("e")
    ice.drag((100, 100), (500, 400))
    (region,) = ice.label["searched"]
    assert near([region], (100, 100, 400, 300), within=3)  # type: ignore[arg-type]
    assert near(ice.points, (300, 300))
    ice.click(200, 200)
    assert ice.label["searched"] is None
    ice.press("e", "+", "+", "+", "+", "v")
    (x, y, width, height) = ice.label["searched"][0]
    assert x >= 0 or x == -0.5
    assert 0 < height < SIDE
    assert x + width <= SIDE
    assert y + height <= SIDE
    ice.press("Shift+V")
    assert ice.label["searched"] is None


SUGGESTED = {"points": [[100.0, 100.0], [200.0, 200.0]], "diameter": 30.0, "searched": None}
SEEN = [
    {"label": "particle", "score": 0.9, "place": [100, 100]},
    {"label": "particle", "score": 0.6, "place": [200, 200]},
    {"label": "particle", "score": 0.3, "place": [300, 300]},
]


def test_the_threshold_shows_more_or_fewer_and_a_click_rejects_one(stage: Stage) -> None:
    ice = Ice(stage, suggestion={"label": SUGGESTED, "confidence": 0.7, "seen": SEEN})
    ice.press(",", ",", ",", ",", ",")
    assert ice.points == [[100, 100], [200, 200], [300, 300]]
    ice.click(200, 200)
    assert ice.points == [[100, 100], [300, 300]]
    assert ice.label["diameter"] == 30
    assert stage.page.get_by_label("model at least").is_hidden()


def test_five_thousand_particles_are_edited_one_by_one(stage: Stage) -> None:
    points = [[10 + 14 * (n % 70), 10 + 14 * (n // 70)] for n in range(5000)]
    ice = Ice(stage, label={"points": points, "searched": None})
    ice.click(1015, 1015)
    assert len(ice.points) == 5001
    ice.press("z")
    assert len(ice.points) == 5000


def test_nothing_in_the_view_keeps_anybody_out(stage: Stage) -> None:
    Ice(stage, suggestion={"label": SUGGESTED, "confidence": 0.7, "seen": SEEN})
    stage.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    run = "axe.run('#host').then((said) => said.violations.map((one) => one.id + one.nodes[0].html))"
    assert stage.page.evaluate(run) == []
