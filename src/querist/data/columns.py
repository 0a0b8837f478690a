"""How the columns of a table become features: fitted once on the pool, then used for every row that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from querist.data.roles import is_id
from querist.errors import BadData, near
from querist.formats.protocol import Table

CATEGORIES = 50
LONG = 60.0


@dataclass(frozen=True)
class Column:
    """One column: a one-hot category, or a number.

    A missing number becomes ``fill``, the pool's median, and marks the ``indicator`` if the pool has missing ones.
    """

    name: str
    kind: Literal["number", "category"]
    fill: float = 0.0
    indicator: bool = False
    categories: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Name the features it becomes."""
        if self.kind == "category":
            return tuple(f"{self.name}={c}" for c in self.categories)
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)


@dataclass(frozen=True)
class Columns:
    """The encoding of a table: which columns are features, and which have another part to play.

    It is kept as JSON in ``Pool.about["columns"]``: ``Columns.of(pool)`` reads it back. A category that the pool did
    not have becomes zeros. Cost of ``encode``: O(N·D).
    """

    columns: tuple[Column, ...] = ()
    text: str | None = None
    label: str | None = None
    id: str | None = None
    group: str | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Name the D features."""
        return tuple(name for column in self.columns for name in column.features)

    def json(self) -> dict[str, Any]:
        """Write the encoding as JSON."""
        return {**asdict(self), "columns": [{**asdict(c), "categories": list(c.categories)} for c in self.columns]}

    @staticmethod
    def parse(data: Mapping[str, Any]) -> Columns:
        """Read the encoding from JSON.

        >>> one = Columns((Column("colour", "category", categories=("blue", "red")),), label="y")
        >>> Columns.parse(one.json()) == one
        True
        """
        columns = tuple(Column(**{**c, "categories": tuple(c["categories"])}) for c in data["columns"])
        return Columns(**{**data, "columns": columns})

    @staticmethod
    def of(pool: Any) -> Columns | None:
        """Read the encoding that a pool was made with; None when it was not made from a table."""
        data = pool.about.get("columns")
        return None if data is None else Columns.parse(data)

    def encode(self, table: Table) -> NDArray[np.float64]:
        """Encode rows as features [N, D] float64; raises BadData on a missing column or a value of another type."""
        items = np.zeros((table.num_rows, len(self.features)))
        start = 0
        for column in self.columns:
            if column.name not in table.column_names:
                raise BadData(f"no column is called {column.name!r}: {near(column.name, table.column_names)}")
            width = len(column.features)
            _encode(column, table.column(column.name), items[:, start : start + width])
            start += width
        return items


def _encode(column: Column, values: Table, items: NDArray[np.float64]) -> None:
    if column.kind == "category":
        codes = pc.index_in(as_text(values), value_set=pa.array(column.categories, pa.string()))
        code = codes.fill_null(-1).to_numpy()
        rows = np.flatnonzero(code >= 0)
        items[rows, code[rows]] = 1.0
        return
    numbers = as_numbers(values, column.name)
    missing = np.isnan(numbers)
    if np.isinf(numbers).any():
        at = int(np.flatnonzero(np.isinf(numbers))[0])
        raise BadData(
            f"column {column.name!r} must be finite: row {at + 1} (the first is 1) holds {numbers[at]}; "
            "leave the cell empty when the value is not known"
        )
    items[:, 0] = np.where(missing, column.fill, numbers)
    if column.indicator:
        items[:, 1] = missing


def as_text(values: Table) -> Table:
    """Cast a column to text."""
    return values.cast(pa.string())


def as_numbers(values: Table, name: str) -> NDArray[np.float64]:
    """Cast a column to float64, null becoming NaN; raises BadData on text."""
    if is_text(values.type) or not (is_number(values.type) or pa.types.is_null(values.type)):
        raise BadData(f"column {name!r} holds numbers in the pool: got {values.type} here; give numbers")
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    numbers: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy()
    return numbers


def is_number(kind: Any) -> bool:
    """Say whether a column type is a number or a boolean."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def is_text(kind: Any) -> bool:
    """Say whether a column type is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_category(values: Table) -> bool:
    """Say whether a text column is a category: short values of at most 50 kinds, of which one at least comes back.

    >>> is_category(pa.chunked_array([["red", "blue", "red"]]))
    True
    """
    kinds = pc.unique(values).drop_null()
    if not 0 < len(kinds) <= CATEGORIES or len(kinds) == len(values) - values.null_count:
        return False
    return bool(pc.mean(pc.utf8_length(kinds)).as_py() <= LONG)


def fit(table: Table, names: Sequence[str]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Fit the encoding of some columns; gives the columns that can be features and a note on each other one."""
    fitted = {name: _fit(name, table.column(name)) for name in names}
    columns = tuple(c for c in fitted.values() if isinstance(c, Column))
    return columns, tuple(c for c in fitted.values() if isinstance(c, str))


def refit(table: Table, told: Sequence[str] = ()) -> Columns:
    """Fit the encoding anew on some rows of a pool's records, so that other rows decide neither fills nor categories.

    ``told`` are columns that tell of the answers. Raises BadData when no column can be a feature. Cost O(N·D log N).
    """
    columns, notes = fit(table, [name for name in table.column_names if not is_id(name) and name not in told])
    if not columns:
        raise BadData(f"no column can be used as a feature of the training rows alone: {'; '.join(notes)}")
    return Columns(columns)


def _fit(name: str, values: Table) -> Column | str:
    if values.null_count == len(values):
        return f"column {name!r} is empty: not used"
    if is_number(values.type):
        numbers = as_numbers(values, name)
        missing = np.isnan(numbers)
        return Column(name, "number", float(np.median(numbers[~missing])), bool(missing.any()))
    if is_text(values.type) and is_category(values):
        kinds = sorted(k for k in pc.unique(values).to_pylist() if k)
        return Column(name, "category", categories=tuple(kinds))
    what = f"{len(pc.unique(values))} different texts" if is_text(values.type) else f"values of type {values.type}"
    return f"column {name!r} holds {what}: shown, but not used as a feature"
