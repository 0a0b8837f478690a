"""Labels of a part of a text: the stretches that somebody looked at, beside the spans found in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadLabel
from querist.tasks._bio import covered
from querist.tasks.protocol import Label

Stretch = list[int]
"""``[start, end]``: the first character and the one after the last."""


class Parts(NamedTuple):
    """A label taken apart: its spans, and the stretches that were looked at; None: all of the text."""

    spans: Sequence[Any]
    asked: list[Stretch] | None


def parts_of(label: Label) -> Parts:
    """Take a label apart; raises BadLabel for what is neither a list nor ``{"spans", "asked"}``, and for bad stretches.

    >>> parts_of({"spans": [], "asked": [[4, 8], [0, 3]]}).asked
    [[0, 3], [4, 8]]
    """
    if isinstance(label, Mapping) and "spans" in label:
        asked = label.get("asked")
        return Parts(_listed(label["spans"]), None if asked is None else stretches(asked))
    return Parts(_listed(label), None)


def _listed(label: Any) -> Sequence[Any]:
    if isinstance(label, list | tuple):
        return label
    said = label.item() if isinstance(label, np.generic) else label
    raise BadLabel(f'a label must be a list of {{"start", "end", "label"}}, empty where nothing is there: got {said!r}')


def stretches(asked: Any) -> list[Stretch]:
    """Give stretches in order; raises BadLabel unless there is one, each ends behind its start, and none overlap."""
    if not isinstance(asked, list | tuple) or not asked:
        raise BadLabel(
            f'"asked" must hold a stretch [start, end] or more: got {asked!r}; leave it away where all was looked at'
        )
    found = sorted(_stretch(each, at) for at, each in enumerate(asked, 1))
    for left, right in pairwise(found):
        if right[0] < left[1]:
            raise BadLabel(f"stretches that were asked must not overlap: got {left} and {right}; join them to one")
    return found


def _stretch(each: Any, at: int) -> Stretch:
    pair = list(each) if isinstance(each, list | tuple) else []
    whole = all(isinstance(place, int | np.integer) and not isinstance(place, bool) for place in pair)
    if len(pair) != 2 or not whole or not 0 <= pair[0] < pair[1]:
        raise BadLabel(
            f"stretch {at} of what was asked must be [start, end], whole numbers of characters from 0, the end behind "
            f"the start: got {each!r}"
        )
    return [int(place) for place in pair]


def check_inside(asked: Iterable[Stretch], text: str) -> None:
    """Raise BadLabel for a stretch that ends behind the text."""
    for stretch in asked:
        if stretch[1] > len(text):
            raise BadLabel(
                f"the stretch {stretch} lies outside the text, which has {len(text)} characters; count code points, "
                "not bytes"
            )


def grown(asked: Sequence[Stretch], spans: Sequence[Mapping[str, Any]]) -> list[Stretch]:
    """Let stretches take in the spans that stick out of them, and join those that touch.

    Who sees an entity at the edge of what is asked marks it as a whole, and so has looked at that too. Raises BadLabel
    for a span that no stretch touches.

    >>> grown([[4, 8]], [{"start": 0, "end": 6, "label": "PER"}])
    [[0, 8]]
    """
    for span in spans:
        if not touches(span["start"], span["end"], asked):
            raise BadLabel(
                f"span {span['start']}–{span['end']} ({span['label']}) lies outside what was asked, {list(asked)}: "
                "remove it, or add its stretch"
            )
    return joined([*asked, *([span["start"], span["end"]] for span in spans)])


def touches(start: int, end: int, asked: Iterable[Stretch]) -> bool:
    """Say whether a span shares a character with a stretch."""
    return any(start < stretch[1] and stretch[0] < end for stretch in asked)


def joined(asked: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches that share characters or follow each other without a gap.

    >>> joined([[4, 8], [0, 3], [3, 5]])
    [[0, 8]]
    """
    found: list[Stretch] = []
    for start, end in sorted(map(tuple, asked)):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found


def are_all(asked: Sequence[Stretch], offsets: NDArray[np.int64]) -> bool:
    """Say whether stretches hold every token of a text, [M, 2]."""
    return bool(covered(np.array(asked, np.int64), offsets).all())
