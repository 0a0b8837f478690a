"""The history of the tables: one file per revision in ``versions``, run inside the process by Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from querist.errors import NewerStudy

VERSION_TABLE = "querist_version"
REVISION = "0001"
"""The newest revision that this querist knows: the format of the studies that it writes."""
VERSIONS = Path(__file__).parent


def revision(connection: Connection) -> str | None:
    """Read which revision a database has; None when it holds no study."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return found


def upgrade(connection: Connection, name: str, *, folder: Path = VERSIONS) -> None:
    """Bring a database to the newest revision, inside the caller's transaction; ``name`` says which in messages.

    Raises NewerStudy when the database has a revision that no file describes.
    """
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(folder))
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    now = context.get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if now is not None and now not in known:
        raise newer(name, now)
    todo = list(scripts.iterate_revisions("head", now or "base"))
    with Operations.context(context):
        for script in reversed(todo):
            script.module.upgrade()
            context.stamp(scripts, script.revision)


def newer(name: str, found: str) -> NewerStudy:
    """Make the error for a study whose revision is unknown here."""
    from querist import __version__

    return NewerStudy(
        f"{name} was written by a newer querist: its format is {found!r}, and this is querist {__version__}, which "
        f"knows formats up to {REVISION!r}; upgrade: pip install --upgrade querist"
    )
