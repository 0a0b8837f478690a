"""Measure all that is asked of images: boxes of cells, frames of drives, classes of medical images.

    python benchmarks/imaging.py [--quick | --full]      every part, one after another; goes on where it was
    python benchmarks/imaging.py --part camvid --full    one part

The parts and what they print are told by the --help of imaging_classes.py (pneumonia, wbc), imaging_boxes.py
(bccd-full, bccd-active) and imaging_frames.py (camvid, carla, round, inference), which this file only calls.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = {
    "pneumonia": "imaging_classes.py",
    "wbc": "imaging_classes.py",
    "bccd-full": "imaging_boxes.py",
    "bccd-active": "imaging_boxes.py",
    "camvid": "imaging_frames.py",
    "carla": "imaging_frames.py",
    "round": "imaging_frames.py",
    "inference": "imaging_frames.py",
}


def main() -> int:
    """Run the parts asked for; gives the number of those that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=tuple(PARTS))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default")
    size.add_argument("--full", action="store_true")
    chosen = parser.parse_args()
    how = "--full" if chosen.full else "--quick"
    failed = 0
    for part in (chosen.part,) if chosen.part else PARTS:
        print(f"== {part} {how}", flush=True)
        command = [sys.executable, str(Path(__file__).with_name(PARTS[part])), "--part", part, how]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
