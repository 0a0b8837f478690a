"""Compiled loops over rows: when they pay, and how several cores share them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

WORTH = 2**23
"""Numbers to read from which a compiled loop is worth loading its compiler: below, NumPy takes about 0.1 s at most."""


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(kernel: Callable[..., Any], n: int, *arguments: Any, parts: int | None = None) -> list[Any]:
    """Call kernel(start, stop, *arguments) on parts of 0..n, one per core, side by side; the results in order.

    The kernel releases the interpreter's lock (``@njit(nogil=True)``) and computes each row alone, so that the number
    of parts changes nothing. Plain threads, because the threads of Numba's own ``prange`` end the process when two
    callers meet in it. Raises what the kernel raises. Cost: about 0.1 ms beside the kernel.

    >>> in_threads(lambda start, stop: (start, stop), 5, parts=2)
    [(0, 2), (2, 5)]
    """
    with team(max(1, min(cores() if parts is None else parts, n))) as share:
        return share(kernel, n, *arguments)


@contextmanager
def team(parts: int | None = None) -> Iterator[Callable[..., list[Any]]]:
    """Keep threads at hand for many calls, one after the other; gives a function that works as ``in_threads``.

    >>> with team(2) as share:
    ...     [share(lambda start, stop: stop - start, n) for n in (1, 5)]
    [[0, 1], [2, 3]]
    """
    count = cores() if parts is None else parts
    if count == 1:
        yield lambda kernel, n, *arguments: [kernel(0, n, *arguments)]
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count - 1) as pool:

        def share(kernel: Callable[..., Any], n: int, *arguments: Any) -> list[Any]:
            cuts = [n * part // count for part in range(count + 1)]
            others = [pool.submit(kernel, start, stop, *arguments) for start, stop in pairwise(cuts[1:])]
            return [kernel(0, cuts[1], *arguments), *(other.result() for other in others)]

        yield share


def steady() -> AbstractContextManager[Any]:
    """Keep matrix products to one thread each, while threads of ours share the rows.

    Between products the threads of a BLAS wait in a loop, in the way of ours.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
