"""querist skip: set an item aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from querist.cli._options import study_command, who
from querist.cli._output import say

if TYPE_CHECKING:
    from querist.study import Study


@study_command("querist skip cells.querist img_0412")
@click.argument("item", metavar="ID")
@click.option("--unsure", is_flag=True, help="Looked at it and cannot tell; without: not now.")
@who
def command(study: Study, item: str, unsure: bool, who: str) -> None:
    """Set an item aside: not now, or (with --unsure) cannot tell. It is offered again last."""
    study.skip(item, who=who, unsure=unsure)
    say(f"{item} is set aside as {'unsure' if unsure else 'skipped'}: it is offered again last")
