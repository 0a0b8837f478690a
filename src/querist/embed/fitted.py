"""Encoders that are fitted on their pool, and what they make of it, on the disk: done once for each pool."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from querist.embed.cache import Cache, private

MOST_BYTES = 2**30
"""Pools used longest ago go when all together are larger; the last one always stays."""
BLOCK = 4096
"""Items that are placed before they are written down."""

Read = Callable[[], Any]
"""Give what the encoder's frozen ``base`` makes of the pool, [N, R]; asked for only where something is to be done."""


@dataclass(frozen=True)
class FittedCache:
    """The encoders of one kind below a study's cache: a folder a pool, named by the content of its items in order.

    It holds ``encoder.npz``, the encoder's arrays, and its features of the pool (see ``Cache``). ``made`` is what fits:
    ``version``, ``fit(rows)`` and ``restore(arrays)``. The folder may go at any time.
    """

    folder: Path
    made: Any

    def pool(self, keys: Sequence[bytes], read: Read) -> tuple[Any, Any]:
        """Give the encoder of a pool and the pool's features [N, D]; ``keys`` are 16 bytes an item, of its content.

        Work that was cut short while items were placed goes on where it was. Cost: what fitting and placing cost for a
        pool that is new, else one pass over the file.
        """
        folder = self.folder / "fitted" / blake2b(b"".join(keys), digest_size=16, key=self._kind).hexdigest()
        for each in (self.folder, folder.parent, folder):
            private(each)
        encoder = self._restored(folder / "encoder.npz")
        if encoder is None:
            encoder = self.made.fit(read())
            _write(folder / "encoder.npz", encoder)
        kept = Cache(folder, encoder.version, encoder.width, BLOCK)
        features = kept.rows(keys, lambda rows: encoder.encode_rows(read()[rows]))
        os.utime(folder)
        _forget(folder.parent, folder)
        return encoder, features

    @property
    def _kind(self) -> bytes:
        return blake2b(self.made.version.encode(), digest_size=16).digest()

    def _restored(self, path: Path) -> Any:
        """Read an encoder; None where there is none, or a damaged one."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return self.made.restore({name: arrays[name] for name in arrays.files})
        except (FileNotFoundError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def _write(path: Path, encoder: Any) -> None:
    """Write an encoder whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, **encoder.arrays)
    os.replace(part, path)


def _forget(folder: Path, current: Path) -> None:
    """Delete the pools used longest ago until all are small enough together; ``current`` stays."""
    try:
        found = sorted(((_used(each), _size(each), each) for each in folder.iterdir() if each != current), reverse=True)
    except FileNotFoundError:  # another process is deleting
        return
    left = MOST_BYTES - _size(current)
    for _, size, each in found:
        left -= size
        if left < 0:
            shutil.rmtree(each, ignore_errors=True)  # a file that is mapped elsewhere may stay; it goes another time


def _used(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
