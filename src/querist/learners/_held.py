"""Which labelled images set a threshold: none that the networks, or those that they go on from, have learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.learners.protocol import Items

THUMB = (32, 32)


@dataclass(frozen=True)
class Parts:
    """The images by their keys: those held out, and all that networks have learnt from since their weights were new."""

    held: frozenset[bytes] = frozenset()
    learnt: frozenset[bytes] = frozenset()

    @staticmethod
    def of(model: object, states: object) -> Parts:
        """Give those of an earlier model, if its weights (``states``) are gone on from."""
        found = getattr(model, "parts", None)
        return found if isinstance(found, Parts) and states is not None else Parts()


NOTHING = Parts()


def divided(keys: Sequence[bytes], able: NDArray[np.bool_], count: int, *, before: Parts) -> tuple[Rows, Rows, Parts]:
    """Divide rows into at most ``count`` held out, of those ``able`` to be, and those learnt from.

    Held out are those that were so ``before``, then those with the lowest keys, never one that was learnt from: a
    threshold set on such an image would be that of a network which remembers it. Copies of an image stay together.
    More labels keep what is held out as it is. Where nothing would be left to learn from, nothing is held out.

    >>> keys, able = [b"d", b"a", b"c"], np.ones(3, bool)
    >>> held, learn, parts = divided(keys, able, 1, before=Parts())
    >>> held.tolist(), learn.tolist()
    ([1], [0, 2])
    >>> divided([*keys, b"0", b"b"], np.ones(5, bool), 2, before=parts)[0].tolist()
    [1, 3]
    """
    free = {key for key, good in zip(keys, able.tolist(), strict=True) if good} - before.learnt
    held = frozenset(sorted(free, key=lambda key: (key not in before.held, key))[:count])
    held = held if set(keys) - held else frozenset()
    out = np.array([key in held for key in keys], bool)
    return np.flatnonzero(out), np.flatnonzero(~out), Parts(held, before.learnt | (set(keys) - held))


def keys_of(items: Items) -> list[bytes]:
    """Give each image a key that does not hang on its place among others: the digest of its file, else of its pixels.

    So that an image is held out or not wherever the folder lies, whatever its name is.
    """
    digests = getattr(items, "digests", None)
    if digests is not None:
        return [digest.tobytes() for digest in digests]
    rows = [items[np.array([row])] for row in range(len(items))]
    found = [one.pixels(*THUMB) if hasattr(one, "pixels") else one.values(0) for one in rows]
    return [blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).digest() for values in found]
