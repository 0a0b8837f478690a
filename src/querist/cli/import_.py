"""querist import: labels in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
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
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help="Which of `querist formats`; a folder is hugging-face, voc, yolo or kitti.  [default: by the ending of the "
    "file]",
)
@click.option(
    "--who", default="import", show_default=True, metavar="NAME", help="Who answered, where the file is silent."
)
@as_json
def command(study: Study, file: str, form: str | None, who: str, as_json: bool) -> None:
    """Read labels from a file: all, or on an error none."""
    found = _of_folder(study, file, form) if Path(file).is_dir() else _of_file(study, file, form)
    answers = [_checked(study, replace(answer, who=answer.who or who), file) for answer in found]
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


def _of_file(study: Study, file: str, form: str | None) -> list[Answer]:
    """Read the answers of a file; those about candidates are picks of their micrographs, where particles are asked."""
    from querist.formats import by_path, label_format, open_text
    from querist.formats._candidates import is_candidate, picked
    from querist.formats.protocol import answers_of

    answers = read(file, form)
    if study.task.schema["task"] != "particles":
        return answers
    rows = label_format(form or by_path(file).about.name).read_rows(open_text(file))
    standing = study.labels()
    there = {str(row.data["micrograph"]) for row in rows if is_candidate(row)} & set(standing)
    if there:
        say(f"micrographs with picks: {len(there)}; their picks stay, but for those at a candidate that was answered")
    return answers_of(picked(rows, standing=standing))


def _of_folder(study: Study, folder: str, form: str | None) -> list[Answer]:
    """Read the labels of a folder of files; raises BadInput at the first thing that would have to be left out."""
    from querist.formats import folder_format

    reader = folder_format(form or ("hugging-face" if (Path(folder) / "state.json").is_file() else ""))
    if reader is None:
        raise BadInput(f"{folder!r} is a folder: say --format hugging-face, voc, yolo or kitti, or name a file in it")
    sizes = getattr(study.pool.items, "sizes", None)
    images = None if sizes is None else dict(zip(study.pool.ids, map(tuple, sizes.tolist()), strict=True))
    read = reader.read_folder(Path(folder), images)
    if read.skipped:
        raise BadInput(f"{folder}: {read.skipped[0]} (and {len(read.skipped) - 1} more); nothing was imported")
    for note in read.notes:
        say(note)
    return [answer for row in read.rows for answer in row.answers]


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
