"""The critical-difference diagram and the performance profiles of a comparison, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from querist._arrays import Floats
from querist.simulate.palette import LIGHT, Ink, inks
from querist.simulate.plots import TEXT, Axes, Figure, spread
from querist.simulate.ranks import RankTest, alike

TITLE = 12.5


def draw_ranks(names: Sequence[str], ranks: Sequence[float], test: RankTest) -> Figure:
    """Draw mean ranks on a line, best left; a bar joins strategies that do not differ.

    ``ranks`` rise. Source: Demšar 2006.
    """
    from matplotlib.figure import Figure as Canvas

    bars = alike(ranks, test.critical_difference)
    rows = (len(names) + 1) // 2
    top, below = 0.5 + 0.2 * len(bars), 0.35 + 0.32 * rows
    height = 0.9 + top + below
    figure = Canvas(figsize=(8.4, height))
    axes = figure.add_axes((0.27, 0.02, 0.46, 1 - 0.8 / height))
    axes.set_axis_off()
    last = max(2, int(np.ceil(max(ranks))))
    axes.set_xlim(1, last)
    axes.set_ylim(-below, top)
    _ruler(axes, last)
    _bars(axes, ranks, bars)
    _leaders(axes, names, ranks, last)
    words = f"Mean rank over {test.datasets} data sets, 1 is best"
    figure.text(0.02, 1 - 0.3 / height, words, size=TITLE, weight="bold", color=LIGHT["text"])
    figure.text(0.02, 1 - 0.58 / height, _verdict(test), size=TEXT, color=LIGHT["quiet"])
    return figure


def _verdict(test: RankTest) -> str:
    chance = f"p = {test.p:.2g}" if test.p >= 1e-4 else "p < 0.0001"
    return (
        f"Bars join what does not differ: less than {test.critical_difference:.2f} apart (Nemenyi, 5 %). "
        f"All alike: {chance} (Friedman)."
    )


def _ruler(axes: Axes, last: int) -> None:
    axes.plot([1, last], [0, 0], color=LIGHT["text"], linewidth=1.2, clip_on=False)
    for rank in range(1, last + 1):
        axes.plot([rank, rank], [0, 0.09], color=LIGHT["text"], linewidth=1.0, clip_on=False)
        axes.text(rank, 0.13, str(rank), ha="center", va="bottom", size=TEXT, color=LIGHT["quiet"])


def _bars(axes: Axes, ranks: Sequence[float], bars: Sequence[tuple[int, int]]) -> None:
    for level, (first, end) in enumerate(bars):
        height = 0.5 + 0.2 * level
        ends = [ranks[first] - 0.03, ranks[end] + 0.03]
        axes.plot(ends, [height, height], color=LIGHT["text"], linewidth=4, solid_capstyle="butt", clip_on=False)


def _leaders(axes: Axes, names: Sequence[str], ranks: Sequence[float], last: int) -> None:
    """Name the better half at the left, the others at the right, each by a leader from its rank."""
    palette, half = inks(names), (len(names) + 1) // 2
    for i, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = i < half
        depth = -0.35 - 0.32 * (i if left else len(names) - 1 - i)
        edge = 1 - 0.06 * (last - 1) if left else last + 0.06 * (last - 1)
        ink = palette[name]
        axes.plot([rank, rank, edge], [0, depth, depth], color=ink.colour, linewidth=1.4, clip_on=False)
        axes.text(
            edge, depth, f"{name}  {rank:.2f} " if left else f" {rank:.2f}  {name}", ha="right" if left else "left",
            va="center", size=TEXT, color=LIGHT["text"], weight="bold" if ink.lead else "normal", parse_math=False,
        )  # fmt: skip


def draw_profiles(regrets: Mapping[str, Floats]) -> Figure:
    """Draw for each strategy the share of runs in which its area is within τ of the best one's."""
    from matplotlib.figure import Figure as Canvas
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    palette = inks(list(regrets))
    names = sorted(regrets, key=lambda name: -float(regrets[name].mean()))  # of equal ends the better is named higher
    figure = Canvas(figsize=(8.4, 4.6))
    axes = figure.add_axes((0.1, 0.14, 0.62, 0.68))
    end = max(1e-3, float(np.quantile(np.concatenate(list(regrets.values())), 0.95)))
    heights = []
    for name in names:
        values, ink = regrets[name], palette[name]
        shares = np.arange(1, len(values) + 1) / len(values)
        inside = np.searchsorted(values, end, side="right")
        at = np.concatenate([[0.0], values[:inside], [end]])
        up = np.concatenate([[0.0], shares[:inside], [inside / len(values)]])
        axes.step(at, up, where="post", color=ink.colour, linestyle=ink.dash, linewidth=ink.width, zorder=ink.layer)
        heights.append(float(up[-1]))
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.02)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LIGHT["line"])
    axes.grid(axis="y", color=LIGHT["line"], linewidth=0.7)
    axes.tick_params(colors=LIGHT["quiet"], labelsize=TEXT, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))
    axes.set_xlabel("area below the best strategy's of the run", size=TEXT, color=LIGHT["quiet"])
    runs = len(next(iter(regrets.values())))
    figure.text(0.02, 0.93, "How often, how close to the best", size=TITLE, weight="bold", color=LIGHT["text"])
    words = f"share of {runs:,} runs (seed on a data set) that lie within a distance; higher is better"
    figure.text(0.02, 0.87, words, size=TEXT, color=LIGHT["quiet"])
    _name(axes, palette, dict(zip(names, heights, strict=True)))
    return figure


def _name(axes: Axes, palette: Mapping[str, Ink], heights: Mapping[str, float]) -> None:
    places = spread(list(heights.values()), 0.065, 0.0, 1.05)
    for (name, height), place in zip(heights.items(), places.tolist(), strict=True):
        ink = palette[name]
        free = {"transform": axes.get_yaxis_transform(), "clip_on": False, "color": ink.colour}
        axes.plot([1.0, 1.02, 1.05], [height, height, place], linewidth=0.8, **free)
        axes.plot([1.05, 1.1], [place, place], linewidth=ink.width, linestyle=ink.dash, **free)
        axes.text(
            1.115, place, name, transform=axes.get_yaxis_transform(), va="center", size=TEXT, color=LIGHT["text"],
            weight="bold" if ink.lead else "normal", parse_math=False,
        )  # fmt: skip


def png(figure: Figure, path: Path) -> None:
    """Write a figure at twice the resolution of a screen."""
    figure.savefig(path, dpi=200, facecolor=LIGHT["panel"])
