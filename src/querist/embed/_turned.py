"""How alike two particles are when the one is turned to fit the other, from their waves along circles."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import blocks
from querist._parallel import cores

Waves = NDArray[np.complex64]
Distances = NDArray[np.float32]
Result = TypeVar("Result")

TURNS = 64
"""Turns that are tried, evenly spaced: 5.6° apart, less than the images' own blur at their border."""
BYTES = 2**25


class Blocks(Protocol):
    """Waves [N, R, K], or what makes those of a block when it is asked."""

    def __len__(self) -> int:
        """Count the images N."""
        ...

    def __getitem__(self, part: slice, /) -> Waves:
        """Give the waves of a block, [n, R, K]."""
        ...


def waves_of(rows: NDArray[np.float32], orders: int) -> Waves:
    """Read rows [N, 2·R·K] of real and imaginary parts as waves [N, R, K]."""
    halves = np.asarray(rows, np.float32).reshape(len(rows), 2, rows.shape[1] // (2 * orders), orders)
    return np.asarray(halves[:, 0] + 1j * halves[:, 1], np.complex64)


def unit(waves: Waves) -> Waves:
    """Scale waves to length 1, an order above 0 counting twice, as it does in the image; of 0 stays 0."""
    power = np.abs(waves) ** 2
    length = np.sqrt(2 * power.sum(axis=(1, 2)) - power[:, :, 0].sum(axis=1))
    return np.asarray(waves / np.maximum(length, 1e-12)[:, None, None], np.complex64)


def by_block(waves: Blocks, others: Waves, use: Callable[[Distances], Result]) -> list[Result]:
    """Apply ``use`` to the distances [n, M] of a few waves to all others, block by block, in threads.

    Memory O(M) for each row of a block. Cost O(N·M·K·(R + log TURNS)), about 1 µs a pair for 16 circles and 16 orders.
    """
    turned = np.ascontiguousarray(others.conj().transpose(2, 1, 0))
    with ThreadPoolExecutor(cores()) as threads:
        parts = list(blocks(len(waves), 4 * TURNS * max(len(others), 1), limit=BYTES))
        return list(threads.map(lambda part: use(_apart(waves[part], turned)), parts))


def _apart(waves: Waves, turned: Waves) -> Distances:
    """Give 2 − 2·(the best correlation over all turns): the squared distance of two unit vectors, [n, M]."""
    products = np.matmul(np.ascontiguousarray(waves.transpose(2, 0, 1)), turned)
    best = np.fft.irfft(products, n=TURNS, axis=0).max(axis=0)
    return np.asarray(np.maximum(2.0 - 2.0 * TURNS * best, 0.0), np.float32)
