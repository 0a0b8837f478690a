"""Spans as tags of tokens (BIO, also called IOB2), and back.

A span is a row (first character, character after the last, class code); the tag of a token is 0 outside, 1 + 2c where
a span of class c begins, 2 + 2c inside one. Rows with the code ``ASKED`` are no spans but the stretches of the text
that somebody looked at: a token that is in neither has the tag ``UNSEEN``. Without such rows all of it was looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]
"""Spans [S, 3]: start, end, class code, in order of place."""
Tags = NDArray[np.int64]
"""Tag codes [M]."""
ASKED = -1
"""The code of a stretch that was looked at, in the place of a class."""
UNSEEN = -1
"""The tag of a token that nobody looked at."""


def tag_count(classes: int) -> int:
    """Count the tags of C classes: 1 + 2C."""
    return 1 + 2 * classes


def tags_of(spans: Spans, offsets: NDArray[np.int64]) -> Tags:
    """Tag the tokens that a span touches; of two spans in one token the first has it, a span without a token is lost.

    Shapes: spans [S, 3], offsets [M, 2] → [M]. Cost O(M + S).

    >>> tags_of(np.array([[0, 8, 1]]), np.array([[0, 3], [4, 8], [8, 9]])).tolist()
    [3, 4, 0]
    >>> tags_of(np.array([[0, 3, ASKED], [0, 3, 1]]), np.array([[0, 3], [4, 8], [8, 9]])).tolist()
    [3, -1, -1]
    """
    asked = spans[:, 2] == ASKED
    tags = _tagged(spans[~asked], offsets)
    if asked.any():
        tags[~covered(spans[asked], offsets) & (tags == 0)] = UNSEEN
    return tags


def covered(stretches: Spans, offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the tokens that lie in a stretch as a whole, bool [M]; stretches [S, 2 or 3] are in order and apart.

    >>> covered(np.array([[0, 7]]), np.array([[0, 3], [4, 8]])).tolist()
    [True, False]
    """
    at = np.searchsorted(stretches[:, 0], offsets[:, 0], side="right") - 1
    found: NDArray[np.bool_] = (at >= 0) & (offsets[:, 1] <= stretches[at, 1])
    return found


def _tagged(spans: Spans, offsets: NDArray[np.int64]) -> Tags:
    tags = np.zeros(len(offsets), np.int64)
    first = np.searchsorted(offsets[:, 1], spans[:, 0], side="right")
    after = np.searchsorted(offsets[:, 0], spans[:, 1], side="left")
    free = 0
    for begin, end, code in zip(first.tolist(), after.tolist(), spans[:, 2].tolist(), strict=True):
        begin = max(begin, free)
        if begin < end:
            tags[begin] = 1 + 2 * code
            tags[begin + 1 : end] = 2 + 2 * code
            free = end
    return tags


def spans_of(tags: Tags, offsets: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[Spans, NDArray[np.int64]]:
    """Read spans from the tags of many items; gives the spans and the item of each.

    A tag "inside" that follows no tag of its class begins a span, as the script of CoNLL-2000 reads it. Shapes:
    tags [M], offsets [M, 2], starts [N + 1] → [S, 3] and [S]. Cost O(M).

    >>> spans, item = spans_of(np.array([3, 4, 2]), np.array([[0, 3], [4, 8], [9, 12]]), np.array([0, 3]))
    >>> spans.tolist(), item.tolist()
    ([[0, 8, 1], [9, 12, 0]], [0, 0])
    """
    kind = np.where(tags > 0, (tags - 1) // 2, -1)
    edge = np.zeros(len(tags) + 1, bool)
    edge[starts] = True
    before = np.concatenate([[-1], kind[:-1]])
    begins = (kind >= 0) & ((tags % 2 == 1) | (kind != before) | edge[:-1])
    after, breaks = np.concatenate([kind[1:], [-1]]), np.concatenate([begins[1:], [True]])
    ends = (kind >= 0) & (breaks | (kind != after) | edge[1:])
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    item = np.searchsorted(starts, first, side="right") - 1
    return np.stack([offsets[first, 0], offsets[last, 1], kind[first]], axis=1).astype(np.int64), item
