"""Stores: the only part that remembers. An append-only log of answers, leases, and the current ranking."""

from __future__ import annotations

import os

from querist.store.files import backup, discard
from querist.store.memory import MemoryStore
from querist.store.protocol import Claim, Counts, Event, Published, Ranked, Ranking, Store

__all__ = [
    "Claim",
    "Counts",
    "Event",
    "MemoryStore",
    "Published",
    "Ranked",
    "Ranking",
    "Store",
    "backup",
    "discard",
    "open_store",
]

_IN_MEMORY = frozenset({":memory:", "sqlite://", "sqlite:///:memory:"})


def open_store(where: str | os.PathLike[str] | None, *, create: bool = False) -> Store:
    """Open the store of a study, or create it.

    ``where`` is a path, a database URL (``postgresql://user@host/database``, ``sqlite:///path``), or None or
    ``":memory:"`` for a new store in memory. Raises StudyExists when it is to be created and is there already,
    StudyNotFound when it is not there, NewerStudy, BadInput when something else lies there, StoreFailed when the
    database refuses, MissingExtra without the driver.

    >>> open_store(None).counts()
    Counts(open=0, answered=0, aside=0, leased=0)
    """
    if where is None or os.fspath(where) in _IN_MEMORY:
        return MemoryStore()
    from querist.store.sql import SqlStore

    return SqlStore(where, create=create)
