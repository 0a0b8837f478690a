"""Opening a study, and making a new one."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, make_url
from sqlalchemy.exc import ArgumentError

from querist.errors import BadInput, StudyExists, StudyNotFound
from querist.store.database import Database, postgresql, sqlite
from querist.store.files import APPLICATION_ID, check_new, check_there, reserve
from querist.store.migrations import REVISION, revision, upgrade
from querist.store.tables import metadata


def connect(where: str | os.PathLike[str], *, create: bool, patience: float) -> Database:
    """Open the study at a path or URL, or make it there.

    Raises StudyNotFound, StudyExists, NewerStudy, BadInput, StoreFailed, MissingExtra.
    """
    url = _url(os.fspath(where))
    if url is not None and url.get_backend_name() == "postgresql":
        return _prepared(postgresql(url, patience), create=create)
    path = Path(os.fspath(where) if url is None else url.database or "")
    if not create:
        check_there(path)
        return _prepared(sqlite(path, patience), create=False)
    check_new(path)
    with reserve(path):
        return _prepared(sqlite(path, patience), create=True)


def _url(where: str) -> URL | None:
    if "://" not in where:
        return None
    try:
        url = make_url(where.replace("postgres://", "postgresql://", 1) if where.startswith("postgres://") else where)
    except (ArgumentError, ValueError):
        raise BadInput(f"cannot read the database URL {where!r}: write postgresql://user@host/database") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(f"a study lies in SQLite or PostgreSQL: got a URL of {url.get_backend_name()!r}")
    return url


def _prepared(database: Database, *, create: bool) -> Database:
    ready = False
    try:
        if create:
            database.write(lambda connection: _create(connection, database.name), mode="create")
        else:
            _bring_up_to_date(database)
        ready = True
    finally:
        if not ready:
            database.close()
    return database


def _create(connection: Connection, name: str) -> None:
    if revision(connection) is not None:
        raise StudyExists(f"a study is in {name} already: open it, or give another database or schema")
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise BadInput(
            f"{name} holds a table of another program, {taken[0]!r}: give an empty database, or a schema of its own"
        )
    upgrade(connection, name)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version = {int(REVISION)}")


def _bring_up_to_date(database: Database) -> None:
    found = database.read(revision)
    if found is None:
        raise StudyNotFound(f"no study in {database.name}: create one with `querist new {database.name} DATA`")
    if found != REVISION:
        database.write(lambda connection: upgrade(connection, database.name), mode="create")
