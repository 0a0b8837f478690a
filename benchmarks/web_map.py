"""Measure how the map of the pool pans in the labelling app: real server, real Chromium without a graphics card.

A study of 100,000 points of 16 features in 12 clusters, 2,000 of them labelled. Drawing is what the training process
takes to place them, opening what the page takes from there to the first picture of all points. A pan is a drag of the
mouse in circles; its frames are those in which the points were drawn anew, counted by the page itself, and those that
the compositor drew (Chromium's own trace); the rate is their number by the seconds of the drag.

Run: python benchmarks/web_map.py [--quick]       needs Chromium: /usr/bin/chromium, or QUERIST_CHROMIUM
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))

from app_page import Person, open_browser
from app_server import AppServer, querist
from web_views import _frames

from querist import Study
from querist.study.landscape import landscape

PAN_TARGET = 20.0
POINTS, WIDE, CLUSTERS, LABELLED = 100_000, 16, 12, 2_000
SCREENS = {"1280x800": (1280, 800, 1), "1280x800 at 2x": (1280, 800, 2), "1920x1080": (1920, 1080, 1)}
ZOOMS = {"whole": 0, "x3": 5}
"""Names of zooms, and presses of + that lead there."""


def main() -> None:
    """Measure; print lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2 s a pan on one screen, instead of 5 s on three")
    chosen = parser.parse_args()
    screens = list(SCREENS)[:1] if chosen.quick else list(SCREENS)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        print(json.dumps(_study(Path(folder))), flush=True)
        server = AppServer(Path(folder), ["points.querist"]).start()
        try:
            for screen in screens:
                server.url = querist(Path(folder), "label", "points.querist", "--url", "--who", "ann").strip()
                print(json.dumps(measure(browser, server, screen, 2.0 if chosen.quick else 5.0)), flush=True)
        finally:
            server.stop()


def _study(folder: Path) -> dict[str, Any]:
    """Make the study, label some, and time what the training process does for the map."""
    draw = np.random.default_rng(0)
    middles, which = draw.normal(scale=3, size=(CLUSTERS, WIDE)), draw.integers(CLUSTERS, size=POINTS)
    rows = (middles[which] + draw.normal(size=(POINTS, WIDE))).astype(np.float32)
    names = [f"kind {one}" for one in range(CLUSTERS)]
    with Study.create(folder / "points.querist", rows, labels=names, batch=100, audit=0.1, strategy="margin") as study:
        for row, id in enumerate(study.pool.ids[:LABELLED]):
            study.tell(id, names[which[row]])
        study.step()
        used, start = time.process_time(), time.perf_counter()
        landscape(study)
        took = {"draw_s": _rounded(time.perf_counter() - start), "draw_cpu_s": _rounded(time.process_time() - used)}
        return {"points": POINTS, **took}


def measure(browser: Any, server: AppServer, screen: str, seconds: float) -> dict[str, Any]:
    """Open the map on one screen, and pan it at some zooms."""
    width, height, ratio = SCREENS[screen]
    size = {"width": width, "height": height}
    person = Person(browser, server, viewport=size, device_scale_factor=ratio).open("#/map")
    person.page.wait_for_selector("canvas[data-frames]", timeout=120_000)
    ready = person.page.evaluate("performance.now()") / 1000
    pans, pressed = {}, 0
    for name, presses in ZOOMS.items():
        person.page.locator(".map-canvas").focus()
        for _ in range(presses - pressed):
            person.press("+")
        pressed = presses
        person.page.wait_for_timeout(1_500)
        pans[name] = _panned(person, seconds)
    person.close()
    slowest = min(one["drawn_per_s"] for one in pans.values())
    about = {"screen": screen, "load": _rounded(os.getloadavg()[0]), "open_s": _rounded(ready)}
    return {**about, "pans": pans, "pan_met": slowest >= PAN_TARGET}


def _panned(person: Person, seconds: float) -> dict[str, Any]:
    box = person.page.locator(".map-canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = person.page.mouse
    mouse.move(x, y)
    mouse.down()
    count = "Number(document.querySelector('.map-canvas').dataset.frames)"
    with _frames(person) as shown:
        first = person.page.evaluate(count)
        end = (start := time.perf_counter()) + seconds
        while (now := time.perf_counter()) < end:
            turn = 2 * math.pi * (now - start)
            mouse.move(x + 160 * math.sin(turn), y + 100 * math.sin(2 * turn))
        took = time.perf_counter() - start
        drawn = person.page.evaluate(count) - first
    mouse.up()
    return {"drawn_per_s": _rounded(drawn / took), "composited_per_s": _rounded(len(shown) / took)}


def _rounded(value: float) -> float:
    return round(value, 2)


if __name__ == "__main__":
    main()
