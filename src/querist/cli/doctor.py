"""querist doctor: what is installed, and whether it can work."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any

import click

import querist
from querist.cli._options import as_json, example
from querist.cli._output import emit, show

_PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "SQLAlchemy",
    "alembic",
    "click",
    "rich",
    "matplotlib",
    "pyarrow",
)


@click.command(epilog=example("querist doctor"))
@as_json
def command(as_json: bool) -> None:
    """Say what is installed, and whether it can work."""
    found = facts()
    if as_json:
        emit(found)
    else:
        show(["what", "found"], _rows(found))
    if not found["sqlite"]["wal"]:
        raise click.exceptions.Exit(1)


def facts() -> dict[str, Any]:
    """Collect the facts."""
    return {
        "querist": querist.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "packages": {name: _version(name) for name in _PACKAGES},
        "extras": extras(),
        "sqlite": {"version": sqlite3.sqlite_version, "wal": wal_works()},
        "cores": cores(),
        "memory_gb": memory(),
        "numba_cache": numba_cache(),
        "offline": os.environ.get("QUERIST_OFFLINE", "") not in ("", "0"),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def extras() -> dict[str, dict[str, Any]]:
    """Say of each optional part which packages it lacks, and which install mends it."""
    try:
        wanted = metadata.requires("querist") or []
    except metadata.PackageNotFoundError:
        return {}
    parts: dict[str, list[str]] = {}
    for line in wanted:
        found = re.match(r"""([\w.-]+).*extra\s*==\s*["']([\w.-]+)["']""", line)
        if found and found[1].lower() != "querist":
            parts.setdefault(found[2], []).append(found[1])
    return {name: _extra(name, packages) for name, packages in sorted(parts.items()) if name != "all"}


def _extra(name: str, packages: list[str]) -> dict[str, Any]:
    missing = [package for package in packages if _version(package) is None]
    mend = f'pip install "querist[{name}]"' if missing else None
    return {"packages": {package: _version(package) for package in packages}, "missing": missing, "mend": mend}


def wal_works() -> bool:
    """Try SQLite's write-ahead log on a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wal.db")
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal")


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> float | None:
    """Give the machine's memory in GB; None where the system does not say."""
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)


def numba_cache() -> dict[str, Any]:
    """Say where compiled loops are kept between runs, and whether that place can be written."""
    folder = os.environ.get("NUMBA_CACHE_DIR") or str(Path(querist.__file__).parent)
    return {"folder": folder, "writable": os.access(folder, os.W_OK)}


def _rows(found: dict[str, Any]) -> list[list[str]]:
    cache = found["numba_cache"]
    numba = "writable" if cache["writable"] else f"{cache['folder']} cannot be written: set NUMBA_CACHE_DIR"
    sqlite = found["sqlite"]
    wal = "WAL works" if sqlite["wal"] else "WAL does not work: put studies on a local disk"
    memory = "unknown" if found["memory_gb"] is None else f"{found['memory_gb']} GB"
    return [
        ["querist", found["querist"]],
        ["Python", f"{found['python']} on {found['platform']}"],
        *([name, version or "not installed"] for name, version in found["packages"].items()),
        *([f"extra {name}", _extra_cell(extra)] for name, extra in found["extras"].items()),
        ["SQLite", f"{sqlite['version']}, {wal}"],
        ["cores", str(found["cores"])],
        ["memory", memory],
        ["compiled loops", numba],
        ["offline", "yes (QUERIST_OFFLINE)" if found["offline"] else "no (QUERIST_OFFLINE=1 forbids the network)"],
    ]


def _extra_cell(extra: dict[str, Any]) -> str:
    if extra["missing"]:
        return f"lacks {', '.join(extra['missing'])}: {extra['mend']}"
    return ", ".join(f"{name} {version}" for name, version in extra["packages"].items())
