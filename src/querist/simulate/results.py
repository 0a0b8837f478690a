"""What a simulation found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from querist.simulate.curve import Curve
from querist.simulate.plan import Plan
from querist.simulate.run import write_atomically
from querist.simulate.summary import curves_csv, summarise


@dataclass(frozen=True, eq=False)
class Simulation:
    """The curves of a simulation: ``curves`` per data set, strategy and seed, ``full`` the fits on every label.

    ``notes`` are sentences that belong beside the numbers.
    """

    plan: Plan
    curves: tuple[Curve, ...]
    full: tuple[Curve, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The numbers, as ``summary.json`` holds them."""
        return {**summarise(self.plan, self.curves, self.full), "notes": list(self.notes)}

    def write(self, out: str | PathLike[str]) -> dict[str, Path]:
        """Write curves.csv, summary.json, curves.png and report.html into a folder; gives their paths by name."""
        from querist.simulate.plots import picture_of, png
        from querist.simulate.report import report

        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        picture = picture_of(self.summary, self.curves)
        texts: Mapping[str, str] = {
            "curves.csv": curves_csv(self.curves),
            "summary.json": json.dumps(self.summary, indent=1, ensure_ascii=False),
            "report.html": report(self.summary, picture),
        }
        for name, text in texts.items():
            write_atomically(folder / name, text)
        png(picture, folder / "curves.png")
        return {name: folder / name for name in ("curves.csv", "summary.json", "curves.png", "report.html")}
