"""Where a study may lie: a file on a local disk that is one of ours."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from querist.errors import BadInput, StoreFailed, StudyExists, StudyNotFound

APPLICATION_ID = 0x51525354
"""Marks a SQLite file as a study: the letters QRST."""
MOUNTS = Path("/proc/mounts")
NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "orangefs", "pvfs2", "smb2", "smb3", "smbfs"}
    | {"fuse.ceph", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
)
"""File systems on which SQLite's locks and shared memory do not hold between machines."""


def check_new(path: Path, *, mounts: str | None = None) -> None:
    """Check that a study can be created at a path; raises StudyExists, BadInput, StoreFailed."""
    if path.exists():
        raise StudyExists(f"{path} exists already: open it, choose another name, or delete it first")
    if not path.parent.is_dir():
        raise BadInput(f"cannot create {path}: the folder {path.parent} does not exist; make it first")
    refuse_network(path, mounts)
    if not _writable(path.parent):
        raise StoreFailed(f"cannot create {path}: the folder {path.parent} is read-only")


def check_there(path: Path, *, mounts: str | None = None) -> None:
    """Check that a path is a study that can be written; raises StudyNotFound, BadInput, StoreFailed."""
    if not path.exists():
        raise StudyNotFound(f"no study at {path}: create one with `querist new {path} DATA`")
    if not path.is_file():
        raise BadInput(f"{path} is not a file: a study is one file, such as name.querist")
    refuse_network(path, mounts)
    for place in (path, path.parent):
        if not _writable(place):
            raise StoreFailed(f"{path} cannot be opened: {place} is read-only, and a study writes beside itself")
    check_ours(path)


def _writable(path: Path) -> bool:
    """Say whether a file or folder may be written; a read-only mark counts even for those whom it does not stop."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


def check_ours(path: Path) -> None:
    """Check the mark of a study; raises StudyNotFound, BadInput, StoreFailed.

    The file is read through SQLite alone: closing it by any other means drops the locks of the whole process.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise BadInput(f"{path} is neither a SQLite database nor a querist study: check the name") from None
        raise StoreFailed(f"{path} cannot be read: {error}") from error
    if mark == 0 and tables == 0:
        raise StudyNotFound(f"{path} is empty, not a study: its creation was cut short, or is under way")
    if mark != APPLICATION_ID:
        raise BadInput(f"{path} is a SQLite database but not a querist study: check the name")


def refuse_network(path: Path, mounts: str | None = None) -> None:
    """Refuse a path on a network file system, as far as can be told; raises StoreFailed.

    ``mounts`` is the text of /proc/mounts (default: read it, where there is one). A Windows share is told by its name.

    >>> refuse_network(Path("/data/a.querist"), "/dev/sda1 / ext4 rw 0 0")
    """
    if mounts is None:
        mounts = MOUNTS.read_text() if MOUNTS.exists() else ""
    whole = path.resolve()
    where, kind = (whole.drive, "smb3") if whole.drive.startswith("\\\\") else _mount(whole, mounts)
    if kind in NETWORK:
        raise StoreFailed(
            f"{path} lies on a network file system ({kind} at {where}), where SQLite's locks do not hold and answers "
            "could be lost: keep the study on a local disk, or use a PostgreSQL URL"
        )


def _mount(path: Path, mounts: str) -> tuple[str, str]:
    """Find the mount point that a path lies under, and its file system."""
    found = ("", "")
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        where = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[1])
        if path.is_relative_to(where) and len(where) >= len(found[0]):
            found = (where, fields[2])
    return found


@contextmanager
def reserve(path: Path) -> Iterator[None]:
    """Make an empty file that nobody had, and remove it when what follows fails; raises StudyExists."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    except FileExistsError:
        raise StudyExists(f"{path} exists already: open it, choose another name, or delete it first") from None
    except OSError as error:
        raise StoreFailed(f"cannot create {path}: {error.strerror}") from error
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            path.unlink(missing_ok=True)


def discard(where: str | os.PathLike[str] | None) -> None:
    """Remove the file of a study whose creation failed, and what SQLite keeps beside it; a server's is left alone."""
    if where is None or "://" in os.fspath(where):
        return
    for ending in ("", "-wal", "-shm"):
        Path(os.fspath(where) + ending).unlink(missing_ok=True)


def backup(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Copy a study, open or not, into a new file; labelling goes on meanwhile.

    The copy is one state of the study, whole. Cost O(size of the file). Raises StudyNotFound, StudyExists, StoreFailed.
    """
    if "://" in str(source):
        raise BadInput(f"{source} is not a file: copy a PostgreSQL study with pg_dump")
    old, new = Path(source), Path(target)
    if not old.exists():
        raise StudyNotFound(f"no study at {old}: nothing to copy")
    check_ours(old)
    check_new(new, mounts="")  # a copy on a network disk is never opened as a study, so it may lie there
    with reserve(new):
        try:
            with closing(sqlite3.connect(old)) as read, closing(sqlite3.connect(new)) as write:
                read.backup(write)
        except sqlite3.Error as error:
            raise StoreFailed(f"cannot copy {old} to {new}: {error}") from error
