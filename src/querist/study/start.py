"""What a study starts from: its items, its task, the labels that came with the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any

import querist
from querist._load import spec_of
from querist._query import resolve as resolve_strategy
from querist.data import Dataset, Pool, load
from querist.errors import BadInput, BadLabel
from querist.learners import resolve as resolve_learner
from querist.learners.protocol import Learner
from querist.store import Store, discard, open_store
from querist.strategies.protocol import Strategy, evidence_for
from querist.study.audit import reserve_for
from querist.study.items import encoder_named
from querist.study.known import IMPORT
from querist.study.settings import Settings, strategy_text
from querist.study.twins import ASK, check_duplicates
from querist.tasks import Answer, Label, Task, from_labels, from_schema, named


def dataset_of(data: Any, reading: dict[str, Any]) -> Dataset:
    """Read data into a data set; a pool is one without labels."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, Pool):
        return Dataset(data, None, "pool", ())
    return load(data, **reading)


def task_of(task: Task | str, labels: Sequence[Label] | None, dataset: Dataset) -> Task:
    """Build the task, with the classes named or else those found."""
    if not isinstance(task, str):
        return task
    if labels is not None:
        return from_schema({"task": task, "labels": labels})
    found = [label for label in dataset.labels or [] if label is not None]
    if not found and not hasattr(named(task), "labels"):  # a task that has one class, ever, says so on its class
        raise BadInput("no class is known: the data hold no labels; name them with labels=[…] (--labels a,b,c)")
    return from_labels(task, found)


def given_in(dataset: Dataset, task: Task) -> list[Answer]:
    """Make answers of the labels that came with the data."""
    pool, labels = dataset.pool, dataset.labels or []
    pairs = [(id, label) for id, label in zip(pool.ids, labels, strict=False) if label is not None]
    return [Answer(id, _checked(task, pool, id, label), who=IMPORT, cost=0.0) for id, label in pairs]


def first_labels(dataset: Dataset, task: Task) -> list[Answer]:
    """Make answers of the labels that a new study's data came with; raises BadInput where nothing is left to ask."""
    given = given_in(dataset, task)
    if len(given) == len(dataset.pool):
        raise BadInput(
            f"all {len(given)} items have a label already: there is nothing to ask; "
            "start without them with keep_labels=False (--ignore-labels), or measure with `querist simulate`"
        )
    return given


def chosen(
    pool: Pool, task: Task, *, learner: Learner | str | None, strategy: Strategy | str | None, **settings: Any
) -> tuple[Settings, Strategy, Learner]:
    """Settle strategy, learner, encoder and audit, by default the task's own; raises UnknownName, MissingEvidence."""
    goal = settings["goal"]
    held = reserve_for(settings["audit"] if goal is None else 0.0, task, len(pool))
    check_duplicates(settings["duplicates"], pool)
    if goal is not None:
        if goal.stop == "certified" and settings["duplicates"] != ASK:
            raise BadInput("a certified search draws from all items, copies too: leave duplicates at ask")
        strategy = goal.strategy(task, strategy, settings["audit"])
    rule, name = resolve_strategy(strategy or task.strategy)
    model, spec = resolve_learner(learner or task.learner)
    if hasattr(task, "suited"):
        model, spec = resolve_learner(task.suited(model))
    kept = Settings(
        task=dict(task.schema), learner=spec, learner_text=spec or repr(model),
        strategy=spec_of(rule, "strategies"), strategy_text=strategy_text(rule), version=querist.__version__,
        **{**settings, "encoder": encoder_named(settings["encoder"], pool), "audit": held.share,
           "goal": None if goal is None else goal.facts()},
        audit_mode="sample" if goal is not None and goal.stop == "certified" else held.mode,
    )  # fmt: skip
    evidence_for(rule, name, kept.gives(model.provides))
    return kept, rule, model


@contextmanager
def founding(path: str | PathLike[str] | None) -> Iterator[Store]:
    """Open a new store, and leave nothing behind when the work on it fails; raises StudyExists."""
    store = open_store(path, create=True)
    try:
        yield store
    except BaseException:
        store.close()
        discard(path)
        raise


def _checked(task: Task, pool: Pool, id: str, label: Label) -> Label:
    try:
        return task.check(label, pool.raw(id))
    except BadLabel as error:
        raise BadLabel(f"item {id!r}: {error}") from None
