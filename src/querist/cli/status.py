"""querist status: where a study stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.cli._options import as_json, study_command
from querist.cli._output import emit, show, write

if TYPE_CHECKING:
    from querist.study import Status, Study


@study_command("querist status cells.querist")
@as_json
def command(study: Study, as_json: bool) -> None:
    """Say where the study stands: items, accuracy, advice, labels."""
    status = study.status()
    if as_json:
        emit({**status.facts(), "dashboard": study.dashboard().facts()})
        return
    write(status.sentence())
    write(f"{status.learner} + {status.strategy}, batch {status.batch}")
    for place, estimate in enumerate(status.estimates):
        if place == 0 or estimate["value"] is not None:  # what is missing is said once, of the first
            write(estimate["sentence"])
    if status.saved is not None and status.saved["value"] is not None:
        write(status.saved["sentence"])
    if status.advice is not None:
        write(status.advice["sentence"])
    if status.representation is not None:
        write(status.representation["sentence"])
    for person in status.annotators:
        write(f"{person['who'] or 'somebody'}: {person['sentence']}")
    show(["class", "labels", "share"], _rows(status), right=[1, 2])


def _rows(status: Status) -> list[list[str]]:
    total = sum(status.classes.values())
    share = (f"{100 * count / total:.0f} %" if total else "–" for count in status.classes.values())
    return [[name, str(count), part] for (name, count), part in zip(status.classes.items(), share, strict=True)]
