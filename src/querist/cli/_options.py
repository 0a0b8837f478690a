"""Options that several commands share."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from querist.cli._output import say
from querist.errors import BadInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from querist.data import Dataset
    from querist.study.search import Goal

Command = Callable[..., Any]


def example(line: str) -> str:
    """Write the example at the end of a command's help; it is never re-wrapped."""
    return f"\b\nExample:\n  {line}"


_AGAIN = ("learner", "strategy")


def study_command(line: str) -> Callable[[Command], click.Command]:
    """Make a function of an opened study a command with the argument STUDY; ``line`` is its example."""

    def decorate(function: Command) -> click.Command:
        made = click.command(epilog=example(line))(_on_study(function))
        made.params.sort(key=lambda each: each.name in _AGAIN)
        return made

    return decorate


def _on_study(function: Command) -> Command:
    @click.argument("study", metavar="STUDY")
    @learner("The learner, where the study could not store it.")
    @click.option("--strategy", metavar="NAME", shell_complete=completing("strategies"), help="The strategy, likewise.")
    @wraps(function)
    def opened(study: str, learner: str | None, strategy: str | None, **options: Any) -> Any:
        from querist.study import Study

        with Study.open(study, learner=learner, strategy=strategy) as found:
            return function(found, **options)

    return opened


def learner(what: str, default: str | None = None) -> Callable[[Command], Command]:
    """Add the option --learner."""
    return click.option(
        "--learner",
        metavar="NAME",
        default=default,
        show_default=default is not None,
        callback=_with_own_code,
        shell_complete=completing("learners"),
        help=what,
    )


def _with_own_code(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Let a dotted name be found in the current folder, which is searched last and for such a name only."""
    name, _, argument = (value or "").partition("(")[0].partition(":")
    if name == "sklearn" and "." in argument and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    return value


def study_name() -> str:
    """Give the study's name as the user wrote it, for messages that name the next command."""
    return str(click.get_current_context().params["study"])


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


who = click.option(
    "--who",
    envvar="QUERIST_WHO",
    default=_login,
    metavar="NAME",
    help="The person who answers; two names never get the same item.  [default: QUERIST_WHO, else the login name]",
)

encoder = click.option(
    "--encoder",
    metavar="NAME",
    help="What describes images or texts: an .onnx file, onnx(path='FILE', scale='imagenet'); the folder of a text "
    "model, tfidf(characters=(2,5)).  [default: pixels, tfidf]",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


_COLUMNS = {
    "text": "The column with the text to learn from.",
    "label": "The column with the label, where some rows have one.",
    "id": "The column with the id; every id once.  [default: the one called id; '' for none]",
    "group": "The column that says which rows belong together (one patient).",
    "annotations": "How to read the boxes beside images: coco, voc, yolo, kitti, or 'voc(first=1, clip=True)'.",
}
_TILE = "Cut micrographs or slides (TIFF) into tiles of at most this many pixels a side, each an item."
_SHOW = "Tags of DICOM headers that people shall see and exports hold, such as PatientName,StudyDate.  [default: none]"


def reading(function: Command) -> Command:
    """Add the options that say which columns of a table are what; they arrive as keywords of ``load``."""
    for name, what in reversed(_COLUMNS.items()):
        metavar = "FORMAT" if name == "annotations" else "COL"
        function = click.option(f"--{name}", metavar=metavar, help=what)(function)
    function = click.option("--tile", type=click.IntRange(16), metavar="PIXELS", help=_TILE)(function)
    return click.option("--show", metavar="TAGS", help=_SHOW)(function)


def columns(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of ``reading`` that were given out of a command's options."""
    found = {name: options.pop(name, None) for name in (*_COLUMNS, "tile", "show")}
    return {name: value for name, value in found.items() if value is not None}


def search(command: Command) -> Command:
    """Add the options of a search for one class: --goal, --target, --recall, --stop."""
    for name, settings in reversed(_SEARCH.items()):
        command = click.option(name, **settings)(command)
    return command


_SEARCH: dict[str, Any] = {
    "--goal": {
        "type": click.Choice(["learn", "find"]),
        "default": "learn",
        "show_default": True,
        "help": "A good model, or all items of one class with little reading.",
    },
    "--target": {"metavar": "CLASS", "help": "The class to find."},
    "--recall": {
        "type": click.FloatRange(0, 1, min_open=True, max_open=True),
        "metavar": "SHARE",
        "default": 0.95,
        "show_default": True,
        "help": "The share of the class to find.",
    },
    "--stop": {
        "type": click.Choice(["knee", "certified"]),
        "default": "knee",
        "show_default": True,
        "help": "When to say that a search may stop: cheap, without a guarantee; or with 90 % confidence, after a "
        "random sample that holds 45 items of the class.",
    },
}


def duplicates(command: Command) -> Command:
    """Add the option --duplicates."""
    return click.option(
        "--duplicates",
        type=click.Choice(["ask", "exact", "near"]),
        default="ask",
        show_default=True,
        help="Ask texts that repeat others too, or ask each text once and offer its answer for exact or near copies.",
    )(command)


def goal_of(options: dict[str, Any]) -> Goal | None:
    """Take the options of ``search`` out of a command's options; None without a search. Raises BadInput."""
    words = [options.pop(name) for name in ("goal", "target", "recall", "stop")]
    kind, target, recall, stop = words
    if (kind == "find") != (target is not None):
        raise BadInput("--goal find and --target CLASS belong together: give both, or none")
    if kind == "learn":
        return None
    from querist.study.search import Goal

    return Goal(target, recall=recall, stop=stop)


MOST_SKIPPED = 20


def notes(dataset: Dataset) -> None:
    """Say how data were read: columns that are no features, rows left out (the first twenty by name)."""
    more = len(dataset.skipped) - MOST_SKIPPED
    for note in (*dataset.pool.about.get("notes", ()), *dataset.skipped[:MOST_SKIPPED]):
        say(f"{dataset.name}: {note}")
    if more > 0:
        say(f"{dataset.name}: and {more} more left out; querist.load(…).skipped lists all")


def warnings(dataset: Dataset, classes: list[Any] | None = None) -> None:
    """Warn of columns that give the answer away."""
    from querist.data.leaks import leaks

    for warning in leaks(dataset, classes):
        say(f"{dataset.name}: {warning}")


def completing(kind: str) -> Callable[..., list[CompletionItem]]:
    """Complete the names of strategies or learners in the shell."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from querist._load import names

        return [CompletionItem(name) for name in names(kind) if name.startswith(incomplete)]

    return complete
