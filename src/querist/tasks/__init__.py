"""Tasks: they alone know the form of a label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from querist._load import builtin, find, parse
from querist.errors import BadInput
from querist.tasks.classification import Classification
from querist.tasks.protocol import Answer, Kind, Label, Remark, Suggestion, Task

__all__ = [
    "TASKS",
    "Answer",
    "Classification",
    "Kind",
    "Label",
    "Remark",
    "Suggestion",
    "Task",
    "from_labels",
    "from_schema",
    "named",
]

TASKS: tuple[str, ...] = builtin("tasks")
"""The names of the built-in tasks."""


def named(name: str) -> type[Task]:
    """Find the class of a task by its name, its options left aside; raises UnknownName.

    >>> named("particles(diameter=30)").__name__
    'Particles'
    """
    return cast(type[Task], find("tasks", parse(name).name))


def from_schema(schema: Mapping[str, Any]) -> Task:
    """Build the task that a schema describes; raises UnknownName.

    >>> from_schema({"task": "classification", "labels": ["a", "b"]})
    Classification(labels=('a', 'b'))
    """
    spec = parse(str(schema.get("task")))
    return cast(Task, find("tasks", spec.name).from_schema({**schema, **spec.options, "task": spec.name}))


def from_labels(name: str, labels: Iterable[Label | None]) -> Task:
    """Build the task of a name with the classes that occur in labels; raises UnknownName, BadInput.

    The name may have options of the task: ``particles(diameter=30)``.

    >>> from_labels("spans", [[[0, 2, "ORG"]], None])
    Spans(labels=('ORG',))
    """
    spec = parse(name)
    found = find("tasks", spec.name)
    try:
        return cast(Task, found.from_labels(labels, **spec.options))
    except TypeError:
        if not spec.options:
            raise
        raise BadInput(f"the task {spec.name} has no option {', '.join(spec.options)}: got {name!r}") from None
