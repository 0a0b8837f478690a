"""Replay a search for one class: how much must be read to find it, and where the stopping rule would end it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from querist.data import Dataset
from querist.errors import BadInput, near
from querist.estimate.recall import depth_of, work_saved
from querist.learners.protocol import Learner
from querist.study import Study
from querist.study.search import Goal
from querist.study.twins import twins_of
from querist.tasks import Answer, Label


@dataclass(frozen=True)
class Found:
    """One search: N items, members of the class, items read until the recall, and where the rule stopped it.

    ``depth`` counts everything read, a random sample too, and ``work_saved`` is WSS at the recall (WSS@95 for .95).
    ``stopped`` is None where the rule let the whole pool be read; ``left`` is what the study told then.
    """

    dataset: str
    seed: int
    items: int
    members: int
    depth: int
    work_saved: float
    stopped: int | None
    recall: float
    left: Mapping[str, Any] | None
    met: bool


def find(
    data: Dataset,
    goal: Goal,
    *,
    seeds: Sequence[int] = range(10),
    batch: int = 20,
    learner: str | Learner | None = None,
    duplicates: str = "ask",
) -> list[Found]:
    """Search known data for a class from nothing, once for each seed, to the end of the rule and to the recall.

    With ``duplicates`` "exact" or "near", a copy of a text that was read is found with it where the answer offered for
    it is right, and never read. Raises BadInput for a class that no item has. Cost: one fit and one pass a batch.

    >>> import querist
    >>> runs = find(querist.load("iris"), Goal("setosa"), seeds=[0], batch=10)
    >>> runs[0].members, runs[0].depth < 80
    (50, True)
    """
    labels = list(data.labels or [])
    if goal.target not in labels:
        raise BadInput(
            f"no item of {data.name!r} is {goal.target!r}: {near(str(goal.target), sorted(map(str, labels)))}"
        )
    study = {"batch": batch, "learner": learner, "duplicates": duplicates}
    return [_one(data, goal, seed, study=study) for seed in seeds]


def _one(data: Dataset, goal: Goal, seed: int, *, study: Mapping[str, Any]) -> Found:
    truth = {id: label for id, label in zip(data.pool.ids, data.labels or [], strict=True) if label is not None}
    members = sum(label == goal.target for label in truth.values())
    unread = Dataset(data.pool, None, data.name)
    names = sorted(set(truth.values()), key=str)
    flags: list[int] = []
    copies = _Copies.of(data, goal, study["duplicates"])
    stopped: tuple[int, Mapping[str, Any] | None] | None = None
    with Study.create(
        None, unread, labels=names, seed=seed, suggestions=False, reserve=0, goal=goal, **study
    ) as search:
        while stopped is None or depth_of(flags, members, recall=goal.recall) is None:
            got = _read(search, truth)
            if not got:
                break
            flags += [copies.found(id) for id in got]
            search.step()
            status = search.status()
            if stopped is None and status.advice is not None and status.advice["stop"]:
                stopped = len(flags), next((e for e in status.estimates if e["metric"] == "left"), None)
    return _found(data, goal, seed, flags=flags, stopped=stopped)


def _read(study: Study, truth: Mapping[str, Label]) -> list[str]:
    ids = [query.id for query in study.ask()]
    there = [id for id in ids if id in truth]
    study.record([Answer(id, truth[id]) for id in there])
    for id in set(ids) - set(there):
        study.skip(id)
    return there


@dataclass(frozen=True)
class _Copies:
    """The members that are still to be found, by the first of the texts that are copies of each other."""

    first: Mapping[str, int]
    members: dict[int, int]
    target: Mapping[str, bool]

    @staticmethod
    def of(data: Dataset, goal: Goal, kind: str) -> _Copies:
        """Group the members; each item alone where copies are asked."""
        firsts = twins_of(data.pool, kind)
        rows = range(len(data.pool)) if firsts is None else firsts.tolist()
        first = dict(zip(data.pool.ids, rows, strict=True))
        target = {id: label == goal.target for id, label in zip(data.pool.ids, data.labels or [], strict=True)}
        return _Copies(first, dict(Counter(first[id] for id, right in target.items() if right)), target)

    def found(self, id: str) -> int:
        """Count the members that reading an item finds: with it all its copies that are members, once."""
        return self.members.pop(self.first[id], 0) if self.target[id] else 0


def _found(data: Dataset, goal: Goal, seed: int, *, flags: list[int], stopped: Any) -> Found:
    members = sum(label == goal.target for label in data.labels or [])
    depth = depth_of(flags, members, recall=goal.recall) or len(flags)
    at, left = stopped or (None, None)
    recall = sum(flags[:at]) / members
    saved = work_saved(depth, len(data.pool), recall=goal.recall)
    return Found(
        data.name or "data", seed, len(data.pool), members, depth, saved, at, recall, left, recall >= goal.recall
    )


def summary(runs: Sequence[Found]) -> dict[str, Any]:
    """Sum runs up as JSON: medians and extremes of the shares read, and how often the recall was reached at the stop.

    >>> run = Found("a", 0, 100, 10, 12, 0.83, 20, 1.0, None, True)
    >>> summary([run])["stopped"]["median"]
    0.2
    """
    ends = [(run.stopped or run.items) / run.items for run in runs]
    return {
        "dataset": runs[0].dataset,
        "seeds": [run.seed for run in runs],
        "items": runs[0].items,
        "members": runs[0].members,
        "depth": _spread([run.depth / run.items for run in runs]),
        "work_saved": _spread([run.work_saved for run in runs]),
        "stopped": _spread(ends),
        "recall": _spread([run.recall for run in runs]),
        "met": sum(run.met for run in runs),
        "runs": [asdict(run) for run in runs],
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "low": min(values), "high": max(values)}
