"""The table: on the terminal, as JSON, and as a page of the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from speed.limits import Machine
from speed.setup import PACKAGES

Row = Mapping[str, Any]
HEADER = (
    "selection",
    "querist",
    "alone",
    "memory",
    "fastest peer measured",
    "ratio",
    "asked",
    "",
    "× floor",
    "published",
)


def conditions(machine: Machine, mode: str) -> dict[str, Any]:
    """Say where and how the figures came about."""
    import numpy

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "mode": mode, "cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version(),
        "numpy": numpy.__version__, "load": load, "bandwidth": machine.bandwidth, "gemm": machine.gemm,
    }  # fmt: skip


def sentence(facts: Mapping[str, Any]) -> str:
    """Tell the conditions in one line."""
    load = "" if facts["load"] is None else f", load {facts['load']:.1f} at the start"
    return (
        f"{facts['cores']} cores ({facts['machine']}), Python {facts['python']}, NumPy {facts['numpy']}; "
        f"memory read at {facts['bandwidth'] / 1e9:.0f} GB/s, "
        f"float32 products at {facts['gemm'] / 1e9:.0f} GFLOP/s{load}"
    )


def cells(row: Row) -> tuple[str, ...]:
    """Write a row of the table."""
    ours, ratio = row["ours"], row["ratio"]
    if ours["failed"]:
        return (title(row), ours["failed"], "", "", "", "", asked(row), "", "", published(row))
    best = next((peer for peer in row["peers"] if ratio and peer["name"] == ratio["peer"]), None)
    return (
        title(row), duration(ours["median"]), duration(ours["bare"]), memory(ours["peak"]),
        opponent(best, row), quotient(ratio), asked(row), row["verdict"],
        f"{ours['median'] / row['floor']:.1f}" if row["floor"] else "", published(row),
    )  # fmt: skip


def title(row: Row) -> str:
    """Name a row, with the note that it needs."""
    return f"{row['name']}, {row['note']}" if row["note"] else str(row["name"])


def opponent(best: Mapping[str, Any] | None, row: Row) -> str:
    """Name the fastest peer with its time and memory; or why there is none."""
    if best is None:
        return "; ".join(f"{peer['name']}: {peer['failed']}" for peer in row["peers"]) or "–"
    return f"{best['name']} {duration(best['median'])}{few(best)}, {memory(best['peak'])}"


def quotient(ratio: Mapping[str, Any] | None) -> str:
    """Write a ratio with its interval."""
    if ratio is None:
        return ""
    return f"{ratio['median']:.3g} ({ratio['low']:.3g}–{ratio['high']:.3g})"


def asked(row: Row) -> str:
    """Write what was asked for."""
    parts = [f"{row['ask'][0]:g} → {row['ask'][1]:g}"] if row["ask"] else []
    seconds, size = row["within"] or (None, None)
    parts += [f"≤ {seconds:g} s"] if seconds else []
    parts += [f"≤ {size / 1e9:g} GB" if size >= 1e9 else f"≤ {size / 1e6:g} MB"] if size else []
    return ", ".join(parts)


def published(row: Row) -> str:
    """Write the earlier measurement of the fastest peer; marked where it stands in for a measurement."""
    if not row["published"]:
        return ""
    name, seconds = row["published"]
    missing = "" if row["ratio"] else " (not measured here)"
    return f"{name} {duration(seconds)}{missing}"


def duration(seconds: float | None) -> str:
    """Write seconds with three digits.

    >>> duration(0.00375), duration(14.43)
    ('3.75 ms', '14.4 s')
    """
    if seconds is None:
        return ""
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def memory(size: int | None) -> str:
    """Write bytes in whole MB."""
    return "" if size is None else f"{size / 1e6:.0f} MB"


def text(rows: Sequence[Row]) -> str:
    """Write the table for a terminal."""
    table = [HEADER, *(cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEADER))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in table)


def others(row: Row) -> Iterable[str]:
    """Tell of each peer of a row in a line: time, ratio, memory, rows in common; or why there is no time."""
    for peer in row["peers"]:
        if peer["failed"]:
            yield f"{peer['name']}: {peer['failed']}"
            continue
        common = "" if peer["same"] is None else f", {peer['same']}/{row['n']} rows the same"
        time = f"{duration(peer['median'])}{few(peer)}, {peer['ratio']:.3g}×"
        yield f"{peer['name']}: {time}, {memory(peer['peak'])}{common}"


def few(peer: Mapping[str, Any]) -> str:
    """Mark a peer that was too slow for five calls to warm up and five to measure."""
    return "" if len(peer["calls"]) >= 5 and not peer["cold"] else f" ({len(peer['calls'])}×)"


def page(
    rows: Sequence[Row], facts: Mapping[str, Any], versions: Mapping[str, Mapping[str, str]], skipped: Sequence[str]
) -> str:
    """Write the page of the documentation."""
    head = [_line(HEADER), _line(["---"] * len(HEADER)), *(_line(cells(row)) for row in rows)]
    every = [_line(("selection", "first call: compiling / from the cache", "peers")), _line(["---"] * 3)]
    every += [_line((title(row), _first(row), "; ".join(others(row)) or "–")) for row in rows]
    known = [_package(name, found) for name, found in sorted(versions.items())]
    parts = [PREFACE.format(conditions=sentence(facts), mode=facts["mode"], minutes=facts.get("minutes", 0)), *head, "",
             *([f"In this run, the others before: {'; '.join(facts['again'])}.", ""] if "again" in facts else []),
             *([f"Loss: {facts['loss']}.", ""] if "loss" in facts else []),
             *([f"Not in the table: {'; '.join(skipped)}.", ""] if skipped else []),
             "![Time against the size of the pool](speed.png)", "", "## Every measurement", "", *every, "",
             "## Packages", "", f"{'; '.join(known)}.", ""]  # fmt: skip
    return "\n".join(parts)


def _package(name: str, found: Mapping[str, str]) -> str:
    told = PACKAGES[name].install[0]
    return f"{told} {found['version']}" if "version" in found else f"{told}: not installable here, {found['reason']}"


def _first(row: Row) -> str:
    return f"{duration(row['ours']['compiled'])} / {duration(row['ours']['first'])}"


def _line(values: Iterable[str]) -> str:
    return "| " + " | ".join(values) + " |"


PREFACE = """# Speed beside other packages

This page is written by `make bench-setup && python benchmarks/speed.py --{mode} --write`; do not edit it.

Measured in one run of {minutes:.0f} minutes: {conditions}.
Each package runs in a process and an environment of its own, on the same memory-mapped arrays (float32, 100 Gaussian
clusters) and, where it accepts them, the same NumPy and PyTorch. Five calls warm up; then our call and the peer's
take turns, and the table gives medians. Ours goes through `querist.query` with its checks on; *alone* is the choice
without them.

- *memory*: the peak of a call beyond what was held before it
- *(1×)*: a peer too slow for five calls of warming up and five of measuring, with the number measured
- *ratio*: the peer's time divided by ours, pair by pair: the median, and an interval for it of at least 93 % where
  there are five pairs; *unresolved*: what was asked for lies inside
- *× floor*: our time divided by that of one read of the rows, or of the matrix product that the method cannot do
  without, at the rates above; no greedy choice meets it
- *published*: the fastest peer in earlier measurements on such a machine

Methods whose published code is no package are written here from their papers, and named so.
"""
