"""Selection speed beside other packages, in one run: time, memory, ratios to the fastest peer and to the limit.

Run: make bench-setup, then
    python benchmarks/speed.py --quick                        the rows of the table, at most 20 minutes on 2 cores
    python benchmarks/speed.py --full [--fresh]               every peer, every call; resumes where it stopped
    python benchmarks/speed.py --quick --rows k-center,badge  these rows only; --write then keeps the others of the page
                                                              and its plot, as they were measured last
    python benchmarks/speed.py --quick --no-peers             ours only
    python benchmarks/speed.py --tiny [--every-peer]          small sizes, to try the machinery

Results go to standard output and benchmarks/out/speed.json; --write also writes docs/explain/speed.md and the growth
plot docs/explain/speed.png. Exit code 1: a row measured is below what is asked of it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from speed import growth, limits, loss, report
from speed.cases import CASES, Case
from speed.contest import Patience, contest
from speed.data import arrays_of, size_of
from speed.setup import BENCHMARKS, installed
from speed.verdict import record

from querist._load import make
from querist.errors import BadInput

OUT = BENCHMARKS / "out"
DOCS = BENCHMARKS.parent / "docs" / "explain"
BUSY = 1.5
GROWTH = 60
"""Seconds after the time for the table in which points of the plot are still begun."""
SEED = 0


def main() -> int:
    """Measure, print and write what the command line asks for."""
    chosen = options()
    start = time.monotonic()
    mode = "full" if chosen.full else "tiny" if chosen.tiny else "quick"
    machine = limits.measure()
    facts = report.conditions(machine, mode)
    print(report.sentence(facts), flush=True)
    if facts["load"] is not None and facts["load"] > BUSY:
        print(f"the machine is busy (load {facts['load']:.1f}): these figures are not to be quoted", file=sys.stderr)
    run = Run(chosen, mode, machine, until=start + 60 * chosen.minutes)
    cases = wanted(CASES, chosen.rows)
    rows, skipped = run.all([case.tiny() for case in cases] if chosen.tiny else cases)
    grown = run.growth() if (chosen.write and not chosen.rows) or chosen.growth else []
    if any(row["row"] == "uherding" for row in rows) and not chosen.tiny:
        facts["loss"] = loss.sentence(loss.measure(OUT / "data", SEED))
        print(facts["loss"], flush=True)
    facts["minutes"] = (time.monotonic() - start) / 60
    print(report.text(rows))
    print(f"{facts['minutes']:.1f} minutes; details in {OUT / 'speed.json'}")
    if chosen.rows and not chosen.tiny:
        facts["again"] = [report.title(row) for row in rows]
        rows = run.joined(rows)
    save(rows, grown, facts, skipped=skipped, write=chosen.write)
    return int(any(row["verdict"] == "below" for row in rows))


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the fastest known peer of each row (default)")
    size.add_argument("--full", action="store_true", help="every peer; resumes")
    size.add_argument("--tiny", action="store_true", help="small sizes, for trying the machinery")
    parser.add_argument("--rows", default="", help="names of rows, with commas between")
    parser.add_argument("--no-peers", action="store_true", help="measure ours only")
    parser.add_argument("--every-peer", action="store_true", help="every peer, as --full has them")
    parser.add_argument("--growth", action="store_true", help="measure the growth with N as well")
    parser.add_argument("--write", action="store_true", help="write the page and the plot of the documentation")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier --full measured")
    parser.add_argument("--minutes", type=float, default=0.0, help="start no further peer after so long")
    chosen = parser.parse_args()
    chosen.minutes = chosen.minutes or (24 * 60 if chosen.full else 18)
    return chosen


def wanted(cases: Sequence[Case], rows: str) -> list[Case]:
    """Choose rows by their names."""
    names = [name for name in rows.split(",") if name]
    unknown = set(names) - {case.row for case in cases}
    if unknown:
        raise SystemExit(f"no row is called {sorted(unknown)[0]!r}: rows are {', '.join({c.row: 0 for c in cases})}")
    return [case for case in cases if not names or case.row in names]


class Run:
    """One run: what was asked for, and where its results are kept."""

    def __init__(self, chosen: argparse.Namespace, mode: str, machine: limits.Machine, until: float) -> None:
        self.chosen, self.mode, self.machine = chosen, mode, machine
        self.patience = Patience(600, 300, until) if chosen.full else Patience(60, 20, until)

    def all(self, cases: Sequence[Case]) -> tuple[list[dict[str, Any]], list[str]]:
        """Measure each row; the second list tells of those that cannot be measured yet."""
        rows, skipped = [], []
        for case in cases:
            try:
                make("strategies", case.strategy)
            except BadInput as error:
                skipped.append(f"{case.name}: {str(error).partition(':')[0]}")
                print(f"skipped {skipped[-1]}", flush=True)
                continue
            rows.append(self.one(case))
        return rows, skipped

    def growth(self) -> list[dict[str, Any]]:
        """Measure the points of the plot, with less patience than the table has."""
        table, self.patience = self.patience, replace(self.patience, rest=8, compile=False)
        rows: list[dict[str, Any]] = []
        for case in growth.cases(tiny=self.chosen.tiny):
            if time.monotonic() > table.until + GROWTH:
                print(f"not drawn, the time is up: {case.name}", flush=True)
            else:
                rows += self.all([case])[0]
        self.patience = table
        return rows

    def kept(self, case: Case) -> Path:
        """Name the file of a row's result."""
        folder = self.mode + ("-ours" if self.chosen.no_peers else "")
        return OUT / "speed" / folder / (re.sub(r"[^a-z0-9]+", "-", f"{case.name} {case.note}".lower()) + ".json")

    def joined(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put rows measured now among the others of the table, as these were measured last."""
        fresh = {report.title(row): row for row in rows}
        files = [(case.name + (f", {case.note}" if case.note else ""), self.kept(case)) for case in CASES]
        return [
            fresh[name] if name in fresh else dict(json.loads(kept.read_text(encoding="utf-8")))
            for name, kept in files
            if name in fresh or kept.exists()
        ]

    def one(self, case: Case) -> dict[str, Any]:
        """Measure a row, or read it back when an earlier --full has measured it."""
        kept = self.kept(case)
        if self.chosen.full and kept.exists() and not self.chosen.fresh:
            return dict(json.loads(kept.read_text(encoding="utf-8")))
        began = time.monotonic()
        arrays = arrays_of(case.data, OUT / "data", SEED)
        folder = OUT / "data" / f"{case.data.name}-seed{SEED}"
        peers = [] if self.chosen.no_peers else case.peers(full=self.chosen.full or self.chosen.every_peer)
        ours, found = contest(case, peers, folder, self.patience)
        row = record(case, ours, found, self.machine, size_of(arrays))
        print("  ".join(cell for cell in report.cells(row) if cell), f"[{time.monotonic() - began:.0f} s]", flush=True)
        for line in report.others(row):
            print(f"    {line}", flush=True)
        if not ours.failed and not any(peer.failed.startswith("not tried") for peer in found):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(row, indent=1), encoding="utf-8")
        return row


def save(
    rows: list[dict[str, Any]], grown: list[dict[str, Any]], facts: dict[str, Any], *, skipped: list[str], write: bool
) -> None:
    """Write the results."""
    OUT.mkdir(parents=True, exist_ok=True)
    found = {"conditions": facts, "rows": rows, "growth": grown, "skipped": skipped, "packages": installed()}
    (OUT / "speed.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    home = DOCS if write and facts["mode"] != "tiny" else OUT
    if grown:
        growth.draw(grown, home / "speed.png")
    if write:
        (home / "speed.md").write_text(report.page(rows, facts, installed(), skipped), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
