"""How the time of a choice grows with the pool: ours, and the fastest peer, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from speed.cases import Case, _both, _embed, _probs

LINES: tuple[tuple[Case, tuple[int, ...]], ...] = (
    (_probs("entropy", 10**6, 10, quick=("skactiveml",)), (10**3, 10**4, 10**5, 10**6)),
    (_embed("k-center", 10**6, 64, 100, quick=("bmdal",)), (10**3, 10**4, 10**5, 10**6)),
    (_both("badge", 10**6, 64, 10, 100, quick=("bmdal",), labelled=False), (10**3, 10**4, 10**5, 10**6)),
    (_both("uherding", 10**5, 64, 10, 50), (10**3, 3 * 10**3, 10**4, 3 * 10**4)),
)
"""The rows drawn, with the sizes N; no package has uherding."""

BLUE, ORANGE, QUIET, TEXT, GRID = "#0072B2", "#E69F00", "#6a6a66", "#1d1d1b", "#e4e4e1"


def cases(*, tiny: bool) -> list[Case]:
    """Give a case for each point."""
    sizes = [(case, N) for case, every in LINES for N in (every[:2] if tiny else every)]
    return [
        replace(case, data=replace(case.data, N=N), name=f"{case.row} at {N:.0e}", n=10 if tiny else case.n)
        for case, N in sizes
    ]


def points(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Gather (N, seconds) by row and contestant."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in rows:
        lines = found.setdefault(row["row"], {})
        for times in (row["ours"], *row["peers"]):
            if times["median"] is not None:
                lines.setdefault(times["name"], []).append((row["data"]["N"], times["median"]))
    return found


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    found = points(rows)
    figure, axes = pyplot.subplots(1, len(found), figsize=(3.1 * len(found), 3.1), sharey=True, layout="constrained")
    for axis, (row, lines) in zip(axes, found.items(), strict=True):
        _panel(axis, row, lines)
    axes[0].set_ylabel("seconds per choice", color=QUIET)
    figure.supxlabel("rows in the pool", color=QUIET, fontsize=11)
    figure.savefig(path, dpi=200, facecolor="white", metadata={"Software": None})
    pyplot.close(figure)


def _panel(axis: Any, row: str, lines: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    top = max(lines, key=lambda name: lines[name][-1][1])
    for name, line in lines.items():
        ours = name == "querist"
        x, y = zip(*line, strict=True)
        colour = BLUE if ours else ORANGE
        axis.plot(x, y, color=colour, lw=2.2 if ours else 1.6, marker="o", ms=4 if ours else 3, zorder=3 if ours else 2)
        axis.annotate(
            name, (x[-1], y[-1]), xytext=(0, 8 if name == top else -15), textcoords="offset points", ha="right",
            color=TEXT if ours else QUIET, fontsize=10, fontweight="bold" if ours else "normal",
        )  # fmt: skip
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.margins(x=0.08, y=0.18)
    axis.set_title(row, loc="left", fontsize=12, color=TEXT)
    axis.grid(color=GRID, lw=0.7)
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(GRID)
    axis.tick_params(colors=QUIET, labelsize=10)
