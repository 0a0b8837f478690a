"""Measure the time from a key press to the next item painted, in a real Chromium, with a slow line to the server.

Every request takes 150 ms longer than it does (the browser's own network emulation), and a person answers every 120 to
350 ms. Time runs from the key event's own time stamp to the first frame after the next item is in the page, its paint
included;
an image that is not decoded by then counts as late.

Run: python benchmarks/web_keys.py [--quick | --full]       needs Chromium: /usr/bin/chromium, or QUERIST_CHROMIUM
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))

from app_data import MOODS, SHAPES, write_reviews, write_shapes
from app_page import Person, open_browser
from app_server import AppServer, querist

DELAY = 150
TARGET = 50.0
WATCH = """
window.painted = [];
const shown = () => document.querySelector(".stage")?.dataset.item ?? "";
const late = () => [...document.querySelectorAll(".stage img")].some((image) => !image.complete || !image.naturalWidth);
addEventListener("keydown", (event) => {
    const before = shown();
    const watch = () => {
        if (shown() === before || late()) return requestAnimationFrame(watch);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            const measure = performance.measure("key to paint", { start: event.timeStamp, end: performance.now() });
            window.painted.push(measure.duration);
        };
        channel.port2.postMessage(null);
    };
    requestAnimationFrame(watch);
}, { capture: true });
"""


def main() -> None:
    """Measure texts and images; print one line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 keys a kind instead of 300")
    parser.add_argument("--full", action="store_true", help="1,000 keys a kind")
    chosen = parser.parse_args()
    keys = 60 if chosen.quick else 1_000 if chosen.full else 300
    for kind in ("text", "image"):
        print(json.dumps(measure(kind, keys)), flush=True)


def measure(kind: str, keys: int) -> dict[str, Any]:
    """Answer ``keys`` items of one kind, and give the quantiles in milliseconds."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        server = _served(Path(folder), kind, keys + 40)
        try:
            times = _answered(Person(browser, server), keys)
        finally:
            server.stop()
    times.sort()
    wall = time.perf_counter() - start
    quantiles = {f"p{share}": round(times[round(share / 100 * (len(times) - 1))], 1) for share in (50, 95, 99)}
    met = quantiles["p95"] <= TARGET
    about = {"kind": kind, "keys": len(times), "added_delay_ms": DELAY, "target_p95_ms": TARGET, "met": met}
    return {**about, **quantiles, "max": round(times[-1], 1), "wall_s": round(wall, 1)}


def _served(folder: Path, kind: str, n: int) -> AppServer:
    data = write_reviews(folder / "reviews.csv", n) if kind == "text" else write_shapes(folder / "shapes", n)
    labels = MOODS if kind == "text" else SHAPES
    querist(folder, "new", "study.querist", data, "--labels", ",".join(labels), "--batch", 20)
    return AppServer(folder, ["study.querist"]).start()


def _answered(person: Person, keys: int) -> list[float]:
    person.context.add_init_script(WATCH)
    person.open()
    person.wait_for_item()
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    line = {"offline": False, "latency": DELAY, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", line)
    person.page.wait_for_timeout(1_500)
    draw = random.Random(0)
    for done in range(1, keys + 1):
        person.press(draw.choice("12"))
        person.page.wait_for_timeout(draw.randint(120, 350))
        person.page.wait_for_function("done => window.painted.length >= done", arg=done)
    times: list[float] = person.page.evaluate("window.painted")
    person.close()
    return times


if __name__ == "__main__":
    main()
