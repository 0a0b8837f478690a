"""querist backup: copy a study while it is in use."""

from __future__ import annotations

import click

from querist.cli._options import example
from querist.cli._output import say


@click.command(epilog=example("querist backup cells.querist cells-monday.querist"))
@click.argument("study", metavar="STUDY")
@click.argument("target", metavar="TARGET")
def command(study: str, target: str) -> None:
    """Copy a study to a new file, even while people label.

    The copy holds every answer acknowledged before it began. A file that is there already is left alone.
    """
    from querist.store import backup

    backup(study, target)
    say(f"{study} is copied to {target}")
