"""querist review: what deserves a second look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from querist.cli._options import as_json, study_command, study_name, who
from querist.cli._output import emit, hint, say, show, write

if TYPE_CHECKING:
    from querist.study import Study
    from querist.study.review import Queue

# as in querist.study.review, which is not imported for the help
KINDS = ("label-errors", "disagreements", "unsure", "flagged")
MOST = 20


@study_command("querist review cells.querist --kind label-errors")
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="Which queue.")
@click.option(
    "-n", "most", metavar="N", type=click.IntRange(min=1), default=MOST, show_default=True, help="How many at most."
)
@click.option(
    "--keep", metavar="ITEM", multiple=True, help="Keep the label of ITEM: it does not come back. Repeatable."
)
@who
@as_json
def command(study: Study, kind: str, most: int, keep: tuple[str, ...], who: str, as_json: bool) -> None:
    """List items that deserve a second look, the most suspicious first.

    Label errors are labels that a model contradicts which was trained without them; they are judged anew when answers
    have come since. To change a label, tell another; to keep it, use --keep, which is no answer and trains nothing.
    """
    if keep:
        _keep(study, keep, who)
        return
    found = study.review(kind)
    if as_json:
        facts = found.facts()
        emit({**facts, "items": facts["items"][:most]})
        return
    _table(found, most)


def _keep(study: Study, items: tuple[str, ...], who: str) -> None:
    for item in items:
        study.note(item, who, reviewed=True)
    say(f"kept {', '.join(items)}: reviewed by {who or 'somebody'}")


def _table(found: Queue, most: int) -> None:
    write(f"{found.kind}: {len(found.doubts)} to review; {found.sentence}")
    if not found.doubts:
        return
    rows = [[doubt.item, f"{doubt.score:.2f}", doubt.reason] for doubt in found.doubts[:most]]
    show(["item", "score", "why"], rows, right=[1])
    hint(f"keep one: querist review {study_name()} --keep ITEM; change some: querist tell {study_name()}")
