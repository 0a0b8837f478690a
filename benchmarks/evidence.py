"""Does the evidence hold? Coverage of intervals, and of those of a study; several people; when to stop; audit costs.

Run: python benchmarks/evidence.py --part coverage|study|noise|stopping|honesty [--quick | --full] [--out DIR] [SET…]

Each part keeps every finished unit (a split, a run) under ``--out`` and goes on from there when it is started again;
``--fresh`` measures anew. ``--quick`` takes at most 20 minutes on one core and decides the line, ``--full`` runs more
seeds. What each part measures is said at the top of ``evidence_<part>.py``. It prints one line per figure, and the
seconds that the units took together, those of earlier starts included.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PARTS = ("coverage", "study", "noise", "stopping", "honesty")


def main() -> int:
    """Measure one part."""
    given = options()
    part = importlib.import_module(f"evidence_{given.part}")
    shelf = Shelf(given.out / given.part, part, fresh=given.fresh)
    rows = part.measure(shelf, given.sets or part.SETS, full=given.full)
    facts = {"part": given.part, "full": given.full, "seconds": round(shelf.seconds, 1)}
    facts |= {"machine": platform.machine(), "cores": os.cpu_count(), "numpy": np.__version__}
    (given.out / f"{given.part}.json").write_text(json.dumps({**facts, "rows": rows}, indent=1))
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{shelf.seconds:.0f} s of work in one process; {platform.machine()}, NumPy {np.__version__}{load}")
    return 0


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="at most 20 minutes on one core (the default)")
    size.add_argument("--full", action="store_true", help="more seeds")
    parser.add_argument("--fresh", action="store_true", help="measure anew what was kept")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "evidence")
    parser.add_argument("sets", nargs="*")
    return parser.parse_args()


class Shelf:
    """Where finished units are kept; a changed benchmark finds none of its old ones."""

    def __init__(self, folder: Path, part: Any, *, fresh: bool = False) -> None:
        source = Path(part.__file__).read_bytes()
        self._folder = folder / hashlib.blake2b(source, digest_size=4).hexdigest()
        self._fresh = fresh
        self.seconds = 0.0

    def keep(self, names: Sequence[object], work: Callable[[], Any]) -> Any:
        """Do a unit of work, or read it back; its value must be JSON."""
        path = self._folder / ("_".join(str(name) for name in names) + ".json")
        if path.exists() and not self._fresh:
            found = json.loads(path.read_text())
        else:
            started = time.perf_counter()
            found = {"value": work(), "seconds": 0.0}
            found["seconds"] = time.perf_counter() - started
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(found))
            part.replace(path)
        self.seconds += found["seconds"]
        return found["value"]


if __name__ == "__main__":
    raise SystemExit(main())
