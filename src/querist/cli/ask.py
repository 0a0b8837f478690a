"""querist ask: the next items to label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from querist.cli._options import study_command, study_name, who
from querist.cli._output import emit_line, say

if TYPE_CHECKING:
    from querist.study import Query, Status, Study


@study_command("querist ask cells.querist -n 8")
@click.option("-n", "n", type=click.IntRange(1), metavar="N", help="How many items.  [default: the batch]")
@who
def command(study: Study, n: int | None, who: str) -> None:
    """Print the next items to label, best first, as JSON Lines.

    Each line has id, data, suggestion, confidence, acquisition, reason and lease, and asked where only stretches of
    a text are. Items stay yours for ten minutes; asking again gives the open ones first. Nothing to print: the reason
    is on standard error, the exit code is 0.
    """
    queries = study.ask(n, who=who)
    for query in queries:
        emit_line(_facts(query))
    if not queries:
        say(why_empty(study.status(), study_name()))


def _facts(query: Query) -> dict[str, object]:
    words = ("id", "data", "suggestion", "confidence", "acquisition", "reason", "lease")
    return {word: getattr(query, word) for word in words} | ({"asked": query.asked} if query.asked else {})


def why_empty(status: Status, name: str) -> str:
    """Say why nothing can be handed out now, and what to do."""
    if not status.remaining:
        return f"done: {status.labelled} of {status.items} items labelled; `querist export {name} --format csv`"
    if status.leased >= status.remaining:
        return f"none free now: all {status.remaining} items left are out with others; ask again when they are answered"
    if status.position > status.seen:
        return f"the queue is used up, {status.remaining} items are left: run `querist step {name}`"
    return (
        f"none free now: the whole queue is out with others ({status.leased} items); ask again when they are answered"
    )
