"""Finding items by words: the ids and texts of a pool, folded to one case once, for the map and the grid alike."""

from __future__ import annotations

import threading

import numpy as np

from querist._arrays import Rows
from querist.data import Pool
from querist.study import Study
from querist.web import show


class Seeker:
    """The words of one study's items; any number of threads may ask. It grows with the pool."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._lock = threading.Lock()
        self._folded: list[str] = []

    def rows(self, words: str) -> Rows:
        """Find the items whose id, or text, or preview of a record, holds some words in any case, in ingest order.

        Cost: O(characters of the pool); folding them too the first time.
        """
        sought, pool = words.casefold(), self._study.pool
        if not sought:
            return np.arange(len(pool))
        with self._lock:
            self._folded += [_told(pool, row).casefold() for row in range(len(self._folded), len(pool))]
        known = self._folded[: len(pool)]
        return np.flatnonzero(np.fromiter((sought in one for one in known), bool, len(known)))


def _told(pool: Pool, row: int) -> str:
    id, whole = pool.ids[row], pool.items[row] if pool.kind == "text" else None
    return f"{id}\n{whole if isinstance(whole, str) else show.preview(pool, id)}"
