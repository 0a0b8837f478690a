"""What a simulation found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from querist.cli._output import say, show, write


def show_results(summary: Mapping[str, Any]) -> None:
    """Print, for each data set, the labels that each strategy needed and what that saves, then the result in words."""
    from querist.simulate.tables import needed_table, sentence

    for dataset, full in summary["full"].items():
        table = needed_table(summary, dataset)
        click.echo(f"\n{dataset}, {full['labels']:.0f} items to ask, {len(summary['plan']['seeds'])} seeds")
        show(table.header, table.rows, right=range(1, len(table.header)))
    click.echo()
    write(sentence(summary))
    for note in summary.get("notes", ()):
        say(f"note: {note}")


def say_written(out: Path) -> None:
    """Say what was written."""
    names = ("report.html", "curves.png", "curves.csv", "summary.json")
    say("wrote " + ", ".join(str(out / name) for name in names))
