"""Everything querist raises on purpose.

::

    QueristError
    ├── BadInput (ValueError)         the caller can mend it: the command line exits with 2
    │   ├── BadEvidence               probs, draws, embed … of a wrong shape or value; names the item
    │   ├── MissingEvidence           a strategy needs evidence or context that nobody gave
    │   ├── BadData                   a file, table or id that cannot be read as items
    │   ├── BadLabel                  a label that the task does not know
    │   ├── UnknownName               no strategy, learner, format … of that name; lists near names
    │   ├── UnknownItem               an id that is not in the study
    │   ├── StudyNotFound             no study at that place
    │   ├── StudyExists               a study is there already
    │   └── NewerStudy                written by a newer querist than this one
    ├── MissingExtra (ImportError)    an optional package is absent; says which install mends it
    ├── LearnerFailed                 training or prediction failed; the previous model keeps serving
    └── StoreFailed                   the database refused (busy too long, damaged, read-only, network disk)

A message says what is wrong, where, what was got and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_LISTED = 80
"""More names than this are not listed whole in a message."""


class QueristError(Exception):
    """The root of all errors that querist raises on purpose."""


class BadInput(QueristError, ValueError):
    """Something that the caller gave cannot be used as it is."""


class BadEvidence(BadInput):
    """Row evidence has a wrong shape, type or value."""


class MissingEvidence(BadInput):
    """A strategy needs evidence or context that was not given."""


class BadData(BadInput):
    """A source of items cannot be read."""


class BadLabel(BadInput):
    """A label is not one that the task knows."""


class UnknownName(BadInput):
    """Nothing is registered under a name."""


class UnknownItem(BadInput):
    """An id does not belong to the study."""


class StudyNotFound(BadInput):
    """No study lies at the given place."""


class StudyExists(BadInput):
    """A study lies at the given place already."""


class NewerStudy(BadInput):
    """A study was written by a newer querist."""


class MissingExtra(QueristError, ImportError):
    """An optional package is not installed."""


class LearnerFailed(QueristError):
    """Training or prediction failed."""


class StoreFailed(QueristError):
    """The database refused."""


def near(name: str, known: Iterable[str]) -> str:
    """Say which known names are near a misspelt one, as the tail of a message.

    >>> near("margn", ["margin", "random"])
    "did you mean 'margin'?"
    >>> near("xyz", ["margin", "random"])
    'known: margin, random'
    >>> near("42", [f"item_{i:03}" for i in range(300)])
    'known: item_000, item_001, item_002, item_003, item_004, item_005 … (300 in all)'
    """
    known = sorted(known)
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    if len(known) > MOST_LISTED:
        return f"known: {', '.join(known[:6])} … ({len(known)} in all)"
    return "known: " + (", ".join(known) if known else "none")
