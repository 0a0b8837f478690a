"""The items of a study: ids, what the model eats, what a person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist._draw import keys_of
from querist.errors import UnknownItem, near


@dataclass(frozen=True)
class Media:
    """What the browser and ``ask`` show of an item."""

    kind: Literal["record", "text", "image"]
    data: Any


@dataclass(frozen=True, eq=False)
class Pool:
    """N items in ingest order.

    ``ids`` are distinct strings; ``items`` is what a model eats (dense [N, D], CSR, or an object array of texts);
    ``records`` are the rows as people see them (None: the features themselves are shown); ``group`` int64 [N] names
    rows that belong together (one patient, one video), or None.
    """

    ids: tuple[str, ...]
    items: Any
    records: Sequence[Mapping[str, Any]] | None = None
    group: NDArray[np.int64] | None = None
    kind: Literal["record", "text", "image"] = "record"
    about: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def keys(self) -> NDArray[np.uint64]:
        """The 64-bit digests of the ids, [N]."""
        return keys_of(self.ids)

    @cached_property
    def key_order(self) -> Rows:
        """The rows sorted by key, [N]: an order that nobody chose."""
        return np.argsort(self.keys, kind="stable").astype(np.intp, copy=False)

    @cached_property
    def _row(self) -> dict[str, int]:
        return {id: row for row, id in enumerate(self.ids)}

    def rows(self, ids: Sequence[str]) -> Rows:
        """Look up the rows of ids; raises UnknownItem."""
        try:
            return np.fromiter((self._row[i] for i in ids), np.intp, len(ids))
        except KeyError as error:
            wrong = str(error.args[0])
            raise UnknownItem(f"no item has the id {wrong!r}: {near(wrong, self.ids[:10_000])}") from None

    def take(self, rows: Rows) -> Pool:
        """Keep some rows."""
        records = self.records
        if records is not None:  # a table takes them at once
            records = records.take(rows) if hasattr(records, "take") else [records[row] for row in rows.tolist()]
        group = None if self.group is None else self.group[rows]
        ids = tuple(self.ids[row] for row in rows.tolist())
        return replace(self, ids=ids, items=self.items[rows], records=records, group=group)

    def first(self, count: int) -> Pool:
        """Keep the first rows: the pool as it was before it grew."""
        return self if count == len(self) else self.take(np.arange(count))

    def __contains__(self, id: object) -> bool:
        return id in self._row

    def read(self, ids: Sequence[str]) -> Any:
        """Give what the model eats of some items."""
        return self.items[self.rows(ids)]

    def media(self, id: str) -> Media:
        """Give what a person sees of an item."""
        row = int(self.rows([id])[0])
        if self.records is not None:
            return Media(self.kind, dict(self.records[row]))
        value = self.items[row]
        if isinstance(value, str):
            return Media("text", {"text": value})
        dense = value.toarray().ravel() if hasattr(value, "toarray") else np.asarray(value)
        return Media("record", {"features": dense.tolist()})
