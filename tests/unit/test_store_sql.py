"""What a database store does inside: formats, busy and failing databases, cost of a call, publishing cut short."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from querist.errors import StoreFailed, UnknownItem
from querist.store import Ranked, Ranking, publish, sql
from querist.store.database import failure, is_busy
from querist.store.files import APPLICATION_ID
from querist.store.migrations import REVISION, VERSION_TABLE, VERSIONS, revision, upgrade
from querist.store.sql import SqlStore
from querist.store.tables import metadata
from querist.tasks.protocol import Answer
from querist.testing.store_model import HandClock

IDS = [f"item {i}" for i in range(1_200)]


def ranked(ids: list[str], position: int = 0, **info: Any) -> Ranking:
    return Ranking(position, [Ranked(id, 0.0) for id in ids], info)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.querist"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[SqlStore]:
    store = SqlStore(path, create=True, clock=clock, patience=10)
    store.add_items([(id, i) for i, id in enumerate(IDS)])
    yield store
    store.close()


def asked(store: SqlStore, question: str) -> Any:
    """Ask the database of a store for one value."""
    return store._database.read(lambda connection: connection.execute(text(question)).scalar())


# The format.


def test_a_file_is_marked_and_safe_against_a_power_cut(store: SqlStore) -> None:
    pragmas = ["application_id", "user_version", "journal_mode", "synchronous", "foreign_keys"]
    assert [asked(store, f"PRAGMA {name}") for name in pragmas] == [APPLICATION_ID, int(REVISION), "wal", 2, 1]


def compare(connection: Connection) -> list[Any]:
    def ours(thing: Any, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name == VERSION_TABLE)

    return list(compare_metadata(MigrationContext.configure(connection, opts={"include_object": ours}), metadata))


def test_the_migrations_make_the_tables(store: SqlStore) -> None:
    assert store._database.read(compare) == []
    assert ScriptDirectory(str(VERSIONS)).get_current_head() == REVISION


@pytest.mark.postgres
def test_the_migrations_make_the_tables_in_postgres(postgres: Callable[[], str]) -> None:
    with closing(SqlStore(postgres(), create=True)) as store:
        assert store._database.read(compare) == []


def test_an_older_study_is_brought_up_to_date(store: SqlStore, tmp_path: Path) -> None:
    later = tmp_path / "migrations"
    copytree(VERSIONS / "versions", later / "versions")
    (later / "versions" / "r0002.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0002'\ndown_revision = '0001'\n"
        "def upgrade():\n    op.add_column('item', sa.Column('note', sa.Text()))\n"
    )
    store.record([Answer("item 3", "yes")])
    store._database.write(lambda connection: upgrade(connection, "x", folder=later), mode="create")
    assert store._database.read(revision) == "0002"
    assert "note" in store._database.read(lambda c: [column["name"] for column in inspect(c).get_columns("item")])
    assert store.counts().answered == 1


# Busy and failing databases.


def test_waits_for_another_writer(store: SqlStore, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.rollback).start()
        assert store.record([Answer("item 1", "yes")]) == [1]


def test_gives_up_on_another_writer_with_a_reason(path: Path, store: SqlStore) -> None:
    impatient = SqlStore(path, patience=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed, match=re.escape(f"{path} was busy for 0.1 s: another process is writing")):
            impatient.record([Answer("item 1", "yes")])
        assert impatient.counts().open == len(IDS)
        other.rollback()
    assert impatient.record([Answer("item 1", "yes")]) == [1]
    impatient.close()


def test_gives_up_on_another_thread_with_a_reason(path: Path, store: SqlStore) -> None:
    impatient = SqlStore(path, patience=0.01)
    with impatient._database._writing, pytest.raises(StoreFailed, match="another thread of this process is writing"):
        impatient.release("ann")
    impatient.close()


def sqlite_error(code: int) -> OperationalError:
    error = sqlite3.OperationalError("said SQLite")
    error.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, error)


def test_a_writer_takes_the_lock_before_it_reads(store: SqlStore, path: Path) -> None:
    def work(_: Connection) -> None:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                other.execute("BEGIN IMMEDIATE")
            other.execute("BEGIN")

    store._database.write(work)


def test_a_busy_transaction_is_run_again(store: SqlStore) -> None:
    tries = []

    def work(connection: Connection) -> int:
        connection.execute(text("UPDATE head SET granted = granted + 1"))
        tries.append(1)
        if len(tries) < 3:
            raise sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT)
        return len(tries)

    assert store._database.write(work) == 3
    assert asked(store, "SELECT granted FROM head") == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_READONLY_DIRECTORY, "it is read-only: make the file and its folder writable (said SQLite)"),
        (sqlite3.SQLITE_CORRUPT, "the file is damaged: restore a backup (`querist backup` makes one) (said SQLite)"),
        (sqlite3.SQLITE_NOTADB, "the file is damaged: restore a backup"),
        (sqlite3.SQLITE_FULL, "the disk is full: make room and try again, nothing was written"),
        (sqlite3.SQLITE_IOERR_FSYNC, "the disk failed to read or write: check it, then try again"),
        (sqlite3.SQLITE_CANTOPEN, "the file cannot be opened: check that it and its folder are there"),
        (sqlite3.SQLITE_TOOBIG, "one value is longer than SQLite keeps"),
        (sqlite3.SQLITE_ERROR, "the database refused: said SQLite"),
    ],
)
def test_a_database_error_gets_its_reason(code: int, reason: str) -> None:
    error = sqlite_error(code)
    assert not is_busy(error)
    assert f"a.querist: {reason}" in str(failure(error, "a.querist"))


def test_a_lost_connection_says_that_a_uid_counts_once() -> None:
    lost = OperationalError("SELECT 1", {}, Exception("server closed the connection"), connection_invalidated=True)
    assert "the connection was lost (server closed the connection); try again, an answer with a uid" in str(
        failure(lost, "x")
    )
    waiting = ProgrammingError("SELECT 1", {}, Exception("lock timeout"))
    waiting.orig.sqlstate = "55P03"  # type: ignore[union-attr]
    assert is_busy(waiting)


@pytest.mark.parametrize(
    ("pragma", "reason"), [("query_only = ON", "it is read-only"), ("max_page_count = 1", "the disk is full")]
)
def test_a_real_refusal_keeps_what_was_there(store: SqlStore, path: Path, pragma: str, reason: str) -> None:
    store.record([Answer("item 1", "yes")])
    limited = SqlStore(path)
    limit(limited._database.engine, pragma)
    with pytest.raises(StoreFailed, match=re.escape(f"{path}: {reason}")):
        limited.put("x", b"\0" * 100_000)
    limited.close()
    assert store.get("x") is None
    assert store.record([Answer("item 2", "yes")]) == [2]


def limit(engine: Engine, pragma: str) -> None:
    """Set a pragma on every connection from now on."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))


# What a call costs: instructions of SQLite's virtual machine, which do not depend on the clock.


def instructions(store: SqlStore, call: Callable[[], object]) -> int:
    """Count the instructions that a call runs."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    def watch(connection: Any, _: object) -> None:
        connection.set_progress_handler(count, 1)

    call()
    store._database.engine.dispose()
    event.listen(store._database.engine, "connect", watch)
    call()
    event.remove(store._database.engine, "connect", watch)
    store._database.engine.dispose()
    return counted[0]


def test_a_call_costs_the_same_however_much_is_answered(store: SqlStore) -> None:
    store.rank(ranked(IDS))
    numbers = iter(range(10_000))

    def label_one() -> None:
        (claim,) = store.claim("ann", 1)
        store.record([Answer(claim.item, "yes", who="ann", uid=f"{next(numbers)}")])

    def cost() -> list[int]:
        return [instructions(store, call) for call in (label_one, store.counts, store.published)]

    before = cost()
    store.record([Answer(id, "yes", who="bob") for id in IDS[:1_000]])
    after = cost()
    assert all(late < 1.2 * early + 20 for early, late in zip(before, after, strict=True)), (before, after)


def test_a_claim_skips_what_others_answered_with_an_overlap(store: SqlStore) -> None:
    store.rank(ranked(IDS))
    before = instructions(store, lambda: store.claim("ann", 1, overlap=2))
    for who in ("bob", "cleo"):
        store.record([Answer(id, "yes", who=who) for id in IDS[1:1_000]])
    after = instructions(store, lambda: store.claim("dan", 1, overlap=2))
    assert after < 1.5 * before, (before, after)


# Publishing.


def rows(store: SqlStore) -> list[int]:
    """Count the rows of the queue by ranking; a ranking without any counts as one."""
    counted = text("SELECT count(*) FROM ranking LEFT JOIN queue USING (stage) GROUP BY stage ORDER BY stage")
    return store._database.read(lambda connection: list(connection.execute(counted).scalars()))


def test_a_replaced_reserve_is_removed(store: SqlStore) -> None:
    store.rank(ranked(IDS, batch=3))
    store.rank(ranked(IDS[:700], 1, batch=600))
    store.rank(ranked(IDS[:5], 2))
    assert rows(store) == [3, 600, 5]
    assert asked(store, "SELECT count(*) FROM ranking WHERE loose = 1") == 1


def test_a_reserve_that_nobody_removed_yet_is_not_read(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(publish, "tidy", lambda *_: None)
        store.rank(ranked(IDS[:9], batch=3))
        store.rank(ranked(IDS[:5], 1))
    assert rows(store) == [9, 5]
    replaced = store.ranking(1)
    assert replaced is not None
    assert len(replaced.queue) == 3
    store.rank(ranked(IDS[:2], 2))
    assert rows(store) == [3, 1, 2]


def test_the_same_ranking_again_writes_nothing(store: SqlStore) -> None:
    store.rank(ranked(IDS))
    store.rank(ranked(IDS))
    assert asked(store, "SELECT staged FROM head") == 1


def test_an_answer_while_a_ranking_is_written_is_seen(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = publish._fill

    def fill(*arguments: Any) -> None:
        filled(*arguments)
        store.record([Answer("item 0", "yes"), Answer("item 1", kind="skip")])

    monkeypatch.setattr(publish, "_fill", fill)
    store.rank(ranked(IDS[:4]))
    assert [claim.item for claim in store.claim("ann", 9)] == ["item 2", "item 3", "item 1"]


def test_a_ranking_that_fails_leaves_nothing(store: SqlStore) -> None:
    store.rank(ranked(IDS[:2]))
    with pytest.raises(UnknownItem, match="no item has the id 'nobody'"):
        store.rank(ranked([*IDS, "nobody"], 1))
    assert rows(store) == [2]
    assert store.rank(ranked(IDS[:3], 1)) == 2


def test_what_a_dead_publisher_left_is_removed_after_an_hour(store: SqlStore, clock: HandClock) -> None:
    draft = publish.Draft(0, "{}", ranked(IDS[:600]).queue, clock())
    stage = store._database.write(lambda connection: publish._open_stage(connection, draft))
    publish._fill(store._database, stage, 0, draft.queue)
    assert store.ranking() is None
    assert store.rank(ranked(IDS[:2])) == 1
    assert rows(store) == [600, 2]
    clock.pass_by(3_601)
    assert store.rank(ranked(IDS[:3], 1)) == 2
    assert rows(store) == [1, 3]
    with pytest.raises(StoreFailed, match="this ranking took more than an hour to write and was given up: rank again"):
        store._database.write(lambda connection: publish._swap(connection, stage, draft))


def test_two_who_publish_the_same_at_once_publish_it_once(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)
    fill = publish._fill

    def together(*arguments: Any) -> None:
        both.wait(60)
        fill(*arguments)

    monkeypatch.setattr(publish, "_fill", together)
    rounds: list[int] = []
    threads = [threading.Thread(target=lambda: rounds.append(store.rank(ranked(IDS[:3])))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rounds == [1, 1]
    assert rows(store) == [3]


# Long lists.


def test_many_answers_at_once(store: SqlStore) -> None:
    told = [Answer(id, "yes", who="ann", uid=id) for id in IDS]
    assert store.record(told) == store.record(told) == list(range(1, len(IDS) + 1))
    assert store.counts().answered == len(IDS)
    store.rank(ranked(IDS[:3]))
    store.release("ann", IDS)


def test_bytes_longer_than_a_row(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "PART", 10)
    for data in (bytes(range(95)), b"short", bytes(20)):
        store.put("x", data)
        assert store.get("x") == data
    assert asked(store, "SELECT count(*) FROM blob") == 2


def test_wait_sees_the_answers_of_another_process(store: SqlStore, path: Path) -> None:
    other = SqlStore(path)
    teller = threading.Timer(0.1, lambda: other.record([Answer("item 1", "yes")]))
    teller.start()
    assert store.wait(0, 60) == 1
    teller.join()
    other.close()


@pytest.mark.timeout(60)
def test_wait_does_not_poll_for_answers_of_its_own_process(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "POLL", 3_600)
    woken = threading.Event()

    def tell() -> None:
        while not woken.wait(0.05):
            store.record([Answer("item 1", "yes")])

    teller = threading.Thread(target=tell)
    teller.start()
    assert store.wait(0, 3_600) >= 1
    woken.set()
    teller.join()
