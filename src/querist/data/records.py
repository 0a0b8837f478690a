"""Records kept as a table, so that a hundred thousand of them cost no more than their bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pyarrow as pa

from querist._arrays import Rows
from querist.formats.protocol import Table


@dataclass(frozen=True, eq=False)
class Records(Sequence[Mapping[str, Any]]):
    """The rows of a table as mappings, each made when it is asked for.

    >>> records = Records(pa.table({"a": [1, 2]}))
    >>> records[1], len(records)
    ({'a': 2}, 2)
    """

    table: Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @overload
    def __getitem__(self, row: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, row: slice) -> Records: ...
    def __getitem__(self, row: int | slice) -> Mapping[str, Any] | Records:
        if isinstance(row, slice):
            return self.take(np.arange(len(self))[row])
        at = row + len(self) if row < 0 else row
        if not 0 <= at < len(self):
            raise IndexError(f"there are {len(self)} records: got row {row}")
        found: Mapping[str, Any] = self.table.slice(at, 1).to_pylist()[0]
        return found

    def take(self, rows: Rows) -> Records:
        """Take some rows."""
        return Records(self.table.take(pa.array(rows, pa.int64())))


def join(parts: Sequence[Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    """Append records to records, as one table where their types agree."""
    if len(parts) == 1:
        return parts[0]
    tables = [part.table for part in parts if isinstance(part, Records)]
    if len(tables) == len(parts):
        try:
            return Records(pa.concat_tables(tables, promote_options="default"))
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # the same name with another type: keep both as they are
            pass
    return [record for part in parts for record in part]
