"""One cell of a simulation: a strategy on one split with one seed, through the public Study."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from hashlib import blake2b
from time import perf_counter
from typing import Any

import querist
from querist._draw import Draw
from querist.data import Dataset, Pool
from querist.embed import encode_pool, image_encoder, is_images
from querist.errors import BadData, BadInput
from querist.learners import resolve as resolve_learner
from querist.simulate.curve import Curve, Point
from querist.simulate.oracle import WHO, Missing, Noisy, Oracle, People, Perfect, people_names, spread
from querist.simulate.plan import Plan, has_spec, name_of
from querist.simulate.split import Split
from querist.strategies.protocol import Strategy
from querist.study import Study
from querist.study.stretches import answered
from querist.tasks import Answer, Classification, Label, Task, from_labels
from querist.view import Need

OnRound = Callable[[int], None]
"""Called with the number of labels after each round."""
Cut = Callable[[Sequence[Answer]], Sequence[Answer]]
"""Leaves of answers what was asked, where that is a part of an item."""


@dataclass(frozen=True, eq=False, repr=False)
class Cell:
    """One run: a split, a strategy (None: one fit on every label), a seed, and the protocol of the plan."""

    split: Split
    strategy: str | Strategy | None
    seed: int
    plan: Plan

    def __repr__(self) -> str:
        return f"Cell({self.split.source.name!r}, {self.name or 'all labels'!r}, seed {self.seed})"

    @property
    def name(self) -> str | None:
        """The strategy's name."""
        return None if self.strategy is None else name_of(self.strategy)

    @cached_property
    def digest(self) -> str | None:
        """Digest everything that decides the curve; None where an object has no specification to stand for it."""
        named = has_spec(self.plan.learner, "learners")
        if not named or (self.strategy is not None and not has_spec(self.strategy, "strategies")):
            return None
        facts = {**self.info, "dataset": self.split.source.name, "strategy": self.name, "seed": self.seed}
        return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()

    @property
    def info(self) -> dict[str, Any]:
        """Say how the curve is made: version, protocol, split."""
        return {
            "version": querist.__version__,
            "protocol": self.plan.protocol(full=self.strategy is None),
            "split": self.split.digest,
            "test_items": len(self.split.test),
        }

    @property
    def budget(self) -> int:
        """The labels after which the run ends: the plan's, or the whole training part."""
        most = len(self.split.train) * self.plan.overlap
        if self.strategy is None or self.plan.budget is None:
            return len(self.split.train)
        return min(most, self.plan.budget)

    @property
    def most_cost(self) -> float:
        """The cost after which the run ends; the batch that reaches it is finished."""
        spend = self.plan.spend
        return float("inf") if spend is None or self.strategy is None else spend

    def people(self, task: Task) -> People:
        """Build those who answer."""
        costs, several = (
            _costs(self.split, task, self.plan.cost),
            self.plan.annotators > 1 and self.strategy is not None,
        )
        if not several:
            return People((self._oracle(task, costs, WHO, self.plan.noise, Draw(self.seed)),))
        rates = spread(self.plan.noise, self.plan.annotators)
        draws = (Draw(self.seed, 1 + at) for at in range(len(rates)))
        names = people_names(len(rates))
        made = zip(names, rates, draws, strict=True)
        return People(tuple(self._oracle(task, costs, who, rate, draw) for who, rate, draw in made), names)

    def _oracle(self, task: Task, costs: dict[str, float], who: str, rate: float, draw: Draw) -> Oracle:
        seconds = costs if self.plan.cost == "seconds" else None
        oracle: Oracle = Perfect(self.split.labels, cost=costs, seconds=seconds, who=who)
        if rate:
            if not isinstance(task, Classification):
                raise BadInput(f"noise swaps one class for another: {task.schema['task']} has none; leave it at 0")
            oracle = Noisy(oracle, list(task.schema["labels"]), rate, draw)
        return Missing(oracle, self.plan.missing, draw) if self.plan.missing else oracle


def _costs(split: Split, task: Task, unit: str) -> dict[str, float]:
    if unit == "seconds":
        return _seconds(split.pool)
    if unit == "items":
        return dict.fromkeys(split.labels, 1.0)
    return {id: task.cost(label, split.source.pool.raw(id)) for id, label in split.labels.items()}


def _seconds(pool: Pool) -> dict[str, float]:
    rows = pool.records or ()
    if not rows or any("seconds" not in row for row in rows):
        raise BadData("cost 'seconds' needs a column 'seconds' in the data, what each answer took: use cost 'items'")
    return {id: _took(id, row) for id, row in zip(pool.ids, rows, strict=True)}


def _took(id: str, row: Mapping[str, Any]) -> float:
    seconds = row["seconds"]
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise BadData(
            f"cost 'seconds' needs a number, 0 or more, in every row: item {id!r} has {seconds!r} in {dict(row)}; "
            "fill the cell, or use cost 'items'"
        )
    return float(seconds)


def run_cell(cell: Cell, on_round: OnRound | None = None) -> Curve:
    """Run a cell from the initial set to the end of its budget; one Point per round that brought a label.

    The initial labels come with the data, the others are told with ``record``; the model is measured on the test items
    after every ``step``. Cost: one fit, one
    pass over pool and test items, and one choice per round.
    """
    resolve_learner(cell.plan.learner)  # what it imports is not charged to the first run of a process
    started, points = perf_counter(), []
    for point in _rounds(cell):
        points.append(point)
        if on_round is not None:
            on_round(point.labels)
    info = {**cell.info, "seconds": perf_counter() - started}
    return Curve(cell.split.source.name, cell.name, cell.seed, tuple(points), info)


def measured(cell: Cell) -> list[str]:
    """Name what a model is measured by on the test items of a cell; one fit, on the initial labels."""
    return list(next(_rounds(replace(cell, strategy="random"))).metrics)


def _rounds(cell: Cell) -> Iterator[Point]:
    pool, items = _eaten(cell)
    task = _task(cell.plan.task, cell.split.all_labels)
    tally = _Tally(cell.people(task), cell.seed)
    told = [answer for ids in tally.dealt(_first(cell, pool, task)) for answer in tally.ask(ids)]
    early = [a for a in told if a.kind == "label" and not tally.several]  # what came with the data is nobody's vote
    early = early if len(early) < len(pool) else []  # a study does not start with nothing to ask
    with _study(cell, _known(pool, early), task, cell.strategy or "random", batch=cell.plan.batch) as study:
        study.record([a for a in told if not early or a.kind != "label"])
        yield from _loop(study, tally, cell, items)


def _eaten(cell: Cell) -> tuple[Pool, Any]:
    """Encode training and test items as a study would, but once instead of in every round."""
    pool, items = cell.split.pool, cell.split.test_items
    if resolve_learner(cell.plan.learner)[0].eats == "raw":
        return pool, items
    if pool.kind == "image" and not is_images(pool.items):  # described by the frozen base of a fitted encoder
        fitted, rows = image_encoder(cell.plan.encoder).fit_rows(pool.items)
        return replace(pool, items=rows, kind="record"), fitted.encode_rows(items)
    encoder, encoded = encode_pool(pool.items, cell.plan.encoder if pool.kind == "text" else None)
    return (pool, items) if encoder is None else (replace(pool, items=encoded, kind="record"), encoder.encode(items))


def _task(task: Task | str, labels: Sequence[Label]) -> Task:
    if not isinstance(task, str):
        return task
    return from_labels(task, labels)


def _first(cell: Cell, pool: Pool, task: Task) -> Sequence[str]:
    """Name the initial set: every item for the full fit, the split's own, or the first queue of a strategy."""
    if cell.strategy is None:
        return pool.ids
    if cell.split.initial is not None:
        return cell.split.initial
    if cell.plan.initial == 0:
        return ()
    with _study(cell, _known(pool, ()), task, cell.plan.initial_by, batch=cell.plan.initial) as study:
        return [q.id for q in study.ask(cell.plan.initial)]


def _known(pool: Pool, told: Sequence[Answer]) -> Dataset:
    """Put the initial labels into the data, so that the study does not rank a first queue that nobody asks for."""
    labels = {a.item: a.label for a in told}
    return Dataset(pool, [labels.get(id) for id in pool.ids])


def _study(cell: Cell, data: Dataset, task: Task, strategy: str | Strategy, *, batch: int) -> Study:
    return Study.create(
        None, data, task=task, learner=cell.plan.learner, strategy=strategy, batch=batch, seed=cell.seed,
        suggestions=False, reserve=0, overlap=cell.plan.overlap, audit=cell.plan.audit,
        cost="seconds" if cell.plan.cost == "seconds" else "task",
    )  # fmt: skip


@dataclass
class _Tally:
    """Those who answer in turn, how many labels they gave, what these cost, and which items they refused."""

    people: People
    seed: int
    turn: int = 0
    labels: int = 0
    cost: float = 0.0
    refused: set[str] = field(default_factory=set)

    @property
    def several(self) -> bool:
        """Say whether more than one person answers."""
        return len(self.people.oracles) > 1

    @property
    def who(self) -> str:
        """Name the person whose turn it is."""
        return self.people.names[self._next]

    @property
    def _next(self) -> int:
        return self.people.order(self.turn, Draw(self.seed))

    def dealt(self, ids: Sequence[str]) -> list[Sequence[str]]:
        """Deal items to the people, each in turn one."""
        count = len(self.people.oracles)
        return [ids[at::count] for at in range(min(count, len(ids)))]

    def ask(self, ids: Sequence[str], cut: Cut | None = None) -> Sequence[Answer]:
        """Ask the person whose turn it is, keep count, and pass the turn on."""
        told = self.people.oracles[self._next](ids)
        answers = told if cut is None else cut(told)
        self.turn += 1
        self.labels += sum(a.kind == "label" for a in answers)
        self.cost += sum(a.cost or 0.0 for a in answers)
        self.refused.update(a.item for a in answers if a.kind != "label")
        return answers


def _loop(study: Study, tally: _Tally, cell: Cell, items: Any) -> Iterator[Point]:
    """Step, measure, ask and tell until the budget is spent or only refused items are left."""
    truth = study.task.encode(cell.split.truth)
    while True:
        step = study.step()
        needs = _evaluation_needs(study.predictor.provides)
        metrics = study.task.metrics(truth, study.predict(items, needs))
        yield Point(tally.labels, tally.cost, metrics, step.fit_seconds, step.query_seconds)
        if tally.cost >= cell.most_cost or not _gain(study, tally, cell.budget - tally.labels):
            return


def _gain(study: Study, tally: _Tally, want: int) -> int:
    """Get up to one batch of labels more; a batch that brings none is followed by the next one."""
    while want > 0:
        queries = study.ask(min(study.batch, want), who=tally.who)
        ids = [q.id for q in queries]
        if not set(ids) - tally.refused:
            return 0
        answers = tally.ask(ids, partial(answered, study, queries))
        study.record(answers)
        if told := sum(a.kind == "label" for a in answers):
            return told
        study.step()
    return 0


def _evaluation_needs(provides: frozenset[Need]) -> frozenset[Need]:
    """Choose the evidence that metrics are computed from: probabilities, else the decision, else elements and places.

    >>> sorted(_evaluation_needs(frozenset({"decision", "embed"})))
    ['decision']
    """
    best: tuple[Need, ...] = ("probs", "decision")
    one = next((need for need in best if need in provides), None)
    return provides - {"draws", "embed", "head", "paths", "cost"} if one is None else frozenset({one})
