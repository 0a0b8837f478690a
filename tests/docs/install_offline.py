"""Install a project of plain modules into a folder, as ``pip install --target`` would: no index, no build tool.

Usage: python install_offline.py PROJECT TARGET. The names and entry points are read from the project's pyproject.toml.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path


def install(project: Path, target: Path) -> None:
    """Copy the modules that the wheel would hold, and write the metadata that makes its entry points known."""
    facts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    name, version = facts["project"]["name"], facts["project"]["version"]
    for module in facts["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        shutil.copy(project / module, target / module)
    metadata = target / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    groups = facts["project"]["entry-points"].items()
    lines = [line for group, found in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in found.items()))]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    install(Path(sys.argv[1]), Path(sys.argv[2]))
