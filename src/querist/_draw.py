"""Random numbers keyed by (seed, log position, stream, item): independent of row order and of shards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)


def key_of(id: str) -> int:
    """Digest an item's id to 64 bits (BLAKE2b), once, at ingest.

    >>> key_of("img_0412")
    7152742079147053910
    """
    return int.from_bytes(blake2b(id.encode(), digest_size=8).digest(), "little")


def keys_of(ids: Iterable[str]) -> NDArray[np.uint64]:
    """Digest ids to uint64 [N].

    >>> keys_of(["a", "b"]).dtype
    dtype('uint64')
    """
    return np.fromiter((key_of(i) for i in ids), np.uint64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits so that each input bit flips each output bit half of the time (SplitMix64, Steele 2014)."""
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@dataclass(frozen=True)
class Draw:
    """A source of randomness for one step: the same numbers for the same item, in any order or shard.

    >>> draw = Draw(seed=0)
    >>> a = draw.uniform(np.array([7, 9], np.uint64), "ties")
    >>> b = draw.uniform(np.array([9, 7], np.uint64), "ties")
    >>> bool((a == b[::-1]).all())
    True
    """

    seed: int
    position: int = 0

    def _salt(self, stream: str) -> bytes:
        text = f"{self.seed}/{self.position}/{stream}"
        return blake2b(text.encode(), digest_size=16).digest()

    def uniform(self, keys: NDArray[np.uint64], stream: str) -> NDArray[np.float64]:
        """Draw one uniform number in (0, 1) per key; float64 [N], cost O(N)."""
        first, second = np.frombuffer(self._salt(stream), "<u8")
        with np.errstate(over="ignore"):
            bits = _mix(_mix(np.asarray(keys, np.uint64) ^ first) + second)
        # 52 bits: with 53, the largest value + 0.5 would round up to exactly 1
        return ((bits >> _S12).astype(np.float64) + 0.5) * 2.0**-52

    def rng(self, stream: str) -> np.random.Generator:
        """Make a generator of its own for a stream, so that one user of chance never shifts another.

        >>> Draw(0).rng("fit").integers(100, size=3).tolist()
        [76, 35, 51]
        """
        return np.random.default_rng(np.frombuffer(self._salt(stream), "<u4"))
