"""What a simulation found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from querist.cli._output import say, show, write


def show_results(summary: Mapping[str, Any], *, areas: bool = True) -> None:
    """Print the labels that each strategy needed on each data set and what that saves, then the result in words.

    ``areas``: the area under the curve too, which says something even where no target was reached.
    """
    from querist.simulate.tables import areas_table, needed_table, sentence

    seeds = counted(len(summary["plan"]["seeds"]), "seed")
    for dataset, full in summary["full"].items():
        click.echo(f"\n{dataset}, {full['labels']:.0f} items to ask, {seeds}")
        for make in (needed_table, areas_table) if areas else (needed_table,):
            table = make(summary, dataset)
            show(table.header, table.rows, right=range(1, len(table.header)))
    click.echo()
    write(sentence(summary))
    for note in summary.get("notes", ()):
        say(f"note: {note}")


def counted(number: int, thing: str) -> str:
    """Count things.

    >>> counted(1, "seed"), counted(5, "seed")
    ('1 seed', '5 seeds')
    """
    return f"{number} {thing}" + ("" if number == 1 else "s")


def say_written(out: Path) -> None:
    """Say what was written."""
    names = ("report.html", "curves.png", "curves.csv", "summary.json")
    first, *rest = (str(out / name) for name in names)
    say(f"wrote {first} (open it in a browser), {', '.join(rest)}")
