"""Connections and transactions: short ones, tried again while the database is busy, refused with a reason."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from querist.errors import MissingExtra, StoreFailed
from querist.store.files import APPLICATION_ID

T = TypeVar("T")
Work = Callable[[Connection], T]

CONNECTIONS = 8
"""Connections kept open; more are made when more threads call at once."""
LONGEST_WAIT = 5.0
"""Seconds that one attempt waits inside the database; the attempts together may take longer."""
LONGEST_PAUSE = 0.32
"""Seconds between two attempts, at most."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BUSY_STATES = {"55P03", "40001", "40P01"}
_REASONS = {
    sqlite3.SQLITE_READONLY: "it is read-only: make the file and its folder writable",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: restore a backup (`querist backup` makes one)",
    sqlite3.SQLITE_NOTADB: "the file is damaged: restore a backup (`querist backup` makes one)",
    sqlite3.SQLITE_FULL: "the disk is full: make room and try again, nothing was written",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write: check it, then try again",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that it and its folder are there and may be written",
    sqlite3.SQLITE_TOOBIG: "one value is longer than SQLite keeps",
}


@dataclass(frozen=True)
class Database:
    """A database that holds one study. ``name`` says which in messages; ``patience`` is in seconds.

    Writers go one after another: in a process through a lock, between processes through SQLite's BEGIN IMMEDIATE, or
    through a lock on the one row of ``head`` in PostgreSQL. So a position in the log is never seen before a lower one.
    """

    engine: Engine
    name: str
    patience: float
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def _modes(self) -> dict[str, Engine]:
        ways = _MODES[self.engine.dialect.name]
        return {mode: self.engine.execution_options(**options) for mode, options in ways.items()}

    def read(self, work: Work[T]) -> T:
        """Run a function in a transaction that sees one state of the database."""
        return self._run("read", work)

    def write(self, work: Work[T], *, mode: str = "write") -> T:
        """Run a function in a transaction that writes; it may be run again, so it must change nothing else.

        ``mode="create"`` is for the time before the tables are there.
        """
        if not self._writing.acquire(timeout=self.patience):
            raise self._busy("another thread of this process")
        try:
            return self._run(mode, work)
        finally:
            self._writing.release()

    def _run(self, mode: str, work: Work[T]) -> T:
        if self._closed.is_set():
            raise StoreFailed("this store is closed: open it again")
        give_up = time.monotonic() + self.patience
        pause = 0.005
        while True:
            try:
                with self._modes[mode].begin() as connection:
                    return work(connection)
            except SQLAlchemyError as error:
                if not is_busy(error):
                    raise failure(error, self.name) from error
                if time.monotonic() + pause > give_up:
                    raise self._busy("another process") from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _busy(self, holder: str) -> StoreFailed:
        return StoreFailed(
            f"{self.name} was busy for {self.patience:g} s: {holder} is writing to it all the time; "
            "close what holds it (a database browser, a stopped program) and try again"
        )

    def close(self) -> None:
        """Close the connections; nothing can be read or written afterwards."""
        self._closed.set()
        self.engine.dispose()


_MODES: dict[str, dict[str, dict[str, str]]] = {
    "sqlite": {
        "read": {"first": "BEGIN"},
        "write": {"first": "BEGIN IMMEDIATE"},
        "create": {"first": "BEGIN IMMEDIATE"},
    },
    "postgresql": {
        "read": {"isolation_level": "REPEATABLE READ"},
        "write": {"first": "SELECT id FROM head FOR UPDATE"},
        "create": {"first": f"SELECT pg_advisory_xact_lock({APPLICATION_ID})"},
    },
}


def _begin(connection: Connection) -> None:
    """Run the first statement of a transaction: the one that makes writers queue.

    The sqlite3 module by itself would begin at the first change, when others may have written since what was read.
    """
    first = connection.get_execution_options().get("first")
    if first is not None:
        connection.exec_driver_sql(first)


def is_busy(error: SQLAlchemyError) -> bool:
    """Say whether trying again may help."""
    return _code(error) in _BUSY or _state(error) in _BUSY_STATES


def _code(error: SQLAlchemyError) -> int | None:
    """Give SQLite's primary error code."""
    code = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, DBAPIError) else None
    return None if code is None else code & 0xFF


def _state(error: SQLAlchemyError) -> str | None:
    """Give PostgreSQL's error code."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


def failure(error: SQLAlchemyError, name: str) -> StoreFailed:
    """Turn a database error into one that says what to do."""
    reason = _REASONS.get(_code(error) or 0)
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
    if reason is not None:
        return StoreFailed(f"{name}: {reason} ({said})")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StoreFailed(f"{name}: the connection was lost ({said}); try again, an answer with a uid counts once")
    return StoreFailed(f"{name}: the database refused: {said.splitlines()[0]}")


def sqlite(path: Path, patience: float) -> Database:
    """Open a SQLite file that is there: WAL, synchronous=FULL, foreign keys on."""
    where = f"{path.absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        waiting = min(patience, LONGEST_WAIT)
        made = sqlite3.connect(where, uri=True, timeout=waiting, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                made.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            made.close()
            raise
        return made

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=CONNECTIONS, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return Database(engine, str(path), patience)


def postgresql(url: URL, patience: float) -> Database:
    """Open a PostgreSQL database; raises MissingExtra without psycopg."""
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=CONNECTIONS, max_overflow=-1
        )
    except ImportError:
        raise MissingExtra("a PostgreSQL study needs psycopg: pip install 'querist[postgres]'") from None
    waiting = round(1000 * min(patience, LONGEST_WAIT))

    def connected(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout TO {waiting}")
        connection.execute("SET synchronous_commit TO on")
        connection.commit()

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _begin)
    return Database(engine, url.render_as_string(hide_password=True), patience)
