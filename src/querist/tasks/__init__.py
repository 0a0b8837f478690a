"""Tasks: they alone know the form of a label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from querist._load import builtin, find
from querist.tasks.classification import Classification
from querist.tasks.protocol import Answer, Kind, Label, Suggestion, Task

__all__ = ["TASKS", "Answer", "Classification", "Kind", "Label", "Suggestion", "Task", "from_schema"]

TASKS: tuple[str, ...] = builtin("tasks")
"""The names of the built-in tasks."""


def from_schema(schema: Mapping[str, Any]) -> Task:
    """Build the task that a schema describes; raises UnknownName.

    >>> from_schema({"task": "classification", "labels": ["a", "b"]})
    Classification(labels=('a', 'b'))
    """
    return cast(Task, find("tasks", str(schema.get("task"))).from_schema(schema))
