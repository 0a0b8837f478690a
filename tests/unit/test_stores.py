"""Every store keeps the contract of ``querist.store.protocol.Store``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import copy

import psycopg
import pytest

from querist.store import MemoryStore
from querist.store.sql import SqlStore
from querist.store.tables import head, metadata
from querist.testing.store_model import HandClock, MakeStore
from querist.testing.stores import StoreSuite


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.querist"
    SqlStore(path, create=True).close()
    return path


@pytest.fixture(scope="module")
def database(postgres: Callable[[], str]) -> str:
    url = postgres()
    SqlStore(url, create=True).close()
    return url


def empty(database: str) -> None:
    """Empty the tables of a study in PostgreSQL, which is quicker than to make them again."""
    names = ", ".join(table for table in metadata.tables if table != "head")
    counters = ", ".join(f"{column.name} = 0" for column in head.c if column.name != "id")
    with psycopg.connect(database) as connection:
        connection.execute(f"TRUNCATE {names}")
        connection.execute(f"UPDATE head SET {counters}")


class TestMemoryStore(StoreSuite):
    examples = 150

    @pytest.fixture
    def make(self) -> MakeStore:
        return lambda clock: MemoryStore(clock=clock)


class TestSqliteStore(StoreSuite):
    examples = 15

    @pytest.fixture
    def make(self, empty_file: Path, tmp_path: Path) -> MakeStore:
        number = count()
        return lambda clock: SqlStore(copy(empty_file, tmp_path / f"{next(number)}.querist"), clock=clock)


@pytest.mark.postgres
class TestPostgresStore(StoreSuite):
    examples = 5

    @pytest.fixture
    def make(self, database: str) -> MakeStore:
        def make(clock: HandClock) -> SqlStore:
            empty(database)
            return SqlStore(database, clock=clock)

        return make
