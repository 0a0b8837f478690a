"""A real PostgreSQL server for the tests: started once, each user of it gets a schema of its own.

The server refuses to run as root, so that root lends it to the account ``postgres``, which its package makes.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

WANTED = "install a PostgreSQL server (Debian: apt-get install postgresql)"


def _pg_ctl() -> str | None:
    """Find the program that starts a server, of the newest version."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return str(installed[-1]) if installed else shutil.which("pg_ctl")


def _as_somebody(folder: Path, pg_ctl: str) -> str:
    """Give a program that runs pg_ctl, for root as the account postgres, which then owns the folder."""
    if os.name != "posix" or os.geteuid() != 0:
        return pg_ctl
    try:
        shutil.chown(folder, "postgres", "postgres")
    except LookupError:
        pytest.skip(f"the tests run as root and there is no account postgres: {WANTED}")
    program = folder / "pg_ctl"
    program.write_text(
        f'#!/bin/sh\nexec setpriv --reuid=postgres --regid=postgres --init-groups {shlex.quote(pg_ctl)} "$@"\n'
    )
    program.chmod(0o755)
    return str(program)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a server for the session; gives the start of its URL."""
    from port_for import get_port
    from pytest_postgresql.executors import PostgreSQLExecutor

    pg_ctl = _pg_ctl()
    if pg_ctl is None:
        pytest.skip(f"there is no pg_ctl: {WANTED}")
    # Not under pytest's own folder: that is closed to other accounts, and its path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="querist-postgres-") as name:
        folder, port = Path(name), get_port(None)
        assert port is not None
        server = PostgreSQLExecutor(
            executable=_as_somebody(folder, pg_ctl), host="127.0.0.1", port=port, datadir=str(folder / "data"),
            unixsocketdir=name, logfile=str(folder / "log"), startparams="-w", dbname="postgres",
        )  # fmt: skip
        with server:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            _wait_for(url)
            yield url


def _wait_for(url: str) -> None:
    """Wait until the server answers: its port is open before that."""
    import psycopg

    for _ in range(600):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the PostgreSQL server did not answer within a minute")


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Callable[[], str]:
    """Give a function that makes an empty schema and gives its URL."""
    return lambda: new_schema(postgres_server)


_numbers = count(1)


def new_schema(server: str) -> str:
    """Make an empty schema and give the URL of a database that has only that."""
    import psycopg

    name = f"study_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}?options=-csearch_path%3D{name}"
