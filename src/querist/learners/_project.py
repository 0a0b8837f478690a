"""The leading singular directions of a wide sparse pool, found once."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

import numpy as np

from querist._arrays import Floats
from querist._draw import Draw
from querist.learners._checks import Matrix, check_finite

WIDE = 512
SAMPLE = 20_000
DIRECTIONS = 128
_EXTRA, _ROUNDS, _KEPT = 16, 4, 4

_found: OrderedDict[bytes, Floats] = OrderedDict()
_lock = Lock()


def projection(pool: Matrix) -> Floats:
    """Find the right singular vectors of a CSR matrix that belong to its 128 largest singular values; [D, ≤ 128].

    Columns are orthonormal; fewer come back from a matrix of lower rank. Randomised subspace iteration, four rounds,
    from a fixed start: the result depends on the pool alone, so that a study and its rebuild see the same embedding.
    Of a larger pool, 20,000 rows show the directions; which ones, their content decides and not their order. Kept by a
    digest of the pool's content, the last four pools. Cost: O(nnz·128 + (N + D)·128²) of at most 20,000 rows once, then
    the digest.
    Source: Halko, Martinsson & Tropp 2011; for texts, Deerwester et al. 1990.
    """
    key = _digest(pool)
    with _lock:
        if key not in _found:
            check_finite(pool)
            _found[key] = _leading(_sample(pool).astype(np.float64, copy=False))
            while len(_found) > _KEPT:
                _found.popitem(last=False)
        _found.move_to_end(key)
        return _found[key]


def _digest(pool: Matrix) -> bytes:
    state = blake2b(repr((pool.shape, pool.dtype.str)).encode(), digest_size=16)
    for part in (pool.data, pool.indices, pool.indptr):
        state.update(np.ascontiguousarray(part).data)
    return state.digest()


def _sample(pool: Matrix) -> Matrix:
    """Take 20,000 rows of a larger pool by a number that their content gives, in the order of the pool."""
    rows, width = pool.shape
    if rows <= SAMPLE:
        return pool
    number = np.mod(1e6 * (pool @ Draw(0).rng("sample").standard_normal(width)), 1.0)
    return pool[np.sort(np.argpartition(number, SAMPLE)[:SAMPLE])]


def _leading(pool: Matrix) -> Floats:
    rows, width = pool.shape
    size = min(DIRECTIONS + _EXTRA, rows, width)
    block = Draw(0).rng("projection").standard_normal((width, size))
    for _ in range(_ROUNDS):
        block = pool.T @ np.linalg.qr(pool @ block)[0]
    left, values, _ = np.linalg.svd(block, full_matrices=False)
    count = min(DIRECTIONS, int((values > 1e-9 * values.max(initial=0.0)).sum()))
    # a pool of empty rows has no direction, but an embedding needs a column
    return np.asarray(left[:, :count]) if count else np.zeros((width, 1))
