"""A store in a database: SQLite in one file, or PostgreSQL for teams."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from querist.store import leases, publish
from querist.store.append import append
from querist.store.opening import connect
from querist.store.protocol import Claim, Counts, Event, Published, Ranking
from querist.store.rows import SOME, Record, pieces, read_head, set_head
from querist.store.rules import (
    Clock,
    check_answer,
    check_claim,
    check_hold,
    check_items,
    check_ranking,
    check_text,
    encode_label,
    milliseconds,
)
from querist.store.tables import answer, blob, head, hold, item
from querist.tasks.protocol import Answer

CHUNK = 1_000
"""Items added in one transaction."""
PART = 16 * 2**20
"""Bytes of a blob in one row: databases limit a row to about a gigabyte."""
POLL = 0.05
"""Seconds between two looks for answers that another process recorded."""

_THERE = select(item.c.id).where(item.c.id.in_(SOME))
_POSITION = select(head.c.position)
_EVENTS = select(answer, item.c.id).join_from(answer, item).order_by(answer.c.position)


class SqlStore:
    """A store in a SQLite file or a PostgreSQL database; any number of processes and threads may call at once.

    ``where`` is a path or a URL; ``clock`` tells milliseconds, and all who share a study must have the same time;
    ``patience`` is how many seconds a call waits for other writers before it gives up. Open it after a fork, not
    before. Raises StudyNotFound, StudyExists, NewerStudy, BadInput, StoreFailed, MissingExtra.

    Cost per call, whatever the number of items: ``claim`` O(n + open leases), ``record`` O(answers), ``counts`` O(open
    leases); ``rank`` O(length of the ranking), in transactions of some milliseconds each.
    """

    def __init__(
        self,
        where: str | os.PathLike[str],
        *,
        create: bool = False,
        clock: Clock = milliseconds,
        patience: float = 60.0,
    ) -> None:
        self.where = os.fspath(where)
        self._database = connect(where, create=create, patience=patience)
        self._clock = clock
        self._grown = threading.Condition()

    def __repr__(self) -> str:
        return f"<SqlStore {self._database.name}>"

    def add_items(self, items: Sequence[tuple[str, int]]) -> int:
        """Append (id, key) pairs in order, a chunk in each transaction; returns how many were new."""
        check_items(items)
        chunks = (dict(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK))
        return sum(self._database.write(lambda connection, c=chunk: _add(connection, c)) for chunk in chunks)  # type: ignore[misc]

    def items(self) -> list[str]:
        """List all ids in ingest order."""
        query = select(item.c.id).order_by(item.c.number)
        return self._database.read(lambda connection: list(connection.execute(query).scalars()))

    def rank(self, ranking: Ranking) -> int:
        """Publish a ranking by one pointer swap, and give its round."""
        info = check_ranking(ranking)
        draft = publish.Draft(ranking.position, info, ranking.queue, self._clock())
        return publish.publish(self._database, draft)

    def ranking(self, round: int | None = None) -> Ranking | None:
        """Read back a round's ranking (default: the current one); None when there is none."""
        return self._database.read(lambda connection: publish.read_ranking(connection, round))

    def published(self, round: int | None = None) -> Published | None:
        """Say which ranking is current, or tell of a round's, without its queue."""
        return self._database.read(lambda connection: publish.read_published(connection, round))

    def claim(self, who: str, n: int, *, seconds: float = 600.0, overlap: int = 1) -> list[Claim]:
        """Hand out up to n items to a person, atomically, own leases first."""
        check_claim(n, seconds, overlap)
        check_text("who", who)
        now = self._clock()
        wanted = leases.Wanted(who, n, overlap, now, now + round(seconds * 1000))
        return self._database.write(lambda connection: leases.claim(connection, wanted))

    def leases(self) -> list[Claim]:
        """List every open lease, in the order they were handed out."""
        now = self._clock()
        return self._database.read(lambda connection: leases.live(connection, now))

    def release(self, who: str, items: Sequence[str] | None = None) -> None:
        """Give back a person's leases, all or those on some items."""
        self._database.write(lambda connection: leases.release(connection, who, items))

    def record(self, answers: Sequence[Answer]) -> list[int]:
        """Append answers to the log and end their authors' leases; when it returns, they are on the disk."""
        for given in answers:
            check_answer(given)
        labels = [encode_label(given) for given in answers]
        now = self._clock()
        positions = self._database.write(lambda connection: append(connection, answers, labels, now))
        with self._grown:
            self._grown.notify_all()
        return positions

    def events(self, after: int = 0) -> list[Event]:
        """Read the log after a position, in order."""
        query = _EVENTS.where(answer.c.position > after)
        return self._database.read(lambda connection: [_event(row) for row in connection.execute(query)])

    def counts(self) -> Counts:
        """Count items by state, from the counters."""
        now = self._clock()
        return self._database.read(lambda connection: _counts(connection, now))

    def wait(self, after: int, seconds: float) -> int:
        """Wait until the log is longer than ``after``, at most some seconds; returns its last position."""
        end = time.monotonic() + seconds
        while True:
            last: int = self._database.read(lambda connection: connection.execute(_POSITION).scalar_one())
            left = end - time.monotonic()
            if last > after or left <= 0:
                return last
            with self._grown:
                self._grown.wait(min(left, POLL))

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, replacing what was there."""
        check_text("a name", name)
        self._database.write(lambda connection: _put(connection, name, data))

    def get(self, name: str) -> bytes | None:
        """Read the bytes under a name."""
        query = select(blob.c.data).where(blob.c.name == name).order_by(blob.c.part)
        parts = self._database.read(lambda connection: list(connection.execute(query).scalars()))
        return b"".join(parts) if parts else None

    def hold(self, name: str, who: str, seconds: float) -> bool:
        """Take, extend or free a named lock; False while somebody else holds it."""
        check_hold(seconds)
        check_text("a name", name)
        check_text("who", who)
        now = self._clock()
        row = {"name": name, "who": who, "expires": now + round(seconds * 1000)}
        return self._database.write(lambda connection: _hold(connection, row, now))

    def close(self) -> None:
        """Close the connections; the store cannot be used afterwards."""
        self._database.close()


def _add(connection: Connection, keys: dict[str, int]) -> int:
    there = {row.id for row in pieces(connection, _THERE, list(keys))}
    fresh = [(id, key) for id, key in keys.items() if id not in there]
    if fresh:
        last = read_head(connection).items
        rows = [
            {"number": number, "id": id, "key": _signed(key), "labels": 0, "asides": 0}
            for number, (id, key) in enumerate(fresh, start=last + 1)
        ]
        connection.execute(insert(item), rows)
        set_head(connection, items=last + len(fresh))
    return len(fresh)


def _signed(key: int) -> int:
    """Write 64 bits as the signed integer that databases keep.

    >>> _signed(2**64 - 1)
    -1
    """
    return key - 2**64 if key >= 2**63 else key


def _event(row: Record) -> Event:
    label = None if row.label is None else json.loads(row.label)
    given = Answer(row.id, label, row.kind, row.who, row.seconds, row.cost, row.lease, row.uid)
    return Event(row.position, given, row.at)


def _counts(connection: Connection, now: int) -> Counts:
    last = read_head(connection)
    leased = leases.count_leased(connection, now)
    return Counts(last.items - last.answered - last.aside, last.answered, last.aside, leased)


def _put(connection: Connection, name: str, data: bytes) -> None:
    connection.execute(delete(blob).where(blob.c.name == name))
    for start in range(0, max(len(data), 1), PART):
        part = bytes(data[start : start + PART])
        connection.execute(insert(blob), {"name": name, "part": start // PART, "data": part})


def _hold(connection: Connection, row: dict[str, Any], now: int) -> bool:
    there = connection.execute(select(hold).where(hold.c.name == row["name"])).one_or_none()
    if there is not None and there.who != row["who"] and there.expires > now:
        return False
    connection.execute(delete(hold).where(hold.c.name == row["name"]))
    connection.execute(insert(hold), row)
    return True
