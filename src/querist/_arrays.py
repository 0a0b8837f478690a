"""Array helpers that work on every array-API namespace (NumPy, torch, array-api-strict …)."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = Any  # any array-API array: the standard has no static type yet
Rows: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float64]

_MODERN = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
BLOCK_BYTES = 64 * 2**20
BLOCK_ROWS = 256


def namespace(*arrays: Array) -> ModuleType:
    """Give the array-API namespace that the arrays share; NumPy itself without loading anything.

    >>> namespace(np.zeros(3)).__name__
    'numpy'
    """
    if _MODERN and all(isinstance(a, np.ndarray | np.generic | float | int) for a in arrays):
        return np
    from array_api_compat import array_namespace

    found: ModuleType = array_namespace(*arrays)
    return found


def to_numpy(x: Array) -> NDArray[Any]:
    """Copy an array to the host as NumPy; a NumPy array is passed on as it is.

    >>> to_numpy(np.arange(2))
    array([0, 1])
    """
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    elif hasattr(x, "get"):
        x = x.get()
    return np.asarray(np.from_dlpack(x) if hasattr(x, "__dlpack__") else x)


def float64(x: Array) -> Array:
    """Convert an array to float64, row by row in memory, in its own namespace; it is passed on if it is so already.

    Both make scores exact and repeatable: the last digit of a sum depends on the layout of what is summed, so a table
    stored by columns would score differently in shards than whole.

    >>> float64(np.ones((2, 2), np.float32, order="F")).flags.c_contiguous
    True
    """
    if isinstance(x, np.ndarray):
        return np.asarray(x, np.float64, order="C")
    xp = namespace(x)
    x = x if x.dtype == xp.float64 else xp.astype(x, xp.float64)
    return x.contiguous() if hasattr(x, "contiguous") else x


def take(x: Array, rows: Rows) -> Array:
    """Take rows along axis 0.

    >>> take(np.array([[1], [2], [3]]), np.array([2, 0])).ravel()
    array([3, 1])
    """
    if isinstance(x, np.ndarray):
        return x[rows]
    xp = namespace(x)
    return xp.take(x, xp.asarray(rows.astype(np.int64), device=x.device), axis=0)


def blocks(n: int, row_bytes: int, *, limit: int | None = None) -> Iterator[slice]:
    """Cut 0..n into slices whose rows fit a memory limit (bytes, default BLOCK_BYTES); at least one row each.

    >>> list(blocks(5, 4, limit=8))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, (BLOCK_BYTES if limit is None else limit) // max(1, row_bytes))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def xlogx(p: Array) -> Array:
    """Compute p·log p with 0·log 0 = 0 (natural logarithm).

    >>> xlogx(np.array([0.0, 1.0, 0.5])).round(4).tolist()
    [0.0, 0.0, -0.3466]
    """
    if isinstance(p, np.ndarray):
        out = np.where(p > 0, p, p.dtype.type(1))
        return np.multiply(p, np.log(out, out=out), out=out)
    xp = namespace(p)
    return p * xp.log(xp.where(p > 0, p, xp.ones_like(p)))


def logsumexp(x: Array, axis: int = -1) -> Array:
    """Compute log Σ exp(x) along an axis without overflow; −inf where all x are −inf.

    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(4))
    1000.6931
    """
    xp = namespace(x)
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.sum(xp.exp(x - top), axis=axis, keepdims=True)
    log = xp.log(xp.where(total > 0, total, xp.ones_like(total)))
    return xp.squeeze(xp.where(total > 0, log + top, xp.full_like(total, -xp.inf)), axis=axis)


def top_two(x: Array) -> tuple[Array, Array]:
    """Give the largest and second largest value along the last axis; a single column has second 0.

    >>> [v.tolist() for v in top_two(np.array([[0.2, 0.7, 0.1], [0.5, 0.5, 0.0]]))]
    [[0.7, 0.5], [0.2, 0.5]]
    """
    xp = namespace(x)
    first = xp.max(x, axis=-1)
    if x.shape[-1] < 2:
        return first, xp.zeros_like(first)
    where = xp.argmax(x, axis=-1)
    columns = xp.arange(x.shape[-1], device=x.device) if hasattr(x, "device") else xp.arange(x.shape[-1])
    is_first = columns[None, :] == where[:, None]
    second = xp.max(xp.where(is_first, xp.full_like(x, -xp.inf), x), axis=-1)
    return first, second


def topk(scores: Floats, n: int, ties: Floats) -> Rows:
    """Give the n rows of highest score, best first; equal scores by the larger tie number.

    Cost O(N + n log n).

    >>> topk(np.array([1.0, 3.0, 3.0, 2.0]), 2, np.array([0.0, 0.1, 0.2, 0.3])).tolist()
    [2, 1]
    """
    n = min(n, len(scores))
    if n == 0:
        return np.empty(0, np.intp)
    if n < len(scores):
        cut = np.partition(scores, len(scores) - n)[len(scores) - n]
        rows = np.flatnonzero(scores >= cut)
    else:
        rows = np.arange(len(scores))
    order = np.lexsort((-ties[rows], -scores[rows]))
    return rows[order[:n]].astype(np.intp, copy=False)


def within_top(values: NDArray[np.floating], n: int, slack: float) -> Rows:
    """Give, in order, the rows whose value lies at most ``slack`` below the n-th highest; 1 ≤ n ≤ N.

    The n-th highest of the maxima of blocks is no higher than that of all values, so one comparison leaves few rows to
    sort. Cost: O(N), about two reads of the values.

    >>> within_top(np.array([1.0, 3.0, 2.0, 2.9]), 2, 0.95).tolist()
    [1, 2, 3]
    """
    whole = len(values) // BLOCK_ROWS * BLOCK_ROWS
    maxima = values[:whole].reshape(-1, BLOCK_ROWS).max(axis=1)
    low = _below(_nth(maxima, n), slack) if len(maxima) >= n else -np.inf
    few = np.flatnonzero(values >= low)
    near = values[few]
    return few[near >= _below(_nth(near, n), slack)]


def _nth(values: NDArray[np.floating], n: int) -> np.floating:
    """Give the n-th highest value."""
    return np.partition(values, len(values) - n)[len(values) - n]  # type: ignore[no-any-return]


def _below(value: np.floating, slack: float) -> np.floating:
    """Subtract without rounding up."""
    return np.nextafter(value.dtype.type(float(value) - slack), value.dtype.type(-np.inf))  # type: ignore[no-any-return]


def segment_sum(values: Array, starts: NDArray[np.int64]) -> Floats:
    """Sum runs of values: run i is values[starts[i]:starts[i+1]]; an empty run sums to 0.

    >>> segment_sum(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 2, 3])).tolist()
    [3.0, 0.0, 4.0]
    """
    flat = to_numpy(values).astype(np.float64, copy=False)
    filled = np.diff(starts) > 0
    sums = np.zeros((len(filled), *flat.shape[1:]))
    if filled.any():
        # not differences of one running sum: there a large run would take digits from all that follow
        sums[filled] = np.add.reduceat(flat, starts[:-1][filled], axis=0)
    return sums
