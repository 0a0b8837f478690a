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
