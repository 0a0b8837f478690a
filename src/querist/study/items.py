"""The items of a study as the store keeps them: blocks that only grow in number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from querist._arrays import Rows
from querist.data import Pool, blocks, extend
from querist.embed import encode_pool, image_encoder, spec_of_encoder, text_encoder
from querist.errors import BadInput, StoreFailed
from querist.learners.protocol import Items, Learner
from querist.store import Store
from querist.study.settings import Settings
from querist.study.twins import twins_of


@dataclass(frozen=True, eq=False)
class Encoded:
    """What a learner eats of a pool, and how other items become the same."""

    features: Items
    encode: Callable[[Items], Items]


@dataclass(frozen=True)
class Encoding:
    """What describes images or texts, and the folder that keeps the features; None: the default one, and no folder."""

    encoder: str | None = None
    cache: Path | None = None


class StoredItems:
    """The pool, read from its blocks, and what the learner eats of it."""

    def __init__(self, store: Store, encoding: Encoding = Encoding()) -> None:
        self._store = store
        self._encoding = encoding
        self._blocks = 0
        self._encoded: tuple[int, Encoded] | None = None
        self._twins: tuple[tuple[str, int], Rows | None] | None = None
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
            self._encoded = (count, _encode(self.pool.first(count).items, eats, self._encoding))
        return self._encoded[1]

    def twins(self, kind: str) -> Rows | None:
        """Give for each item the first one whose text it repeats, worked out once; None where copies are asked."""
        if self._twins is None or self._twins[0] != (kind, len(self.pool)):
            self._twins = ((kind, len(self.pool)), twins_of(self.pool, kind))
        return self._twins[1]

    def versions(self, learner: Learner) -> tuple[str, ...]:
        """Name the encoder of images or texts and what a learner reads from a file: a changed one makes a new round."""
        own = getattr(learner, "version", None)
        return (*self._encoder_version(learner.eats), *(() if own is None else (str(own),)))

    def _encoder_version(self, eats: str) -> tuple[str, ...]:
        encoder = self._encoding.encoder
        if eats == "raw" or (self.pool.kind != "image" and encoder is None):
            return ()
        made = _built(encoder, self.pool.kind)
        return (getattr(made, "version", str(encoder)),)  # TF-IDF has its options alone


def cache_of(path: str | PathLike[str] | None) -> Path | None:
    """Name the folder that keeps what can be computed again: beside the study's file, none for a database or memory.

    >>> cache_of("cells.querist").name, cache_of("postgresql://host/cells")
    ('cells.querist.cache', None)
    """
    if path is None or "://" in fspath(path):
        return None
    return Path(f"{fspath(path)}.cache")


def encoder_named(encoder: str | None, pool: Pool) -> str | None:
    """Check an encoder of images or texts, and name its file so that it is found from any folder; raises BadInput."""
    if encoder is None:
        return None
    if pool.kind not in ("image", "text"):
        raise BadInput(
            f"the encoder {encoder!r} reads images or texts: the pool holds {pool.kind}s; leave the encoder away"
        )
    made = _built(encoder, pool.kind)
    if not hasattr(made, "path"):
        return encoder
    return spec_of_encoder(replace(made, path=str(Path(made.path).resolve())))


def _built(encoder: str | None, kind: str) -> Any:
    return image_encoder(encoder) if kind == "image" else text_encoder(encoder)


def _encode(raw: Items, eats: str, encoding: Encoding) -> Encoded:
    encoder, features = (None, raw) if eats == "raw" else encode_pool(raw, encoding.encoder, cache=encoding.cache)
    _protect(features)
    return Encoded(features, encoder.encode if encoder is not None else _as_it_is)


def _as_it_is(items: Items) -> Items:
    return items


def _protect(features: Items) -> None:
    """Make features read-only: what cannot change is scaled once, not in every round."""
    for part in (features, *(getattr(features, name, None) for name in ("data", "indices", "indptr"))):
        if isinstance(part, np.ndarray) and part.base is None:
            part.flags.writeable = False
