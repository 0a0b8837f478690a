"""The live picture of a simulation: one line per strategy on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from querist.cli._output import console

if TYPE_CHECKING:
    from rich.progress import Progress as Lines
    from rich.progress import Task

    from querist.simulate import Plan, Progress

FULL = "all labels"


@dataclass
class Tally:
    """How far the runs of one strategy are, in labels; ``kept`` of them were read back from an earlier run."""

    runs: int
    batch: int
    initial: int
    labels: dict[tuple[str, int], int] = field(default_factory=dict)
    finished: set[tuple[str, int]] = field(default_factory=set)
    budget: int = 0
    kept: int = 0

    def hear(self, news: Progress) -> None:
        """Take in one piece of news."""
        run = (news.dataset, news.seed)
        self.budget = max(self.budget, news.budget)
        self.labels[run] = news.budget if news.finished else news.labels
        if news.finished:
            self.finished.add(run)
        if news.kept:
            self.kept += news.budget

    @property
    def done(self) -> int:
        """The labels of all runs so far."""
        return sum(self.labels.values())

    @property
    def rounds(self) -> int:
        """The rounds of all runs so far."""
        return sum(-(-max(n - self.initial, 0) // self.batch) + 1 for n in self.labels.values())


def time_left(seconds: float, done: float, total: float) -> str:
    """Estimate the time left from the time spent; nothing is said before there is something to go by.

    >>> time_left(30.0, 10, 40)
    '1:30 left'
    """
    if done <= 0 or total <= 0:
        return ""
    left = round(seconds * max(total - done, 0) / done)
    return f"{left // 60}:{left % 60:02d} left" if left else ""


@contextmanager
def watching(plan: Plan, datasets: int) -> Iterator[Callable[[Progress], None] | None]:
    """Show the runs of a plan while they go; gives the function that hears of them, or None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with _lines() as lines:
        yield _Board(lines, plan, datasets).hear


class _Board:
    """One line per strategy, and one for the fits on all labels."""

    def __init__(self, lines: Lines, plan: Plan, datasets: int) -> None:
        runs = datasets * len(plan.seeds)
        self._lines, self._word = lines, "seeds" if datasets == 1 else "runs"
        self._tally: dict[str, Tally] = defaultdict(lambda: Tally(runs, plan.batch, plan.initial))
        width = max(map(len, (*plan.names, FULL)))
        self._row = {name: lines.add_task(name.ljust(width), total=1, said="") for name in (*plan.names, FULL)}

    def hear(self, news: Progress) -> None:
        name = news.strategy or FULL
        tally = self._tally[name]
        tally.hear(news)
        total = tally.budget * tally.runs
        said = f"{len(tally.finished)}/{tally.runs} {self._word}"
        said += "" if name == FULL else f", {tally.rounds} rounds"
        self._lines.update(self._row[name], total=total, completed=tally.done, said=said, kept=tally.kept)


def _lines() -> Lines:
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Left(ProgressColumn):
        """The time left, from the pace since the start: the strategies take turns, so their own clocks mislead."""

        def render(self, task: Task) -> Text:
            kept = task.fields.get("kept", 0)
            return Text(time_left(task.elapsed or 0.0, task.completed - kept, (task.total or 0) - kept), style="dim")

    columns: Sequence[ProgressColumn] = (
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=24, complete_style="#0072B2", finished_style="#0072B2"),
        TextColumn("{task.fields[said]}"),
        Left(),
    )
    return Progress(*columns, console=console())
