"""Texts that are the same, or nearly, so that each is asked once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from unicodedata import normalize

import numpy as np

from querist._arrays import Rows
from querist.errors import BadInput

KINDS = ("exact", "near")


def twins(texts: Sequence[str], *, kind: str = "exact", similarity: float = 0.8) -> Rows:
    """Give for each text the first one that it repeats, itself where there is none; intp [N].

    "exact": the same after Unicode NFKC, without regard to case and white space. "near": at least ``similarity`` of the
    pairs of neighbouring words in common, Jaccard = |A ∩ B| / |A ∪ B|, digits taken as alike (codes and telephone
    numbers differ in copies of one message), against first ones only: nearness is not passed along a chain. Texts of
    one word must be the same. Exact, not hashed: each pair that is near shares one of its rarest parts (prefix filter).
    Cost: O(size of the texts); for "near" also a comparison with each first text that shares a rare part. Raises
    BadInput. Source: Jaccard 1901; Chaudhuri, Ganti & Kaushik 2006.

    >>> twins(["Call now!", "call  NOW!", "later"]).tolist()
    [0, 0, 2]
    >>> twins(["win a prize of 500 today call now ok", "win a prize of 900 today call now ok"], kind="near").tolist()
    [0, 0]
    """
    if kind not in KINDS:
        raise BadInput(f"duplicates must be 'exact' or 'near': got {kind!r}")
    if not 0 < similarity <= 1:
        raise BadInput(f"similarity must lie between 0 and 1, 0 excluded: got {similarity}")
    plain = [normalised(text) for text in texts]
    there: dict[str, int] = {}
    first = np.array([there.setdefault(text, at) for at, text in enumerate(plain)], np.intp)
    return first if kind == "exact" else _near(plain, first, similarity)


def normalised(text: str | None) -> str:
    """Write a text so that equal ones are equal: NFKC, case folded, white space as single blanks.

    >>> normalised("  Ｃall\\tNOW ")
    'call now'
    """
    return " ".join(normalize("NFKC", text or "").casefold().split())


def _near(plain: Sequence[str], first: Rows, similarity: float) -> Rows:
    own = np.flatnonzero(first == np.arange(len(first))).tolist()
    parts = {at: _pairs(plain[at]) for at in own}
    count = Counter(part for found in parts.values() for part in found)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    found = np.arange(len(first), dtype=np.intp)
    for at in own:
        rare = sorted(parts[at], key=lambda part: (count[part], part))
        rare = rare[: len(rare) - ceil(similarity * len(rare) - 1e-9) + 1]
        near = sorted({other for part in rare for other in places[part]})
        found[at] = next((other for other in near if _alike(parts[at], parts[other], similarity)), at)
        if found[at] == at:
            for part in rare:
                places[part].append(at)
    return found[first]


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = re.findall(r"\w+", re.sub(r"\d", "0", text))
    return frozenset(pairwise(words))


def _alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]], similarity: float) -> bool:
    both = len(one & other)
    return both >= similarity * (len(one) + len(other) - both) - 1e-9
