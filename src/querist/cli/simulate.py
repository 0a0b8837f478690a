"""querist simulate: how many labels would have been saved?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from querist.cli._find import search_each
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
from querist.cli._output import emit
from querist.cli._progress import watching
from querist.cli._results import say_written, show_results
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.data import Dataset
    from querist.simulate import Plan, Simulation

_EXAMPLE = "querist simulate digits --strategy random,auto,margin --batch 10 --budget 300 --seeds 0-9 --out run"


@click.command(epilog=example(_EXAMPLE))
@click.argument("data", metavar="DATA...", nargs=-1, required=True)
@click.option(
    "--strategy",
    metavar="A,B",
    shell_complete=completing("strategies"),
    help="The strategies to compare.  [default: the task's own, random,auto,margin for classes]",
)
@learner("How to train.  [default: the task's own, linear for classes]")
@click.option(
    "--initial",
    type=click.IntRange(0),
    metavar="N",
    default=20,
    show_default=True,
    help="Labels before the first round.",
)
@click.option(
    "--initial-by",
    default="random",
    show_default=True,
    metavar="HOW",
    help="Choose them at random, stratified, or by a strategy.",
)
@click.option("--batch", type=click.IntRange(1), metavar="N", default=10, show_default=True, help="Labels a round.")
@click.option(
    "--budget",
    type=click.IntRange(1),
    metavar="N",
    help="Labels in all, the initial ones included.  [default: the whole training part]",
)
@click.option(
    "--spend",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="End when the answers have cost so much, in the unit of --cost; the batch under way is finished.",
)
@click.option("--seeds", default="0-9", show_default=True, metavar="0-9|0,2,5", help="One split and start per seed.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder for the report, the plot and the numbers; finished runs resume from it.",
)
@click.option("--task", metavar="NAME", default="classification", show_default=True, help="The form of a label.")
@search
@duplicates
@encoder
@reading
@click.option(
    "--test", metavar="DATA", help="Test on this data.  [default: the test part of DATA, else a share held out]"
)
@click.option("--test-size", type=float, metavar="SHARE", help="The share held out for testing.  [default: 0.4]")
@click.option(
    "--cost",
    default="items",
    metavar="UNIT",
    show_default=True,
    help="What is paid: items, seconds (a column of the data), or the task's own unit (boxes, tokens). Where it is not "
    "items, curves and tables are in this unit.",
)
@click.option("--metric", metavar="NAME", help="The metric of the table.  [default: the task's first]")
@click.option(
    "--noise", type=float, metavar="SHARE", default=0.0, show_default=True, help="The share of wrong answers."
)
@click.option(
    "--missing", type=float, metavar="SHARE", default=0.0, show_default=True, help='The share of "unsure" answers.'
)
@click.option(
    "--annotators",
    type=click.IntRange(1),
    metavar="A",
    default=1,
    show_default=True,
    help="People who answer in turn; their shares of wrong answers are spread from 0 to twice --noise.",
)
@click.option("--overlap", type=click.IntRange(1), metavar="K", default=1, show_default=True, help="People per item.")
@click.option(
    "--audit",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="SHARE",
    default=0.0,
    show_default=True,
    help="The share of labels drawn at random that trains nothing.",
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="J", default=1, show_default=True, help="Processes that share the runs."
)
@as_json
def command(data: tuple[str, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Replay the labelling of known data with several strategies.

    DATA is one or several files, folders or scikit-learn sets by name. Progress goes to standard error; the table, or
    with --json the summary, to standard output.
    """
    goal = goal_of(options)
    if goal is not None:
        search_each(data, goal, options, out=out, as_json=as_json)
        return
    if options.pop("duplicates") != "ask":
        raise BadInput("--duplicates belongs to --goal find here: other simulations ask every item")
    jobs, test, share = options.pop("jobs"), options.pop("test"), options.pop("test_size")
    sources = read_data(data, test, columns(options), own=share is None)
    plan = plan_of(options if share is None else {**options, "test_size": share})
    found = run(plan, sources, out=out, jobs=jobs)
    if as_json:
        emit(found.summary)
        return
    show_results(found.summary)
    say_written(out)


def plan_of(options: dict[str, Any]) -> Plan:
    """Build the plan from the command's options; raises BadInput."""
    from querist.simulate import Plan
    from querist.tasks import named

    names = options["strategy"]
    chosen = named(options["task"]).compared if names is None else specifications(names)
    words = {**options, "strategies": chosen, "seeds": numbers(options["seeds"])}
    del words["strategy"]
    return Plan(**words)


def read_data(
    data: Sequence[str], test: str | None, given: Mapping[str, Any], *, own: bool = True
) -> tuple[list[Dataset], Dataset | None]:
    """Read the data sets and the test items in the same form: ``test``, else (``own``) the data's own test part."""
    from querist.data import load, load_test

    if test is not None and len(data) > 1:
        raise BadInput(f"--test belongs to one data set: got {len(data)}; run them one by one")
    found = [load(source, **given) for source in data]
    for each in found:
        notes(each)
        warnings(each)
    if test is not None:
        return found, load(test, like=found[0].pool, **given)
    if not own or len(data) > 1 or "tile" in given:  # slides and micrographs have no test part
        return found, None
    # what is shown of a scan, the pool says
    columns = {name: value for name, value in given.items() if name != "show"}
    return found, load_test(data[0], like=found[0].pool, **columns)


def run(plan: Plan, sources: tuple[list[Dataset], Dataset | None], *, out: Path, jobs: int) -> Simulation:
    """Run a plan under a live progress line for each strategy; what is finished is kept when interrupted."""
    from querist.simulate import simulate

    data, test = sources
    try:
        with watching(plan, len(data)) as on_progress:
            return simulate(data, test=test, jobs=jobs, out=out, on_progress=on_progress, **vars(plan))
    except KeyboardInterrupt:
        raise click.Abort(
            f"\ninterrupted: finished runs are kept in {out}, the same command goes on from there"
        ) from None


def specifications(text: str) -> tuple[str, ...]:
    """Split a list of names at its commas, but not inside brackets.

    >>> specifications("margin, power-bald(beta=4, n=1)")
    ('margin', 'power-bald(beta=4, n=1)')
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    names = tuple(part.strip() for part in parts)
    if not all(names):
        raise BadInput(f"--strategy has an empty name: got {text!r}; write --strategy random,margin")
    return names


def numbers(text: str) -> tuple[int, ...]:
    """Read seeds: numbers and ranges, both ends included.

    >>> numbers("0-3"), numbers("0,2,5-6")
    ((0, 1, 2, 3), (0, 2, 5, 6))
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise BadInput(f"--seeds must be numbers or a range from low to high: got {text!r}; write 0-9 or 0,2,5")
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)
