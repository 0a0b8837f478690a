"""querist new: start a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from querist.cli._options import (
    as_json,
    columns,
    completing,
    duplicates,
    encoder,
    example,
    goal_of,
    learner,
    notes,
    reading,
    search,
    warnings,
)
from querist.cli._output import emit, say
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.study import Status


class Audit(click.ParamType[float | str]):
    """A share from 0 to 1, 1 excluded, or the word "prequential"."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Read what was given."""
        if value == "prequential":
            return "prequential"
        share: float = click.FloatRange(0, 1, max_open=True).convert(value, param, ctx)
        return share


@click.command(epilog=example("querist new cells.querist cells.csv --labels benign,malignant --id name"))
@click.argument("study", metavar="STUDY")
@click.argument("data", metavar="DATA")
@click.option("--task", metavar="NAME", default="classification", show_default=True, help="The form of a label.")
@click.option("--labels", metavar="A,B,C", help="The classes, in order.  [default: those found in the data]")
@learner("How to train; `querist learners` lists them.  [default: the task's own, linear for classes]")
@click.option(
    "--strategy",
    metavar="NAME",
    shell_complete=completing("strategies"),
    help="How to choose; `querist strategies` lists them.  [default: the task's own, auto for classes]",
)
@click.option(
    "--batch", type=click.IntRange(1), metavar="N", default=10, show_default=True, help="Items that one round chooses."
)
@click.option("--seed", type=int, metavar="N", default=0, show_default=True, help="The seed of every draw.")
@click.option("--overlap", type=click.IntRange(1), metavar="K", default=1, show_default=True, help="People per item.")
@click.option(
    "--audit",
    type=Audit(),
    metavar="SHARE",
    help="Of all questions, the share asked at random, which trains nothing, for `querist status` to tell the "
    "accuracy; prequential: a tenth that trains once it was scored.  [default: 0.1 for classes in 300 items or more, "
    "else 0]",
)
@click.option(
    "--cost",
    type=click.Choice(["task", "seconds"]),
    default="task",
    show_default=True,
    help="What per-cost and the like divide by: what the learner counts (tokens, boxes), or the seconds that an answer "
    "will take, learned from those so far.",
)
@click.option("--suggestions/--no-suggestions", default=True, help="Show what the model would answer, or do not.")
@click.option("--ignore-labels", is_flag=True, help="Start without the labels in the data; their classes stay.")
@search
@duplicates
@encoder
@reading
@as_json
def command(study: str, data: str, as_json: bool, **options: Any) -> None:
    """Start a study of the items in DATA, and rank its first queue.

    STUDY is a new file (name.querist) or a database URL; a study that is there already is left alone. Labels found in
    the data are kept as answers, unless you say --ignore-labels.
    """
    check_place(study)
    status, warning = _create(study, data, **options)
    if warning:
        say(f"warning: {warning}")
    if as_json:
        emit(status.facts())
        return
    classes = ", ".join(list(status.classes)[:12]) + (", …" if len(status.classes) > 12 else "")
    say(f"{study}: {status.items} items, {status.labelled} labelled, {len(status.classes)} classes ({classes})")
    say(f"{status.learner} + {status.strategy}, batch {status.batch}; the first queue is ready")
    say(f"next: querist ask {study}")


def _create(
    path: str, data: str, *, labels: str | None, ignore_labels: bool, **options: Any
) -> tuple[Status, str | None]:
    from querist.data import load
    from querist.study import Study
    from querist.study.audit import warning_for

    goal = goal_of(options)
    names = None if labels is None else classes_of(labels)
    dataset = load(data, **columns(options))
    notes(dataset)
    warnings(dataset, names)
    with Study.create(path, dataset, labels=names, keep_labels=not ignore_labels, goal=goal, **options) as study:
        return study.status(), warning_for(study.settings.held, study.pool)


def check_place(study: str) -> None:
    """Refuse a study file of another name; raises BadInput."""
    if "://" not in study and not study.endswith(".querist"):
        raise BadInput(
            f"a study is one file whose name ends in .querist, or a database URL: got {study!r}; "
            f"write {study.rstrip('/')}.querist"
        )


def classes_of(text: str) -> list[str | int]:
    """Read the names of the classes, as integers where all of them are.

    >>> classes_of("benign, malignant"), classes_of("0,1,2")
    (['benign', 'malignant'], [0, 1, 2])
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise BadInput(f"--labels has an empty name: got {text!r}; write --labels a,b,c")
    return [int(name) for name in names] if all(name.lstrip("-").isdecimal() for name in names) else list(names)
