"""The canonical form of a class: a text without blanks around it, or an integer."""

from __future__ import annotations

from typing import Any

from querist.errors import BadInput

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
