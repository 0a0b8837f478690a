"""The items of a study as the store keeps them: blocks that only grow in number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist.data import Pool, blocks, extend
from querist.embed import encode_pool
from querist.errors import StoreFailed
from querist.learners.protocol import Items
from querist.store import Store
from querist.study.settings import Settings


class StoredItems:
    """The pool, read from its blocks, and what the learner eats of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks = 0
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
        self._features: Items | None = None
        self._encode: Callable[[Items], Items] | None = None
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

    def features(self, eats: str, items: Items | None = None) -> Items:
        """Give what a learner eats: of the pool, or of other items in the pool's raw form."""
        if eats == "raw":
            return self.pool.items if items is None else items
        if self._features is None:
            encoder, self._features = encode_pool(self.pool.items)
            self._encode = None if encoder is None else encoder.encode
            _protect(self._features)
        if items is None:
            return self._features
        return items if self._encode is None else self._encode(items)


def _protect(features: Items) -> None:
    """Make features read-only: what cannot change is scaled once, not in every round."""
    for part in (features, *(getattr(features, name, None) for name in ("data", "indices", "indptr"))):
        if isinstance(part, np.ndarray) and part.base is None:
            part.flags.writeable = False
