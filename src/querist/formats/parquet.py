"""Apache Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from querist.errors import BadData
from querist.formats._files import read_bytes
from querist.formats.protocol import About, Hints, Table, no_hints


@dataclass(frozen=True)
class Parquet:
    """Typed tables, compressed by column."""

    about: ClassVar[About] = About("parquet", (".parquet", ".pq"), True, True, "table with column types")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a table; it has its own types, so hints are not asked."""
        import pyarrow as pa
        import pyarrow.parquet

        name = Path(path).name
        try:
            table = pyarrow.parquet.read_table(pa.BufferReader(read_bytes(path)))
        except (pa.ArrowInvalid, OSError) as error:
            raise BadData(f"{name} is not a whole Parquet file: {str(error).splitlines()[0]}; write it again") from None
        if table.num_rows == 0:
            raise BadData(f"{name} holds column names but zero rows: add rows")
        return table

    def write(self, rows: Table, path: Path) -> None:
        """Write a table."""
        import pyarrow.parquet

        pyarrow.parquet.write_table(rows, str(path))
