"""The items of a study: ids, what the model eats, what a person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist._draw import keys_of
from querist.errors import BadInput, UnknownItem, near
from querist.tasks._tokens import shown

if TYPE_CHECKING:
    from querist.data.images import Picture


@dataclass(frozen=True)
class Media:
    """What the browser and ``ask`` show of an item."""

    kind: Literal["record", "text", "image"]
    data: Any


@dataclass(frozen=True, eq=False)
class Pool:
    """N items in ingest order.

    ``ids`` are distinct strings; ``items`` is what a model eats (dense [N, D], CSR, an object array of texts, or
    ``querist.data.images.Images``, which are read when somebody looks);
    ``records`` are the rows as people see them (None: the features themselves are shown); ``group`` int64 [N] names
    rows that belong together (one patient, one video), or None; ``time`` float64 [N] says when a row was within its
    group (the number of a frame, seconds), NaN where that is not known, or is None.
    """

    ids: tuple[str, ...]
    items: Any
    records: Sequence[Mapping[str, Any]] | None = None
    group: NDArray[np.int64] | None = None
    kind: Literal["record", "text", "image"] = "record"
    about: Mapping[str, Any] = field(default_factory=dict)
    time: NDArray[np.float64] | None = None

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
        time = None if self.time is None else self.time[rows]
        ids = tuple(self.ids[row] for row in rows.tolist())
        return replace(self, ids=ids, items=self.items[rows], records=records, group=group, time=time)

    def first(self, count: int) -> Pool:
        """Keep the first rows: the pool as it was before it grew."""
        return self if count == len(self) else self.take(np.arange(count))

    def __contains__(self, id: object) -> bool:
        return id in self._row

    def read(self, ids: Sequence[str]) -> Any:
        """Give what the model eats of some items."""
        return self.items[self.rows(ids)]

    def raw(self, id: str) -> Any:
        """Give the item itself so that a task can look: a text or another object, of an image the ``Images`` of one.

        None for features.
        """
        row = self._row[id]
        if self.kind == "image":
            return self.items[row : row + 1]
        return self.items[row] if isinstance(self.items, np.ndarray) and self.items.dtype == object else None

    def media(self, id: str) -> Media:
        """Give what a person sees of an item, as JSON: of an image its size, ``picture`` gives the rest."""
        row = int(self.rows([id])[0])
        if self.kind == "image":
            return Media("image", self._about_image(row))
        if self.records is not None:
            return Media(self.kind, dict(self.records[row]))
        value = self.items[row]
        if isinstance(value, str):
            return Media("text", shown(value))
        dense = value.toarray().ravel() if hasattr(value, "toarray") else np.asarray(value)
        return Media("record", {"features": dense.tolist()})

    def _about_image(self, row: int) -> dict[str, Any]:
        record = {} if self.records is None else dict(self.records[row])
        size = dict(zip(("width", "height"), self.items.sizes[row].tolist(), strict=True))
        return {**size, **{f"{name} (column)" if name in size else name: value for name, value in record.items()}}

    def picture(self, id: str) -> Picture:
        """Give an image as a browser can show it: encoded bytes, media type, width and height, turned upright.

        JPEG, PNG, GIF, WebP and BMP of 8 bits are the file's own bytes, whose orientation tag every browser obeys;
        others (TIFF, 16 bits …) become PNG. This is what a web server sends for an item: its ``Media`` has no path, so
        that none leaves the machine. Rows of an image array (``about["shape"]``) are drawn, their least value black and
        their largest white. Raises UnknownItem; BadData when the file is missing or has changed; BadInput when the
        pool holds no images.
        """
        row = int(self.rows([id])[0])
        if self.kind == "image":
            picture: Picture = self.items.picture(row)
            return picture
        shape = self.about.get("shape")
        if shape is None:
            raise BadInput(f"item {id!r} is a {self.kind}, not an image: there is no picture to show")
        from querist.data.images import drawn

        return drawn(self.items[row].reshape(shape), self._range)

    @cached_property
    def _range(self) -> tuple[float, float]:
        return float(self.items.min()), float(self.items.max())
