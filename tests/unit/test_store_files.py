"""Opening, creating and copying studies: what lies there decides, and every refusal says what to do."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy

import psycopg
import pytest

from querist import __version__
from querist.errors import BadInput, MissingExtra, NewerStudy, StoreFailed, StudyExists, StudyNotFound
from querist.store import MemoryStore, Ranked, Ranking, backup, files, open_store, opening
from querist.store.sql import SqlStore
from querist.tasks.protocol import Answer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.querist"


@pytest.fixture
def study(path: Path) -> Path:
    with closing(SqlStore(path, create=True)) as store:
        store.add_items([("a", 1), ("b", 2)])
        store.rank(Ranking(0, [Ranked("a", 1.0), Ranked("b", 0.5)]))
        store.record([Answer("b", "yes")])
    return path


def refused(error: type[Exception], message: str, where: object, *, create: bool = False) -> None:
    with pytest.raises(error, match=re.escape(message)):
        SqlStore(str(where), create=create)


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("where", [None, ":memory:", "sqlite://", "sqlite:///:memory:"])
def test_opens_a_store_in_memory(where: str | None) -> None:
    assert isinstance(open_store(where), MemoryStore)
    assert isinstance(open_store(where, create=True), MemoryStore)


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_opens_a_file_by_path_or_url(form: str, path: Path) -> None:
    where = form.format(path)
    store = open_store(where, create=True)
    store.add_items([("a", 1)])
    store.close()
    again = open_store(path)
    assert again.items() == ["a"]
    assert str(path) in repr(again)
    again.close()


def test_all_is_there_after_closing(study: Path) -> None:
    with closing(SqlStore(study)) as store:
        claims = store.claim("ann", 1)
        assert store.hold("step", "me", 600)
        store.put("model", b"bytes")
    with closing(SqlStore(study)) as store:
        assert store.leases() == claims
        assert not store.hold("step", "you", 600)
        assert store.get("model") == b"bytes"
        assert [event.answer for event in store.events()] == [Answer("b", "yes")]
        assert store.counts() == (1, 1, 0, 1)
        ranking = store.ranking()
        assert ranking is not None
        assert [place.item for place in ranking.queue] == ["a", "b"]


def test_a_missing_study_is_not_found(path: Path) -> None:
    refused(StudyNotFound, f"no study at {path}: create one with `querist new {path} DATA`", path)
    assert not path.exists()


def test_an_existing_file_is_never_overwritten(study: Path) -> None:
    refused(StudyExists, f"{study} exists already: open it, choose another name", study, create=True)
    study.write_text("mine")
    refused(StudyExists, f"{study} exists already", study, create=True)
    assert study.read_text() == "mine"


def test_a_path_taken_meanwhile_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "check_new", lambda path: path.write_text("mine"))
    refused(StudyExists, f"{path} exists already", path, create=True)
    assert path.read_text() == "mine"


def test_a_folder_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.querist"
    refused(
        BadInput, f"cannot create {path}: the folder {path.parent} does not exist; make it first", path, create=True
    )
    refused(BadInput, f"{tmp_path} is not a file: a study is one file", tmp_path)


def test_a_failed_creation_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreFailed("no luck")

    monkeypatch.setattr(opening, "upgrade", fail)
    refused(StoreFailed, "no luck", path, create=True)
    assert list(path.parent.iterdir()) == []


def test_something_else_is_not_a_study(path: Path) -> None:
    path.write_text("id,label\n" * 100)
    refused(BadInput, f"{path} is neither a SQLite database nor a querist study: check the name", path)
    path.unlink()
    change(path, "CREATE TABLE item (id)")
    before = path.read_bytes()
    refused(BadInput, f"{path} is a SQLite database but not a querist study: check the name", path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("make", [lambda path: path.touch(), lambda path: change(path, "PRAGMA journal_mode = WAL")])
def test_a_creation_cut_short_is_not_a_study(make: Callable[[Path], None], path: Path) -> None:
    make(path)
    refused(StudyNotFound, f"{path} is empty, not a study: its creation was cut short, or is under way", path)


def test_a_damaged_file_says_so(study: Path) -> None:
    size = study.stat().st_size
    with study.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    refused(StoreFailed, f"{study}: the file is damaged: restore a backup", study)


def test_a_cut_file_says_so(study: Path) -> None:
    with study.open("r+b") as file:
        file.truncate(6000)
    refused(StoreFailed, f"{study}", study)


def test_a_read_only_file_or_folder_says_so(study: Path) -> None:
    study.chmod(0o444)
    refused(StoreFailed, f"{study} cannot be opened: {study} is read-only, and a study writes beside itself", study)
    study.chmod(0o644)
    study.parent.chmod(0o555)
    refused(StoreFailed, f"{study} cannot be opened: {study.parent} is read-only", study)
    other = study.parent / "b.querist"
    refused(StoreFailed, f"cannot create {other}: the folder {study.parent} is read-only", other, create=True)
    study.parent.chmod(0o755)


MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
nas:/home /net nfs4 rw,vers=4.2 0 0
/dev/sdb1 /net/local xfs rw 0 0
//nas/lab /lab\\040share cifs rw 0 0
you@host:/ /home/you/far fuse.sshfs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/net/a.querist", "nfs4 at /net"), ("/net/x/y/a.querist", "nfs4 at /net"),
     ("/lab share/a.querist", "cifs at /lab share"), ("/home/you/far/a.querist", "fuse.sshfs at /home/you/far")],
)  # fmt: skip
def test_a_network_file_system_is_refused(path: str, kind: str) -> None:
    message = f"{path} lies on a network file system ({kind}), where SQLite's locks do not hold"
    with pytest.raises(StoreFailed, match=re.escape(message)):
        files.refuse_network(Path(path), MOUNTS)


@pytest.mark.parametrize("path", ["/a.querist", "/network/a.querist", "/net/local/a.querist", "/home/you/a.querist"])
def test_a_local_file_system_is_taken(path: str) -> None:
    files.refuse_network(Path(path), MOUNTS)
    files.refuse_network(Path(path), "")


def test_the_mounts_of_this_machine_are_asked(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/x {tmp_path.resolve()} nfs rw 0 0\n")
    monkeypatch.setattr(files, "MOUNTS", mounts)
    for where, create in ((study, False), (tmp_path / "b.querist", True)):
        refused(StoreFailed, f"{where} lies on a network file system (nfs at", where, create=create)
    monkeypatch.setattr(files, "MOUNTS", tmp_path / "none")
    SqlStore(study).close()


def test_a_newer_study_is_refused(study: Path) -> None:
    change(study, "UPDATE querist_version SET version_num = '2042'")
    message = (
        f"{study} was written by a newer querist: its format is '2042', and this is querist {__version__}, which knows "
        "formats up to '0001'; upgrade: pip install --upgrade querist"
    )
    refused(NewerStudy, message, study)


def test_a_url_must_be_one_of_ours() -> None:
    refused(BadInput, "a study lies in SQLite or PostgreSQL: got a URL of 'mysql'", "mysql://host/x")
    refused(BadInput, "cannot read the database URL 'postgresql://host:port/x'", "postgresql://host:port/x")


def test_postgres_needs_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused(MissingExtra, "a PostgreSQL study needs psycopg: pip install 'querist[postgres]'", "postgres://host/x")


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(StoreFailed, match=r"postgresql://me:\*\*\*@127.0.0.1:1/x: .*onnection") as caught:
        SqlStore("postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


def test_importing_the_stores_loads_no_database() -> None:
    code = "import sys, querist.store; print([m for m in ('sqlalchemy', 'alembic', 'psycopg') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Copies.


def test_an_open_study_is_copied_whole(study: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.querist"
    with closing(SqlStore(study)) as store:
        store.record([Answer("a", "no", who="ann")])
        backup(study, target)
        store.record([Answer("a", kind="retract", who="ann")])
        with closing(SqlStore(target)) as copied:
            assert [event.answer.item for event in copied.events()] == ["b", "a"]
            assert copied.counts() == (0, 2, 0, 0)
        assert len(store.events()) == 3


def test_a_copy_overwrites_nothing(study: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.querist"
    target.write_text("mine")
    with pytest.raises(StudyExists, match=re.escape(f"{target} exists already")):
        backup(study, target)
    assert target.read_text() == "mine"


def test_only_a_study_is_copied(study: Path, tmp_path: Path) -> None:
    other, target = tmp_path / "other.db", tmp_path / "copy.querist"
    with pytest.raises(StudyNotFound, match=re.escape(f"no study at {other}: nothing to copy")):
        backup(other, target)
    change(other, "CREATE TABLE x (y)")
    with pytest.raises(BadInput, match="is a SQLite database but not a querist study"):
        backup(other, target)
    with pytest.raises(BadInput, match="is not a file: copy a PostgreSQL study with pg_dump"):
        backup("postgresql://host/x", target)
    with pytest.raises(BadInput, match="does not exist; make it first"):
        backup(study, tmp_path / "none" / "copy.querist")
    assert not target.exists()


def test_a_failed_copy_leaves_nothing(study: Path, tmp_path: Path) -> None:
    damaged, target = copy(study, tmp_path / "damaged.querist"), tmp_path / "copy.querist"
    with damaged.open("r+b") as file:
        file.truncate(6000)
    with pytest.raises(StoreFailed, match=re.escape(f"{damaged}")):
        backup(damaged, target)
    assert not target.exists()


# PostgreSQL.


@pytest.fixture
def schema(postgres: Callable[[], str]) -> Iterator[str]:
    return postgres()


@pytest.mark.postgres
def test_a_database_without_a_study(schema: str) -> None:
    refused(StudyNotFound, "no study in postgresql://postgres@127.0.0.1", schema)


@pytest.mark.postgres
def test_a_database_with_a_study(schema: str) -> None:
    SqlStore(schema, create=True).close()
    refused(StudyExists, "a study is in postgresql://postgres@127.0.0.1", schema, create=True)
    with psycopg.connect(schema) as connection:
        connection.execute("UPDATE querist_version SET version_num = '2042'")
    refused(NewerStudy, "its format is '2042'", schema)


@pytest.mark.postgres
def test_a_database_of_another_program(schema: str) -> None:
    with psycopg.connect(schema) as connection:
        connection.execute("CREATE TABLE item (id int)")
    message = "holds a table of another program, 'item': give an empty database, or a schema of its own"
    refused(BadInput, message, schema, create=True)
