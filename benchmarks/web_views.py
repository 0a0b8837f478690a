"""Measure how large pictures open, pan and scroll in the labelling app: real server, real Chromium, files as recorded.

A micrograph of 4096 × 4096 float32 pixels (MRC) with 5,000 particles marked on it, and a series of 40 DICOM slices of
1024 × 1024 pixels of 16 bits. Opening runs from the navigation to the frame in which the picture is decoded and
painted, on a server that has not read the file before. A pan is a drag of the mouse; its frames are those that the
compositor drew (from Chromium's own trace), its rate their number by the seconds of the drag. Scrolling is PgDn after
PgDn, each when the slice before is painted. Processor time is that of browser, driver and server together: on a machine
with other work it says more than the clock.

Run: python benchmarks/web_views.py [--quick]       needs Chromium: /usr/bin/chromium, or QUERIST_CHROMIUM
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))

from app_page import Person, open_browser
from app_server import AppServer, querist

OPEN_TARGET, PAN_TARGET = 2.0, 30.0
SIDE, POINTS = 4096, 5_000
SLICES, SLICE_SIDE = 40, 1024
ZOOMS = {"whole": 0, "x2": 3, "x4": 6, "x20": 13}
"""Names of zooms, and presses of + that lead there."""
WATCH = """
window.opened = null;
const shown = () => document.querySelector(".stage .view-image-table > img");
const drawn = (image) => image?.complete && image.naturalWidth && image.style.transform;
const watch = () => {
    if (!drawn(shown())) return requestAnimationFrame(watch);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => (window.opened = performance.now());
    channel.port2.postMessage(null);
};
requestAnimationFrame(watch);
"""
SCROLLED = """async () => {
    const image = document.querySelector(".stage .view-image-table > img");
    const start = performance.now();
    const before = image.src;
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", code: "PageDown", bubbles: true }));
    for (let waited = 0; image.src === before || !image.complete; waited += 1) {
        if (image.src === before && performance.now() - start > 300) return null; // that was the last one
        await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    await image.decode();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - start;
}"""


def main() -> None:
    """Measure both kinds; print one line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1.5 s a pan and two openings instead of 4 s and five")
    parser.add_argument("--only", choices=("micrograph", "series"), help="one kind alone")
    chosen = parser.parse_args()
    runs, seconds = (2, 1.5) if chosen.quick else (5, 4.0)
    for kind in ("micrograph", "series"):
        if chosen.only in (None, kind):
            print(json.dumps(measure(kind, runs, seconds)), flush=True)


def measure(kind: str, runs: int, seconds: float) -> dict[str, Any]:
    """Open one kind ``runs`` times, each on a server just started; pan and scroll in the last of them."""
    start = time.perf_counter()
    opened: list[float] = []
    worked: list[float] = []
    moves: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        study = _study(Path(folder), kind)
        for run in range(runs):
            server = AppServer(Path(folder), [study]).start()
            try:
                person = Person(browser, server)
                before = processor_seconds()
                opened.append(_opening(person, kind))
                worked.append(processor_seconds() - before)
                if run == runs - 1:
                    moves = _moves(person, kind, seconds)
                person.close()
            finally:
                server.stop()
    about = {"kind": kind, "load": round(os.getloadavg()[0], 1), "wall_s": round(time.perf_counter() - start, 1)}
    times = {"open_s": [round(one, 2) for one in opened], "open_met": max(opened) <= OPEN_TARGET}
    times["open_cpu_s"] = [round(one, 2) for one in worked]
    slowest = min(one["frames_per_s"] for one in moves["pans"].values())
    return {**about, **times, **moves, "pan_met": slowest >= PAN_TARGET}


def _study(folder: Path, kind: str) -> str:
    if kind == "micrograph":
        write_micrographs(folder / "ice", 2)
        querist(folder, "new", "ice.querist", "ice", "--task", "particles(diameter=40)", "--audit", "0")
        return "ice.querist"
    write_series(folder / "scan")
    made = ("scan", "--labels", "clear,finding", "--group", "series", "--audit", "0")
    querist(folder, "new", "scan.querist", *made)
    return "scan.querist"


def write_micrographs(folder: Path, n: int) -> None:
    """Write micrographs as a microscope gives them: noise, and faint discs in it."""
    import mrcfile

    folder.mkdir()
    for number in range(n):
        draw = np.random.default_rng(number)
        values = draw.normal(100, 20, (SIDE, SIDE)).astype(np.float32)
        with mrcfile.new(folder / f"mic_{number:02}.mrc") as file:
            file.set_data(values)


def write_series(folder: Path) -> None:
    """Write one series of slices: a ball in noise, 12 bits in 16."""
    folder.mkdir()
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:SLICE_SIDE, :SLICE_SIDE] - SLICE_SIDE / 2
    for number in range(SLICES):
        ball = np.hypot(x, y) < 300 * math.sin(math.pi * (number + 1) / (SLICES + 1))
        values = draw.normal(400, 60, ball.shape) + 900 * ball
        _write_slice(folder / f"slice_{number:02}.dcm", number, values.clip(0, 4095).astype(np.uint16))


def _write_slice(path: Path, number: int, values: Any) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    head = FileMetaDataset()
    head.TransferSyntaxUID = ExplicitVRLittleEndian
    head.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    head.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}"
    slice = Dataset()
    slice.file_meta = head
    slice.SOPClassUID, slice.SOPInstanceUID = head.MediaStorageSOPClassUID, head.MediaStorageSOPInstanceUID
    slice.StudyInstanceUID, slice.SeriesInstanceUID, slice.Modality = "1.2.3", "1.2.3.1000", "CT"
    slice.InstanceNumber, slice.PatientID = number + 1, "phantom"
    slice.ImagePositionPatient, slice.ImageOrientationPatient = [0, 0, float(number)], [1, 0, 0, 0, 1, 0]
    slice.PixelSpacing, slice.SliceThickness = [0.5, 0.5], 1.0
    slice.SamplesPerPixel, slice.PhotometricInterpretation = 1, "MONOCHROME2"
    slice.Rows, slice.Columns = values.shape
    slice.BitsAllocated, slice.BitsStored, slice.HighBit, slice.PixelRepresentation = 16, 12, 11, 0
    slice.RescaleSlope, slice.RescaleIntercept, slice.WindowCenter, slice.WindowWidth = 1, 0, 800, 1600
    slice.PixelData = values.tobytes()
    slice.save_as(path, enforce_file_format=True)


def _opening(person: Person, kind: str) -> float:
    """Open the study, with points begun on every micrograph; gives the seconds to the painted picture."""
    person.context.add_init_script(WATCH)
    if kind == "micrograph":
        draw = np.random.default_rng(7)
        points = draw.uniform(0, SIDE - 1, (POINTS, 2)).round(2).tolist()
        label = {"points": points, "diameter": 40, "searched": None}
        kept = json.dumps([[f"mic_{number:02}.mrc", label] for number in range(2)])
        person.context.add_init_script(f"localStorage.setItem('querist-drafts ice ann', {json.dumps(kept)});")
    person.open()
    person.page.wait_for_function("() => window.opened !== null")
    opened: float = person.page.evaluate("window.opened")
    return opened / 1000


def _moves(person: Person, kind: str, seconds: float) -> dict[str, Any]:
    if kind == "micrograph":
        person.page.get_by_text(f"{POINTS} particles").first.wait_for()
    person.page.wait_for_timeout(3_000)
    found: dict[str, Any] = {"pans": {}}
    if kind == "series":
        found["slices"] = _scrolled(person)
    pressed = 0
    for name, presses in ZOOMS.items():
        for _ in range(presses - pressed):
            person.press("+")
        pressed = presses
        person.page.wait_for_timeout(400)
        found["pans"][name] = _panned(person, seconds)
    return found


def _panned(person: Person, seconds: float) -> dict[str, Any]:
    """Drag in circles with the space bar held, and count the frames that reached the screen."""
    box = person.page.locator(".view-image-table").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = person.page.mouse
    person.page.keyboard.down(" ")
    mouse.move(x, y)
    mouse.down()
    before = processor_seconds()
    with _frames(person) as drawn:
        end = (start := time.perf_counter()) + seconds
        while (now := time.perf_counter()) < end:
            turn = 2 * math.pi * (now - start)
            mouse.move(x + 120 * math.sin(turn), y + 90 * math.sin(2 * turn))
    cpu = processor_seconds() - before
    mouse.up()
    person.page.keyboard.up(" ")
    gaps = [(b - a) / 1000 for a, b in pairwise(drawn)]
    rate = {"frames_per_s": round(len(drawn) / seconds, 1), "longest_ms": round(max(gaps), 1) if gaps else None}
    return {**rate, "cpu_ms_per_frame": round(1000 * cpu / max(1, len(drawn)), 1)}


def processor_seconds() -> float:
    """Add up the processor time of this process and all below it: browser, driver and server; Linux only, else 0."""
    found: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:  # it ended meanwhile
            continue
        ticks = int(fields[11]) + int(fields[12])
        found[int(path.parent.name)] = int(fields[1]), ticks / os.sysconf("SC_CLK_TCK")
    ours, size = {os.getpid()}, 0
    while size != len(ours):
        size = len(ours)
        ours |= {process for process, (parent, _) in found.items() if parent in ours}
    return sum(found[process][1] for process in ours if process in found)


@contextmanager
def _frames(person: Person) -> Iterator[list[float]]:
    """Collect when the compositor drew, in microseconds, while the block runs."""
    session = person.context.new_cdp_session(person.page)
    drawn: list[float] = []

    def heard(said: dict[str, Any]) -> None:
        drawn.extend(one["ts"] for one in said["value"] if one["name"] == "DrawFrame")

    session.on("Tracing.dataCollected", heard)
    ended: list[bool] = []
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    categories = ["devtools.timeline.frame", "disabled-by-default-devtools.timeline.frame"]
    session.send("Tracing.start", {"traceConfig": {"includedCategories": categories}})
    yield drawn
    session.send("Tracing.end")
    while not ended:
        person.page.wait_for_timeout(50)
    drawn.sort()
    session.detach()


def _scrolled(person: Person) -> dict[str, Any]:
    """Go from the first slice to the last."""
    for _ in range(SLICES):
        person.press("PageUp")
    person.page.wait_for_timeout(1_500)
    times: list[float] = []
    while len(times) < SLICES and (took := person.page.evaluate(SCROLLED)) is not None:
        times.append(took)
    times.sort()
    quantiles = {f"p{share}_ms": round(times[int(share / 100 * (len(times) - 1))], 1) for share in (50, 95)}
    return {"slices": len(times), **quantiles}


if __name__ == "__main__":
    main()
