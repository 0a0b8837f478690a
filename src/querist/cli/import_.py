"""querist import: labels in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from querist.cli._options import as_json, study_command, study_name
from querist.cli._output import emit, say
from querist.errors import BadInput, near

if TYPE_CHECKING:
    from querist.formats import LabelRow
    from querist.study import Study
    from querist.tasks import Answer


@study_command("querist import cells.querist labels.csv")
@click.argument("file", metavar="FILE")
@click.option("--format", "form", metavar="FORMAT", help="jsonl or csv.  [default: by the ending of the file]")
@click.option(
    "--who", default="import", show_default=True, metavar="NAME", help="Who answered, where the file is silent."
)
@as_json
def command(study: Study, file: str, form: str | None, who: str, as_json: bool) -> None:
    """Read labels from a file: all, or on an error none."""
    answers = [_checked(study, replace(answer, who=answer.who or who), file) for answer in read(file, form)]
    study.record(answers)
    tally = Counter(answer.kind for answer in answers)
    status = study.status()
    if as_json:
        emit({"imported": len(answers), **tally, "labelled": status.labelled, "items": status.items})
        return
    say(f"{len(answers)} answers imported: {status.labelled} of {status.items} items labelled")
    if status.position > status.seen:
        say(f"next: querist step {study_name()}")


def read(file: str, form: str | None) -> list[Answer]:
    """Read the answers of a file; ``form`` None: its ending says which format it is."""
    from querist.formats import by_path, label_format, open_text

    reader = label_format(form or by_path(file).about.name)
    answers = reader.read_labels(open_text(file))
    if not answers:
        raise BadInput(_nothing(file, reader.read_rows(open_text(file))))
    return answers


def _nothing(file: str, rows: Sequence[LabelRow]) -> str:
    names = dict.fromkeys(name for row in rows for name in row.data)
    return (
        f"{file} holds no answers: none of its {len(rows)} rows has a label, which must be called 'label' "
        f"({near('label', names)}); nothing was imported"
    )


def _checked(study: Study, answer: Answer, file: str) -> Answer:
    try:
        study.pool.rows([answer.item])
        return answer if answer.kind != "label" else replace(answer, label=study.check(answer.item, answer.label))
    except BadInput as error:
        raise type(error)(f"{file}, item {answer.item!r}: {error}; nothing was imported") from None
