"""The canonical form of a class: a text without blanks around it, or an integer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from querist.errors import BadInput, BadLabel, near

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")
"""Texts that stand for no label in data; blanks around them do not count."""


def as_class(value: Any) -> str | int:
    """Give a class of any origin in its canonical form.

    NumPy scalars become Python's, whole floats integers, booleans the texts "true" and "false"; blanks around a text
    go. Raises BadInput on an empty text, a fraction and anything else.

    >>> as_class(" cat"), as_class(2.0), as_class(True)
    ('cat', 2, 'true')
    """
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, str) and plain.strip():
        return str(plain.strip())
    if isinstance(plain, int) or (isinstance(plain, float) and plain.is_integer()):
        return int(plain)
    raise BadInput(f"a class must be a string or an integer: got {plain!r} ({type(plain).__name__})")


def class_list(labels: Any, what: str) -> tuple[str | int, ...]:
    """Give the classes of a task in canonical form; raises BadInput on a text, on none, and on one that occurs twice.

    >>> class_list(["b", 2.0], "a task")
    ('b', 2)
    """
    if isinstance(labels, str):
        raise BadInput(f"the classes must be a list: got the text {labels!r}; write labels=['a', 'b']")
    classes = tuple(as_class(label) for label in labels)
    if not classes:
        raise BadInput(f"{what} needs at least one label: got none; name the classes")
    if len(set(classes)) < len(classes):
        twice = next(a for i, a in enumerate(classes) if a in classes[:i])
        raise BadInput(f"the classes must be distinct: {twice!r} occurs twice")
    return classes


def in_order(found: Iterable[str | int]) -> tuple[str | int, ...]:
    """Sort classes, numbers before texts.

    >>> in_order(["b", 2, "a", 10])
    (2, 10, 'a', 'b')
    """
    return tuple(sorted(found, key=lambda a: (isinstance(a, str), a)))


@dataclass(frozen=True)
class OfClasses:
    """A task whose labels name classes: the classes, and what a schema says of them."""

    labels: tuple[str | int, ...]

    kind: ClassVar[str]
    """What the task is called in a schema."""
    called: ClassVar[str]
    """What it is called in a sentence."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", class_list(self.labels, self.called))

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> Self:
        """Make the task that ``schema`` describes."""
        return cls(schema["labels"])

    @property
    def classes(self) -> int:
        """Count the classes C."""
        return len(self.labels)

    @property
    def schema(self) -> dict[str, Any]:
        """Describe the task as JSON."""
        return {"task": self.kind, "labels": list(self.labels)}

    @cached_property
    def _code(self) -> dict[str | int, int]:
        return {label: code for code, label in enumerate(self.labels)}

    def _named(self, name: Any, where: str = "") -> str | int:
        """Find the class that a label names; ``where`` begins the message of the BadLabel for one that is unknown."""
        try:
            plain = as_class(name)
        except BadInput:
            plain = ""
        if plain not in self._code:
            raise BadLabel(f"{where}no class is called {name!r}: {near(str(name), map(str, self.labels))}")
        return plain
