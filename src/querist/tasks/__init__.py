"""Tasks: they alone know the form of a label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from querist._load import builtin, find
from querist.tasks.classification import Classification
from querist.tasks.protocol import Answer, Kind, Label, Suggestion, Task

__all__ = ["TASKS", "Answer", "Classification", "Kind", "Label", "Suggestion", "Task", "from_labels", "from_schema"]

TASKS: tuple[str, ...] = builtin("tasks")
"""The names of the built-in tasks."""


def from_schema(schema: Mapping[str, Any]) -> Task:
    """Build the task that a schema describes; raises UnknownName.

    >>> from_schema({"task": "classification", "labels": ["a", "b"]})
    Classification(labels=('a', 'b'))
    """
    return cast(Task, find("tasks", str(schema.get("task"))).from_schema(schema))


def from_labels(name: str, labels: Iterable[Label | None]) -> Task:
    """Build the task of a name with the classes that occur in labels; raises UnknownName, BadInput.

    >>> from_labels("spans", [[[0, 2, "ORG"]], None])
    Spans(labels=('ORG',))
    """
    return cast(Task, find("tasks", name).from_labels(labels))
