"""Real processes on one store: nothing is handed out twice, nothing is lost, nobody is told that it is locked."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from querist.store import Counts, Ranked, Ranking
from querist.store.sql import SqlStore
from querist.testing.store_model import Model

WORKER = Path(__file__).with_name("store_worker.py")


def ranked_store(where: str | Path, items: int) -> SqlStore:
    ids = [f"item {i:05d}" for i in range(items)]
    store = SqlStore(where, create=True)
    store.add_items([(id, i) for i, id in enumerate(ids)])
    store.rank(Ranking(0, [Ranked(id, 0.0) for id in ids]))
    return store


def start(work: str, where: str | Path, who: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), work, str(where), who]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def share(where: str | Path, processes: int, items: int) -> None:
    """Let several processes label all items, and check that each was handed out and answered once."""
    store = ranked_store(where, items)
    began = time.perf_counter()
    workers = [start("share", where, f"person {i}") for i in range(processes)]
    ended = [worker.communicate(timeout=280) for worker in workers]
    print(f"{processes} processes, {items} items: {time.perf_counter() - began:.1f} s")
    assert [errors for _, errors in ended if errors] == []
    handed = [item for told, _ in ended for item in json.loads(told)]
    assert sorted(handed) == sorted(set(handed)) == store.items()
    events = store.events()
    assert [event.position for event in events] == list(range(1, items + 1))
    assert sorted(event.answer.item for event in events) == store.items()
    assert store.counts() == Counts(0, items, 0, 0)
    store.close()


def test_processes_share_the_work(tmp_path: Path) -> None:
    share(tmp_path / "a.querist", 4, 400)


@pytest.mark.slow
def test_many_processes_share_the_work(tmp_path: Path) -> None:
    share(tmp_path / "a.querist", 8, 2_000)


@pytest.mark.postgres
def test_processes_share_the_work_in_postgres(postgres: Callable[[], str]) -> None:
    share(postgres(), 4, 200)


def kill_one(path: Path, chance: random.Random, who: str) -> list[tuple[int, str]]:
    """Start a process that labels, kill it in the middle, and give what it was told to be on the disk."""
    worker = start("drip", path, who)
    assert worker.stdout is not None
    told = [worker.stdout.readline() for _ in range(chance.randint(1, 8))]
    time.sleep(chance.uniform(0, 0.004))
    worker.kill()
    rest, errors = worker.communicate()
    assert errors == ""
    lines = [*told, *rest.splitlines(keepends=True)]
    return [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1].strip()) for line in lines if line.endswith("\n")]


def check_whole(store: SqlStore, path: Path) -> None:
    """Check the counters against the log, and the file against itself."""
    model = Model(store._clock, store.items(), [event.answer for event in store.events()])
    assert store.counts()[:3] == model.counts()[:3]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def kill_many(path: Path, times: int) -> None:
    store = ranked_store(path, 12 * times)
    chance = random.Random(times)
    acknowledged: list[tuple[int, str]] = []
    for i in range(times):
        acknowledged += kill_one(path, chance, f"person {i}")
        log = [(event.position, event.answer.item) for event in store.events()]
        assert set(acknowledged) <= set(log)
        assert [position for position, _ in log] == list(range(1, len(log) + 1))
    print(f"{times} kills: {len(acknowledged)} answers acknowledged, {len(log)} in the log")
    assert len({item for _, item in log}) == len(log)
    check_whole(store, path)
    store.close()


def test_no_acknowledged_answer_is_lost_by_a_kill(tmp_path: Path) -> None:
    kill_many(tmp_path / "a.querist", 5)


@pytest.mark.kill
def test_no_acknowledged_answer_is_lost_by_fifty_kills(tmp_path: Path) -> None:
    kill_many(tmp_path / "a.querist", 50)
