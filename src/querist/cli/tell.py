"""querist tell: answers in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

import click

from querist.cli._options import study_command, study_name, who
from querist.cli._output import emit, hint, say
from querist.errors import BadInput, BadLabel

if TYPE_CHECKING:
    from querist.study import Study
    from querist.tasks import Answer
    from querist.tasks.protocol import Kind

_KINDS: tuple[Kind, ...] = ("label", "skip", "unsure")


@study_command("querist ask cells.querist -n 8 | ./annotate | querist tell cells.querist -")
@click.argument("answers", metavar="[FILE|-]", type=click.File("rb"), default="-")
@who
def command(study: Study, answers: IO[bytes], who: str) -> None:
    """Record answers from JSON Lines: all, or on an error none.

    Each line is {"id": …, "label": …} or {"id": …, "skip": true} or {"id": …, "unsure": true}; "seconds", "lease" and
    "uid" (a line sent twice counts once) are optional, "who" stands before --who, other keys are ignored. Prints a
    summary as JSON.
    """
    if answers.isatty():
        say('reading answers from the terminal: one {"id": …, "label": …} a line, Ctrl-D ends')
    read = list(checked(study, answers, who=who))
    study.record(read)
    tally = Counter(answer.kind for answer in read)
    status = study.status()
    counts = {"told": len(read), "labels": tally["label"], "skips": tally["skip"], "unsure": tally["unsure"]}
    emit({**counts, "labelled": status.labelled, "items": status.items, "position": status.position})
    if not read:
        say("no answers came in: nothing was recorded")
    elif status.position - status.seen >= status.batch:
        hint(f"next: querist step {study_name()}")


def checked(study: Study, stream: IO[bytes], *, who: str) -> Iterator[Answer]:
    """Read answers line by line, as the study will keep them; raises BadInput that names the line."""
    name = getattr(stream, "name", "-")
    name = "standard input" if name in ("-", "<stdin>", 0) else str(name)
    for number, raw in enumerate(stream, 1):
        if not raw.strip():
            continue
        try:
            answer = _answer(_parse(raw), who)
            study.pool.rows([answer.item])
            yield replace(answer, label=study.check(answer.item, answer.label)) if answer.kind == "label" else answer
        except BadInput as error:
            raise type(error)(f"{name}, line {number}: {error}; nothing was recorded") from None


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 text at byte {error.start + 1}: save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON at character {error.pos + 1}: {error.msg}") from None
    id = found.get("id") if isinstance(found, dict) else None
    if not isinstance(id, str | int) or isinstance(id, bool):
        got = raw.decode("utf-8-sig").strip()[:80]
        raise BadInput(f'an answer is one object {{"id": …, "label": …}}: got {got}')
    return dict(found)


def _answer(found: dict[str, Any], who: str) -> Answer:
    from querist.tasks import Answer

    given = [kind for kind in _KINDS if (found.get(kind) is not None if kind == "label" else found.get(kind))]
    if len(given) != 1:
        got = " and ".join(given) or "only " + ", ".join(found)
        raise BadLabel(f'give one of "label", "skip", "unsure": got {got}')
    seconds = found.get("seconds")
    if seconds is not None and not (isinstance(seconds, int | float) and 0 <= seconds < float("inf")):
        raise BadInput(f"seconds must be a number, 0 or more: got {seconds!r}")
    label = found["label"] if given == ["label"] else None
    by = str(found.get("who") or who)
    lease, uid = (None if found.get(name) is None else str(found[name]) for name in ("lease", "uid"))
    return Answer(str(found["id"]), label, given[0], by, seconds, lease=lease, uid=uid)
