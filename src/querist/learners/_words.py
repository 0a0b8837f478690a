"""What a token looks like: the lexical and orthographic features of named-entity recognition, and of its neighbours.

A token's features depend on nothing but the token, so that they are made once for each word of the language and not
once for each place where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from querist.tasks._tokens import COLUMN

REACH = 2
"""How many neighbours on each side are seen."""
EDGE = ""
"""Stands for the places before the first and after the last token."""

_RUNS = re.compile(r"(.)\1+")


def shape(word: str) -> str:
    """Write the form of a word: X for a capital, x for a small letter, 0 for a digit.

    >>> shape("McDonald's-42")
    "XxXxxxxx'x-00"
    """
    return "".join(
        "X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else "y" if c.isalpha() else c for c in word
    )


@lru_cache(maxsize=500_000)
def features(part: str, reach: int) -> tuple[str, ...]:
    """List the features of a token (with its further columns) that is ``reach`` places away.

    Nearby: the word, affixes of up to four letters, its shape, what it holds. Two places away: word and shape only.

    >>> features("EU", 2)
    ('2w=eu', '2s=X')
    """
    if part == EDGE:
        return (f"{reach}edge",)
    word, *columns = part.split(COLUMN)
    far = abs(reach) > 1
    names = _far(word) if far else (*_near(word), *(_own(word) if reach == 0 else ()))
    # the part of speech and other columns, whole and by its first letters, which group the tags of the Penn treebank
    more = (f"c{at}={value}" for at, value in enumerate(columns))
    short = (f"d{at}={value[:2]}" for at, value in enumerate(columns)) if not far else ()
    return tuple(f"{reach}{name}" for name in (*names, *more, *short))


def _far(word: str) -> tuple[str, ...]:
    return f"w={word.lower()}", "s=" + _RUNS.sub(r"\1", shape(word))


def _near(word: str) -> Iterator[str]:
    form = shape(word)
    yield from _far(word)
    yield f"t={word[-3:].lower()}"
    yield f"i={word[:3].lower()}"
    if word[:1].isupper():
        yield "capital"
    if word.isupper():
        yield "capitals"
    if "0" in form:
        yield "digit"


def _own(word: str) -> Iterator[str]:
    form, lower = shape(word), word.lower()
    yield "bias"
    yield f"W={word}"
    yield f"S={form}"
    for size in (1, 2, 4):
        yield f"p{size}={lower[:size]}"
        yield f"q{size}={lower[-size:]}"
    yield f"l={min(len(word), 8)}"
    if "-" in word:
        yield "hyphen"
    if "." in word[:-1]:
        yield "stop"
    if not any(c.isalnum() for c in word):
        yield "symbol"
    if word[1:] != lower[1:] and not word.isupper():
        yield "inner"
