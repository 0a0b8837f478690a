"""What a study starts from: its items, its task, the labels that came with the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from querist.data import Dataset, Pool, load
from querist.errors import BadInput, BadLabel
from querist.study.known import IMPORT
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


def _checked(task: Task, pool: Pool, id: str, label: Label) -> Label:
    try:
        return task.check(label, pool.raw(id))
    except BadLabel as error:
        raise BadLabel(f"item {id!r}: {error}") from None
