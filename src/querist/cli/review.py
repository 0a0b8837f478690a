"""querist review: what deserves a second look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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
@click.option(
    "--change",
    metavar="ITEM LABEL",
    type=(str, str),
    multiple=True,
    help="Give ITEM another label (a class, or JSON), as a reviewer who saw what it had. Repeatable.",
)
@who
@as_json
def command(study: Study, kind: str, most: int, as_json: bool, **decided: Any) -> None:
    """List items that deserve a second look, the most suspicious first.

    Label errors are labels that a model contradicts which was trained without them; they are judged anew when answers
    have come since. To keep a label, use --keep, which is no answer and trains nothing; to change it, --change: an
    answer like any other, but no independent opinion in the figures on people. Both record all, or on an error none.
    """
    if decided["keep"] or decided["change"]:
        _decide(study, **decided)
        return
    found = study.review(kind)
    if as_json:
        facts = found.facts()
        emit({**facts, "items": facts["items"][:most]})
        return
    _table(found, most)


def _decide(study: Study, *, keep: tuple[str, ...], change: tuple[tuple[str, str], ...], who: str) -> None:
    from querist.tasks import Answer

    answers = [Answer(item, {"reviewed": True}, "note", who) for item in keep]
    for item, label in change:
        seen = {"reviewed": True, "informed": True}
        answers += [Answer(item, _label(label), who=who), Answer(item, seen, "note", who)]
    study.record(answers)
    for word, items in (("kept", keep), ("changed", [item for item, _ in change])):
        if items:
            say(f"{word} {', '.join(items)}: reviewed by {who or 'somebody'}")


def _label(text: str) -> Any:
    """Read a label that is more than one class, which is JSON; a class is its name."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, list | dict) else text


def _table(found: Queue, most: int) -> None:
    write(f"{found.kind}: {len(found.doubts)} to review; {found.sentence}")
    if not found.doubts:
        return
    rows = [[doubt.item, f"{doubt.score:.2f}", doubt.reason] for doubt in found.doubts[:most]]
    show(["item", "score", "why"], rows, right=[1])
    hint(f"keep one: querist review {study_name()} --keep ITEM; change one: --change ITEM LABEL")
