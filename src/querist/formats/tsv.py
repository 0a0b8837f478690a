"""Tab-separated values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from querist.formats._delimited import read_delimited, write_delimited
from querist.formats.protocol import About, Hints, Table, no_hints


@dataclass(frozen=True)
class Tsv:
    """Tables with a line of column names, separated by tabs; quotes as in CSV."""

    about: ClassVar[About] = About("tsv", (".tsv",), True, True, "table, separated by tabs")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a table; raises BadData with the line of a ragged row."""
        return read_delimited(path, "\t", hints=hints)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as it is."""
        write_delimited(rows, path, "\t", escape=False)
