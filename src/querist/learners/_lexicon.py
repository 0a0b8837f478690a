"""The words that this process has met, with the numbers of their features: made once, looked up in every round."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.learners._words import EDGE, REACH, features

PLACES = tuple(range(-REACH, REACH + 1))
MOST = 2_000_000
"""Words after which a new lexicon is begun, so that a process that lives long does not fill up."""

Ints = NDArray[np.int64]


class Lexicon:
    """Numbers for words and features, and for each place around a token the features of a word that stands there.

    It only grows; readers need no lock, since arrays are replaced whole.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words: dict[str, int] = {}
        self._features: dict[str, int] = {}
        self._found: list[tuple[Ints, Ints]] = [(np.empty(0, np.int64), np.zeros(1, np.int64)) for _ in PLACES]
        self.number([EDGE])

    def __len__(self) -> int:
        return len(self._words)

    def number(self, parts: Iterable[str]) -> Ints:
        """Number words, int64 [M]; a new one gets its features. The edge of a text is 0."""
        listed = list(parts)
        fresh = list(dict.fromkeys(part for part in listed if part not in self._words))
        if fresh:
            with self._lock:
                self._learn([part for part in fresh if part not in self._words])
        return np.fromiter((self._words[part] for part in listed), np.int64, len(listed))

    def _learn(self, fresh: list[str]) -> None:
        for at, reach in enumerate(PLACES):
            known = [[self._features.setdefault(n, len(self._features)) for n in features(p, reach)] for p in fresh]
            ids, starts = self._found[at]
            ends = starts[-1] + np.cumsum([len(each) for each in known], dtype=np.int64)
            more = np.fromiter((number for each in known for number in each), np.int64, int(ends[-1] - starts[-1]))
            self._found[at] = (np.concatenate([ids, more]), np.concatenate([starts, ends]))
        # last, so that nobody finds a word before its features
        self._words.update({part: len(self._words) + at for at, part in enumerate(fresh)})

    def rows_of(self, index: Mapping[str, int]) -> Ints:
        """Give the row of each feature in an index, the last row + 1 for one that it does not have."""
        rows = np.full(len(self._features), len(index), np.int64)
        known = self._features
        pairs = [(known[name], row) for name, row in index.items() if name in known]
        if pairs:
            at, to = np.array(pairs, np.int64).T
            rows[at] = to
        return rows

    def table(self, words: Ints, place: int, *, rows: Ints, weights: Floats) -> Floats:
        """Sum the weights of the features that words have at a place, [V, S]; cost O(V·F·S).

        ``weights`` has a last row of zeros for the features that are not in the model.
        """
        ids, starts = self._found[place]
        sizes = starts[words + 1] - starts[words]
        begins = np.concatenate([[0], np.cumsum(sizes)])
        taken = ids[np.arange(begins[-1]) + np.repeat(starts[words] - begins[:-1], sizes)]
        if not len(words):
            return np.zeros((0, weights.shape[1]))
        # every word has a feature at every place, so no run is empty
        return np.asarray(np.add.reduceat(weights[rows[taken]], begins[:-1], axis=0))


_current = Lexicon()


def lexicon() -> Lexicon:
    """Give the lexicon of this process."""
    global _current  # noqa: PLW0603  # one for all models, else each round would learn the words again
    if len(_current) > MOST:
        _current = Lexicon()
    return _current
