"""Features of frozen encoders on the disk: computed once, read as a memory map, beside the study."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows

HEAD = 64
KEY = 16
BLOCK = 256
_MAGIC = b"querist features 1\n"

Compute = Callable[[Rows], NDArray[np.float32]]
"""Given rows, compute their features [n, D]."""


@dataclass(frozen=True)
class Cache:
    """The features of one encoder in one file: a head, then a record of key, row [D] float32 and checksum per item.

    ``folder`` is that of the study's cache, ``version`` the encoder's, ``width`` D. The file may go at any time.
    Blocks of ``block`` items are appended as they are computed, so work cut short goes on where it was. A record whose
    checksum is wrong, and the file of another form, is computed anew. The folder is the owner's alone (mode 0700):
    features tell of the items. It serves any encoder that gives every item a row of its own, of texts as of images;
    TF-IDF is fitted on the pool and is quick, so it needs none.
    """

    folder: Path
    version: str
    width: int
    block: int = BLOCK

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "features" / f"{blake2b(self.version.encode(), digest_size=8).hexdigest()}.rows"

    def rows(self, keys: Sequence[bytes], compute: Compute) -> NDArray[np.float32]:
        """Give the features of items [N, D], read-only and mapped from the disk; ``compute`` makes those that lack.

        ``keys`` are 16 bytes an item, equal for equal content. Cost: what ``compute`` costs for what is new, and one
        pass over the file to check it.
        """
        own = numbered(keys)
        private(self.folder)
        private(self.path.parent)
        records = self._whole()
        self._add(records, own, compute)
        return self._ordered(own)

    def _add(self, records: NDArray[Any], own: Sequence[bytes], compute: Compute) -> None:
        there = set(_keys(records))
        missing = np.array([row for row, key in enumerate(own) if key not in there], np.intp)
        for start in range(0, len(missing), self.block):
            part = missing[start : start + self.block]
            self._append(self._records([own[row] for row in part.tolist()], compute(part)))

    def _records(self, keys: Sequence[bytes], rows: NDArray[np.float32]) -> NDArray[Any]:
        made = np.zeros(len(keys), self._form)
        made["key"] = np.frombuffer(b"".join(keys), f"V{KEY}")
        made["row"] = rows
        made["sum"] = _sums(made)
        return made

    @property
    def _form(self) -> np.dtype[Any]:
        return np.dtype([("key", f"V{KEY}"), ("row", "<f4", (self.width,)), ("sum", "<u4")])

    @property
    def _head(self) -> bytes:
        digest = blake2b(f"{self.version}/{self.width}".encode(), digest_size=KEY).digest()
        return (_MAGIC + digest).ljust(HEAD, b"\0")

    def _append(self, records: NDArray[Any]) -> None:
        # one write at the end of the file: two processes that compute the same rows do no harm to each other
        with self.path.open("ab", buffering=0) as file:
            file.write(records.tobytes())

    def _whole(self) -> NDArray[Any]:
        """Give the records that are whole; a file with others is written again without them."""
        data = self._read_head()
        if data is None:
            self._replace([self._head])
        records = self._map()
        good = np.flatnonzero(_sums(records) == records["sum"])
        if len(good) == len(records) and (self.path.stat().st_size - HEAD) % self._form.itemsize == 0:
            return records
        kept = [records[part].tobytes() for part in np.array_split(good, len(good) // BLOCK + 1)]
        self._replace([self._head, *kept])
        return self._map()

    def _read_head(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                found = file.read(HEAD)
        except FileNotFoundError:
            return None
        return found if found == self._head else None

    def _map(self) -> NDArray[Any]:
        count = (self.path.stat().st_size - HEAD) // self._form.itemsize
        if count == 0:
            return np.zeros(0, self._form)
        return np.memmap(self.path, self._form, mode="r", offset=HEAD, shape=(count,))

    def _replace(self, parts: Sequence[bytes]) -> None:
        fresh = self.path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            file.writelines(parts)
        os.replace(fresh, self.path)

    def _ordered(self, own: Sequence[bytes]) -> NDArray[np.float32]:
        """Give the rows in the order of the items: as a view of the file where it has that order, else as a copy."""
        records = self._map()
        keys = _keys(records)
        if keys[: len(own)] == list(own):
            return np.asarray(records["row"][: len(own)])
        place = {key: row for row, key in reversed(list(enumerate(keys)))}
        order = np.array([place[key] for key in own], np.intp)
        found: NDArray[np.float32] = records["row"][order]
        found.flags.writeable = False
        return found


def numbered(keys: Sequence[bytes]) -> list[bytes]:
    """Tell equal contents apart by their occurrence, so that each item has a record of its own.

    >>> first, second = numbered([b"a" * 16, b"a" * 16])
    >>> first == b"a" * 16, second == first
    (True, False)
    """
    seen: Counter[bytes] = Counter()
    found = []
    for key in keys:
        count = seen[key]
        found.append(key if count == 0 else blake2b(key + count.to_bytes(8, "little"), digest_size=KEY).digest())
        seen[key] += 1
    return found


def private(folder: Path) -> None:
    """Make a folder that its owner alone may read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _keys(records: NDArray[Any]) -> list[bytes]:
    packed = np.ascontiguousarray(records["key"]).tobytes()
    return [packed[start : start + KEY] for start in range(0, len(packed), KEY)]


def _sums(records: NDArray[Any]) -> NDArray[np.uint32]:
    size = records.dtype.itemsize
    sums = np.empty(len(records), np.uint32)
    for start in range(0, len(records), BLOCK):
        packed = memoryview(records[start : start + BLOCK].tobytes())
        for row in range(len(packed) // size):
            sums[start + row] = zlib.crc32(packed[row * size : (row + 1) * size - 4])
    return sums
