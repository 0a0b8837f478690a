"""Learning curves as a picture: mean line and band, names at the line ends, one drawing for PNG and SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from querist._arrays import Floats
from querist.simulate.curve import LOWER_IS_BETTER, Curve
from querist.simulate.palette import LIGHT, Ink, inks
from querist.simulate.savings import ENOUGH_SEEDS
from querist.simulate.tables import metric_name, number, number_list, unit_of

Axes: TypeAlias = Any  # matplotlib has types, but importing them costs what importing it costs
Figure: TypeAlias = Any

POINTS = 400
"""A line of more rounds is thinned to this many: more cannot be seen."""
LEFT, TOP, BOTTOM = 0.75, 0.55, 0.8
"""Inches: the margins around the axes."""
FULL_INK = Ink(LIGHT["quiet"], (0, (2, 2)), 0.9, 1.0, lead=False)
TEXT = 10.5
"""Points: the smallest text."""


@dataclass(frozen=True, eq=False)
class Line:
    """A strategy: what was spent, the mean over seeds, the ends of its band, each [R]; no band for one seed."""

    name: str
    spent: Floats
    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Panel:
    """One data set."""

    title: str
    lines: tuple[Line, ...]
    full: float
    full_labels: float


@dataclass(frozen=True, eq=False)
class Picture:
    """Learning curves on one or several data sets."""

    metric: str
    seeds: int
    panels: tuple[Panel, ...]
    unit: str = "labels"
    """What is spent."""
    compact: bool = False
    """Draw a single panel as small as one of many."""

    def split(self) -> tuple[Picture, ...]:
        """Give a picture per panel; several of them are small."""
        return tuple(replace(self, panels=(p,), compact=len(self.panels) > 1) for p in self.panels)


def picture_of(summary: Mapping[str, Any], curves: Sequence[Curve]) -> Picture:
    """Average curves over seeds."""
    metric, unit = summary["metric"], unit_of(summary)
    panels = []
    for dataset, full in summary["full"].items():
        names = [row["strategy"] for row in summary["rows"] if row["dataset"] == dataset]
        own = {n: [c for c in curves if (c.dataset, c.strategy) == (dataset, n)] for n in names}
        lines = [mean_line(n, own[n], metric, unit=unit) for n in names]
        panels.append(Panel(dataset, tuple(lines), full["metrics"][metric]["mean"], full["labels"]))
    return Picture(metric, max(row["seeds"] for row in summary["rows"]), tuple(panels), unit)


def mean_line(name: str, curves: Sequence[Curve], metric: str, *, unit: str = "labels") -> Line:
    """Average the curves of the seeds where all of them are known; between rounds they are taken as straight.

    The band is the 95 % interval of the mean by Student's t; of two or three seeds, where that says next to nothing,
    their range.
    """
    spent = [c.spent(unit) for c in curves]
    start = max(x[0] for x in spent)
    end = max(start, min(x[-1] for x in spent))
    grid = np.unique(np.concatenate([*spent, [start, end]]))
    grid = grid[(grid >= start) & (grid <= end)]
    grid = grid[np.unique(np.linspace(0, len(grid) - 1, min(len(grid), POINTS)).round().astype(int))]
    values = np.array([np.interp(grid, x, c.values(metric)) for x, c in zip(spent, curves, strict=True)])
    if len(values) < ENOUGH_SEEDS:
        return Line(name, grid, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    half, mean = _half_width(values), values.mean(axis=0)
    return Line(name, grid, mean, mean - half, mean + half)


def _half_width(values: Floats) -> Floats:
    from scipy.stats import t

    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return np.asarray(error * t.ppf(0.975, len(values) - 1))


def png(picture: Picture, path: Path) -> None:
    """Write the picture at twice the resolution of a screen."""
    figure = draw(picture)
    _footer(figure, picture)
    figure.savefig(path, dpi=200, facecolor=LIGHT["panel"])


def svg(picture: Picture) -> str:
    """Give the picture as an SVG element without any reference outward; its inks are CSS variables."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "querist"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        draw(picture).savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()[out.getvalue().index("<svg") :]
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--type)", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # several pictures on one page must not share names
    for name, ink in LIGHT.items():
        text = text.replace(ink, f"var(--{name})")
    return text


def caption(picture: Picture) -> str:
    """Say what lines and bands are."""
    if picture.seeds == 1:
        return "One seed, no interval."
    band = "its 95 % interval" if picture.seeds >= ENOUGH_SEEDS else "the range of the seeds"
    return f"Mean of {picture.seeds} seeds, band: {band}."


def draw(picture: Picture) -> Figure:
    """Draw the panels, at most three beside each other."""
    from matplotlib.figure import Figure as Canvas

    count = len(picture.panels)
    columns = min(count, 2 if count <= 4 else 3)
    rows = -(-count // columns)
    right = 0.5 + 0.083 * max(len(n) for p in picture.panels for n, _ in _ends(p))
    inner = np.array([6.4, 3.5] if count == 1 and not picture.compact else [3.3, 2.8])
    width, height = inner + np.array([LEFT + right, TOP + BOTTOM])
    size = np.array([width * columns, height * rows])
    figure = Canvas(figsize=tuple(size))
    for i, panel in enumerate(picture.panels):
        row, column = divmod(i, columns)
        corner = np.array([column * width + LEFT, (rows - 1 - row) * height + BOTTOM])
        _panel(figure.add_axes((*(corner / size), *(inner / size))), panel, picture)
    return figure


def _footer(figure: Figure, picture: Picture) -> None:
    place = np.array([LEFT, 0.08]) / figure.get_size_inches()
    figure.text(*place, caption(picture), size=TEXT, color=LIGHT["quiet"], va="bottom")


def _panel(axes: Axes, panel: Panel, picture: Picture) -> None:
    palette = inks([line.name for line in panel.lines])
    for line in panel.lines:
        ink = palette[line.name]
        axes.fill_between(line.spent, line.low, line.high, color=ink.colour, alpha=0.16, linewidth=0)
        axes.plot(line.spent, line.mean, color=ink.colour, linestyle=ink.dash, linewidth=ink.width, zorder=ink.layer)
    axes.axhline(panel.full, color=FULL_INK.colour, linewidth=FULL_INK.width, linestyle=FULL_INK.dash, zorder=1)
    start, end = min(line.spent[0] for line in panel.lines), max(line.spent[-1] for line in panel.lines)
    axes.set_xlim(start, end if end > start else start + 1)
    low, high = _limits(panel, picture.metric)
    axes.set_ylim(low, high)
    _frame(axes, panel, picture, low)
    _name_ends(axes, panel, palette)


def _limits(panel: Panel, metric: str) -> tuple[float, float]:
    """Choose the y range: a share ends at 100 % and shows at least 20 points; anything else starts at zero."""
    values = np.concatenate([[panel.full], *(np.concatenate([line.low, line.high]) for line in panel.lines)])
    if not number(metric).percent:
        return min(0.0, float(values.min()) * 1.05), float(values.max()) * 1.05
    if metric in LOWER_IS_BETTER:
        return 0.0, min(1.0, max(0.2, float(np.ceil(values.max() * 10) / 10)))
    return max(0.0, min(0.8, float(np.floor(values.min() * 10) / 10))), 1.0


def _frame(axes: Axes, panel: Panel, picture: Picture, low: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    metric = picture.metric
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LIGHT["line"])
    axes.grid(axis="y", color=LIGHT["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=LIGHT["quiet"], labelsize=TEXT, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(metric).axis(v)))
    start = f", axis starts at {number(metric).axis(low)}" if low > 0 else ""
    axes.set_title(panel.title, loc="left", size=12.5, color=LIGHT["text"], weight="bold", pad=20, parse_math=False)
    axes.text(
        0, 1.03, f"{metric_name(metric)} on test items{start}", transform=axes.transAxes, size=TEXT,
        color=LIGHT["quiet"], va="bottom", parse_math=False,
    )  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    axes.set_xlabel(picture.unit, size=TEXT, color=LIGHT["quiet"])


def _ends(panel: Panel) -> list[tuple[str, Line | None]]:
    """List what is named at the right edge."""
    return [*((line.name, line) for line in panel.lines), (f"all {number_list(panel.full_labels)} labels", None)]


def _name_ends(axes: Axes, panel: Panel, palette: Mapping[str, Ink]) -> None:
    """Name the lines at their ends: a leader, a stroke in the line's ink, the name."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    inches = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    ends = _ends(panel)
    heights = [panel.full if line is None else float(line.mean[-1]) for _, line in ends]
    wanted = [(y - low) / (high - low) for y in heights]
    places = spread(wanted, 1.3 * TEXT / 72 / inches.height, 0.0, 1.0 + 0.35 / inches.height)
    for (name, line), y, place in zip(ends, wanted, places.tolist(), strict=True):
        ink = FULL_INK if line is None else palette[name]
        end = 1.0 if line is None else (float(line.spent[-1]) - left) / (right - left)
        x = 1 + np.array([0.04, 0.16, 0.36, 0.42]) / inches.width
        free = {"transform": axes.transAxes, "clip_on": False, "color": ink.colour}
        axes.plot([end, x[0], x[1]], [y, y, place], linewidth=0.8, **free)
        axes.plot(x[1:3], [place, place], linewidth=ink.width, linestyle=ink.dash, **free)
        colour = LIGHT["quiet"] if line is None else LIGHT["text"]
        weight = "bold" if ink.lead else "normal"
        look = {"va": "center", "size": TEXT, "color": colour, "weight": weight, "parse_math": False}
        axes.text(x[3], place, name, transform=axes.transAxes, **look)


def spread(places: ArrayLike, gap: float, low: float, high: float) -> Floats:
    """Move labels apart so that none overlap, and as little as possible (least squares, by pooling neighbours).

    Where the room from ``low`` to ``high`` is too small they keep the gap and run over its upper end.

    >>> spread([0.5, 0.52, 0.9], 0.1, 0.0, 1.0).round(2).tolist()
    [0.46, 0.56, 0.9]
    """
    wanted = np.asarray(places, np.float64)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    pools: list[list[float]] = []
    for value in (wanted[order] - steps).tolist():
        pools.append([value, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    settled = np.concatenate([np.full(int(n), value) for value, n in pools])
    room = max(low, high - float(steps[-1]))
    result = np.empty(len(wanted))
    result[order] = np.clip(settled, low, room) + steps
    return result
