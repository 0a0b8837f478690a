"""Tokens of a text, with their places in it: the one tokeniser of the package.

An item is a text as it is, or a text whose tokens somebody fixed before (a CoNLL file). The latter is one string too,
so that pools, digests and blocks keep it as they keep any text: each token is led by the ASCII record separator, its
further columns (a part of speech) by the unit separator; people see the tokens joined by single blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOKEN = "\x1e"
COLUMN = "\x1f"
WORDS = "words"
"""The name of the tokeniser of texts as they are, for exports."""
GIVEN = "given"
"""The name for tokens that came with the data."""

# a character of Chinese or Japanese is a token, since nothing parts their words; a word keeps inner .'’-_ and its marks
_EAST = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = r"\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
_LETTER = rf"(?:(?![{_EAST}])\w|[{_MARKS}])"
_TOKEN = re.compile(rf"[{_EAST}]|\d+(?:[.,:/-]\d+)+|{_LETTER}+(?:[.'’-]{_LETTER}+)*|[^\w\s]")


class Tokens(NamedTuple):
    """A text and its tokens.

    ``text`` is what people see. ``parts`` has the tokens, each with its further columns when it has any; ``offsets``
    int64 [M, 2] their first character and the one after their last, counted in code points of ``text``.
    """

    text: str
    parts: tuple[str, ...]
    offsets: NDArray[np.int64]


@lru_cache(maxsize=50_000)
def tokenise(item: str) -> Tokens:
    """Cut an item into tokens; cost O(its length), nothing for an item seen lately.

    >>> tokenise("U.N. envoy, Aug. 3").parts
    ('U.N', '.', 'envoy', ',', 'Aug', '.', '3')
    >>> tokenise("a b").offsets.tolist()
    [[0, 1], [2, 3]]
    """
    if item.startswith(TOKEN):
        return _given(item)
    found = [(match.group(), *match.span()) for match in _TOKEN.finditer(item)]
    offsets = np.array([place for _, *place in found], np.int64).reshape(-1, 2)
    return Tokens(item, tuple(part for part, *_ in found), _fixed(offsets))


def _given(item: str) -> Tokens:
    parts = tuple(item.split(TOKEN)[1:])
    words = [part.partition(COLUMN)[0] for part in parts]
    sizes = np.array([len(word) for word in words], np.int64)
    ends = np.cumsum(sizes + 1) - 1
    return Tokens(" ".join(words), parts, _fixed(np.stack([ends - sizes, ends], axis=1)))


def _fixed(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep anybody from writing into what the cache holds."""
    offsets.flags.writeable = False
    return offsets


def with_tokens(rows: Iterable[Sequence[str]]) -> str:
    """Make an item of tokens that are fixed; each row holds a token and its further columns.

    >>> text_of(with_tokens([("EU", "NNP"), ("rejects", "VBZ")]))
    'EU rejects'
    """
    return "".join(TOKEN + COLUMN.join(row) for row in rows)


def text_of(item: str) -> str:
    """Give the text that people see of an item."""
    return _given(item).text if item.startswith(TOKEN) else item


def shown(item: str) -> dict[str, Any]:
    """Give what people see of an item: its text, and the tokens where somebody fixed them.

    >>> shown(with_tokens([("EU", "NNP"), ("rejects", "VBZ")]))
    {'text': 'EU rejects', 'tokens': ['EU', 'rejects']}
    """
    if not item.startswith(TOKEN):
        return {"text": item}
    found = _given(item)
    return {"text": found.text, "tokens": [part.partition(COLUMN)[0] for part in found.parts]}


def tokeniser_of(item: str) -> str:
    """Name the tokeniser of an item."""
    return GIVEN if item.startswith(TOKEN) else WORDS
