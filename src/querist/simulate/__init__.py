"""Simulations: how many labels would active learning have saved on data whose labels are known?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from querist.data import Dataset, load
from querist.errors import BadInput, near
from querist.simulate.cell import Cell, measured, run_cell
from querist.simulate.compare import Comparison, compare
from querist.simulate.curve import Curve, Point, aubc, aubc_log, aubc_lu, labels_to
from querist.simulate.images import described
from querist.simulate.oracle import Missing, Noisy, Oracle, Perfect
from querist.simulate.plan import Plan, check_models, has_spec, name_of, plan_of
from querist.simulate.results import Simulation
from querist.simulate.run import OnProgress, Progress, run, run_each
from querist.simulate.split import Source, Split, source_of, split
from querist.simulate.summary import common
from querist.tasks.classification import OF_TWO_CLASSES

__all__ = [
    "Cell",
    "Comparison",
    "Curve",
    "Missing",
    "Noisy",
    "Oracle",
    "Perfect",
    "Plan",
    "Point",
    "Progress",
    "Simulation",
    "Source",
    "Split",
    "aubc",
    "aubc_log",
    "aubc_lu",
    "check_models",
    "compare",
    "labels_to",
    "run",
    "run_cell",
    "run_each",
    "simulate",
    "source_of",
    "split",
]


def simulate(
    data: Any,
    *,
    test: Any = None,
    jobs: int = 1,
    out: str | PathLike[str] | None = None,
    on_progress: OnProgress | None = None,
    **options: Any,
) -> Simulation:
    """Replay the labelling of known data with several strategies, and measure each round on test items.

    ``data`` is a Dataset or anything ``querist.load`` reads, or a list of several; ``test`` likewise, instead of a
    share held out. ``options`` are the fields of ``Plan``: strategies=, learner=, initial=, batch=, budget=, seeds=,
    noise= … With ``out``, finished runs are kept in ``out/cells``, so that an interrupted simulation goes on where it
    was, and curves.csv, summary.json, curves.png and report.html are written there; features of images are kept in
    ``out/cache``, which may be deleted. ``jobs`` processes share the runs.
    Runs of one seed are paired: the same split, the same initial set. The value with all labels comes from one fit per
    seed on the whole training part, with the answers of the same oracle.

    Raises BadData, BadInput, MissingEvidence, UnknownName.

    >>> found = simulate("iris", strategies=["random", "margin"], initial=6, batch=6, budget=30, seeds=[0, 1])
    >>> [(row["strategy"], row["seeds"]) for row in found.summary["rows"]]
    [('random', 2), ('margin', 2)]
    """
    plan = plan_of(options)
    check_models(plan)
    cache = None if out is None else Path(out) / "cache"
    sources = [described(_source(d, test), plan, cache) for d in (data if isinstance(data, list) else [data])]
    names = [s.name for s in sources]
    _distinct(names)
    cells = [cell for source in sources for cell in _cells(source, plan)]
    kept = None if out is None else Path(out) / "cells"
    before = set() if kept is None else {file.stem for file in kept.glob("*.json")}
    curves = []
    for part in (cells[:1], cells[1:]):  # the first alone: a metric that is not there is told at once
        for at, curve in run_each(part, jobs=jobs, folder=kept, on_progress=on_progress):
            _check_metric(part[at], curve, kept if part[at].digest in before else None)
            curves.append(curve)
    curves.sort(key=lambda c: (names.index(c.dataset), plan.names.index(c.strategy) if c.strategy else -1, c.seed))
    notes = (*_notes(plan), *_left_out(names, curves))
    found = Simulation(plan, tuple(_of(curves, full=False)), tuple(_of(curves, full=True)), notes)
    if out is not None:
        found.write(out)
    return found


def _check_metric(cell: Cell, curve: Curve, kept: Path | None) -> None:
    """Check the metric as soon as a model has been measured; ``kept`` is the folder that the run was read back from."""
    metric, known = cell.plan.metric, list(curve.points[-1].metrics)
    if metric is None or metric in known:
        return
    if metric in OF_TWO_CLASSES and _one_class(cell):
        raise BadInput(
            f"{metric!r} needs two classes: the test part of {curve.dataset!r}, seed {curve.seed}, holds one; "
            "leave that seed out, or name another metric"
        )
    names = known if kept is None else measured(cell)
    if kept is None or metric not in names:
        raise BadInput(f"no metric is called {metric!r}: {near(metric, names)}")
    raise BadInput(
        f"{curve.who} was run without the metric {metric!r}: it has {', '.join(known)}; the run is older than the "
        f"metric: delete {str(kept / f'{cell.digest}.json')!r} to run it anew"
    )


def _one_class(cell: Cell) -> bool:
    return len(set(map(str, cell.split.truth))) == 1


def _left_out(names: Sequence[str], curves: Sequence[Curve]) -> Iterable[str]:
    for name in names:
        known = set(common(name, curves))
        lost = dict.fromkeys(m for c in curves if c.dataset == name for m in c.points[-1].metrics if m not in known)
        if lost:
            yield f"{', '.join(lost)} of {name!r} are not in the tables: not every run could measure them"


def _source(data: Any, test: Any) -> Source:
    known = data if isinstance(data, Dataset) else load(data)
    held = test if test is None or isinstance(test, Dataset) else load(test, like=known.pool)
    return source_of(known, held)


def _cells(source: Source, plan: Plan) -> list[Cell]:
    cuts = [(seed, split(source, plan, seed)) for seed in plan.seeds]
    return [Cell(cut, strategy, seed, plan) for seed, cut in cuts for strategy in (None, *plan.strategies)]


def _of(curves: Iterable[Curve], *, full: bool) -> list[Curve]:
    return [c for c in curves if (c.strategy is None) == full]


def _distinct(names: Sequence[str]) -> None:
    twice = [n for i, n in enumerate(names) if n in names[:i]]
    if twice:
        raise BadInput(f"data sets must have names of their own: {twice[0]!r} is there twice")


def _notes(plan: Plan) -> Iterable[str]:
    named = [(s, "strategies") for s in plan.strategies]
    for thing, kind in [(plan.learner, "learners"), *named]:
        if not has_spec(thing, kind):
            yield f"{name_of(thing, kind)} is an object without a name of its own: its runs were not kept for resuming"
    if "random" not in plan.names:
        yield "random was not run: factors saved need it as the baseline"
