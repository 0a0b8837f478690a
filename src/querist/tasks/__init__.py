"""Tasks: they alone know the form of a label."""

from querist.tasks.protocol import Answer, Kind, Label, Suggestion, Task

__all__ = ["Answer", "Kind", "Label", "Suggestion", "Task"]
