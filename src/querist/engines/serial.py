"""One item after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Serial:
    """An engine that works here and now.

    >>> list(Serial().map(abs, [-1, 2]))
    [1, 2]
    """

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Apply a function to each item, in order; an exception carries a note that names the item."""
        for item in items:
            try:
                result = function(item)
            except Exception as error:
                error.add_note(about(item))
                raise
            yield result


def about(item: object) -> str:
    """Say which item an exception belongs to, in at most 200 characters.

    >>> about("cell 3")
    "while working on 'cell 3'"
    """
    text = repr(item)
    return f"while working on {text if len(text) <= 200 else text[:199] + '…'}"
