"""querist retract: take an answer back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from querist.cli._options import study_command, who
from querist.cli._output import say

if TYPE_CHECKING:
    from querist.study import Study


@study_command("querist retract cells.querist img_0412")
@click.argument("item", metavar="ID")
@who
def command(study: Study, item: str, who: str) -> None:
    """Take your answer on an item back. The log keeps both."""
    study.retract(item, who=who)
    say(f"your answer on {item} is taken back: the item can be asked again")
