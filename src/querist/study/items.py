"""The items of a study as the store keeps them: blocks that only grow in number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from querist.data import Pool, blocks, extend
from querist.embed import encode_pool
from querist.errors import StoreFailed
from querist.learners.protocol import Items
from querist.store import Store
from querist.study.settings import Settings


@dataclass(frozen=True, eq=False)
class Encoded:
    """What a learner eats of a pool, and how other items become the same."""

    features: Items
    encode: Callable[[Items], Items]


class StoredItems:
    """The pool, read from its blocks, and what the learner eats of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks = 0
        self._encoded: tuple[int, Encoded] | None = None
        self.pool: Pool
        self.refresh()

    def refresh(self) -> None:
        """Read the blocks that another process may have added; cheap when there are none."""
        raw = self._store.get("settings")
        if raw is None:
            raise StoreFailed("this study is not whole: its creation was cut short; delete it and create it again")
        count = Settings.parse(raw).blocks
        if count == self._blocks:
            return
        parts = [self._store.get(f"pool/{i}") for i in range(1, count + 1)]
        self.pool = blocks.parse([p for p in parts if p is not None])
        self._blocks = count
        if sum(self._store.counts()[:3]) < len(self.pool):
            self._store.add_items(list(zip(self.pool.ids, self.pool.keys.tolist(), strict=True)))

    def append(self, more: Pool) -> int:
        """Append the items that are new; returns how many."""
        self.refresh()
        grown = extend(self.pool, more)
        fresh = len(grown) - len(self.pool)
        if fresh:
            count = self._blocks + 1
            self._store.put(f"pool/{count}", blocks.dump(grown.take(np.arange(len(self.pool), len(grown)))))
            settings = Settings.parse(self._store.get("settings") or b"")
            self._store.put("settings", settings.with_blocks(count).dump())
            self.refresh()
        return fresh

    def encoded(self, eats: str, count: int | None = None) -> Encoded:
        """Encode the pool, or its first ``count`` items as they were at an earlier round, for what a learner eats."""
        count = len(self.pool) if count is None else count
        if self._encoded is None or self._encoded[0] != count:
            self._encoded = (count, _encode(self.pool.first(count).items, eats))
        return self._encoded[1]


def _encode(raw: Items, eats: str) -> Encoded:
    encoder, features = (None, raw) if eats == "raw" else encode_pool(raw)
    _protect(features)
    return Encoded(features, encoder.encode if encoder is not None else _as_it_is)


def _as_it_is(items: Items) -> Items:
    return items


def _protect(features: Items) -> None:
    """Make features read-only: what cannot change is scaled once, not in every round."""
    for part in (features, *(getattr(features, name, None) for name in ("data", "indices", "indptr"))):
        if isinstance(part, np.ndarray) and part.base is None:
            part.flags.writeable = False
