"""What the machine can do at most, measured in the same run: reading memory, and multiplying matrices."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

READ_BYTES = 2**28
SIDE = 2048


class Machine(NamedTuple):
    """Bytes read a second and single-precision operations a second, all cores together."""

    bandwidth: float
    gemm: float

    def least(self, reads: float, flops: float) -> float:
        """Give the seconds below which the work cannot be done."""
        return max(reads / self.bandwidth, flops / self.gemm)


def measure(repeats: int = 7) -> Machine:
    """Measure both, the best of several."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    values = np.ones(READ_BYTES // 8, np.int64)
    parts = np.array_split(values, cores)
    left = np.ones((SIDE, SIDE), np.float32)
    with ThreadPoolExecutor(cores) as pool:
        read = _best(lambda: list(pool.map(np.sum, parts)), repeats)
    product = _best(lambda: left @ left, repeats)
    return Machine(values.nbytes / read, 2 * SIDE**3 / product)


def _best(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
