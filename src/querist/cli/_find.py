"""What `querist simulate --goal find` runs and prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from querist.cli._options import columns, notes
from querist.cli._output import emit, say, write
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.study.search import Goal

_UNUSED = {"strategy": None, "test": None, "test_size": None, "audit": 0.0, "noise": 0.0, "missing": 0.0, "overlap": 1}


def search_each(data: Sequence[str], goal: Goal, options: dict[str, Any], *, out: Path, as_json: bool) -> None:
    """Search each data set for the class, say how it went, and write find.json."""
    from querist.cli.simulate import numbers
    from querist.data import load
    from querist.simulate.find import find, summary

    _refuse(options)
    seeds, given, found = numbers(options["seeds"]), columns(options), []
    for source in data:
        dataset = load(source, **given)
        notes(dataset)
        runs = find(dataset, goal, seeds=seeds, batch=options["batch"], learner=options["learner"],
                    duplicates=options["duplicates"])  # fmt: skip
        found.append(summary(runs))
        if not as_json:
            write(sentence(found[-1], goal))
    whole = {"goal": goal.facts(), "rows": found}
    out.mkdir(parents=True, exist_ok=True)
    (out / "find.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")
    say(f"wrote {out / 'find.json'}")
    if as_json:
        emit(whole)


def _refuse(options: Mapping[str, Any]) -> None:
    for name, plain in _UNUSED.items():
        if options[name] != plain:
            raise BadInput(f"--goal find reads the whole pool in its own order: leave --{name.replace('_', '-')} away")


def sentence(row: Mapping[str, Any], goal: Goal) -> str:
    """Say in words what the searches of a data set took."""
    aim = f"{100 * goal.recall:g} %"
    runs, best = len(row["seeds"]), 100 * goal.recall * row["members"] / row["items"]
    return (
        f"{row['dataset']}: {row['members']} of {row['items']} items are {goal.target!r}; {aim} of them found by "
        f"{_range(row['depth'])} read (at best {best:.1f} % where each is read), "
        f"WSS@{100 * goal.recall:g} {row['work_saved']['median']:.3f}; the {goal.stop} rule stops by "
        f"{_range(row['stopped'])} with a recall of {_range(row['recall'])}, {aim} or more in {row['met']} of "
        f"{runs} {'run' if runs == 1 else 'runs'}"
    )


def _range(values: Mapping[str, float]) -> str:
    return f"{100 * values['median']:.1f} % ({100 * values['low']:.1f} to {100 * values['high']:.1f})"
