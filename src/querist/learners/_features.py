"""How items become what a model sees: standardised rows, and a dense embedding even of wide sparse ones."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from querist._arrays import Array, Floats, blocks
from querist.errors import BadEvidence
from querist.learners._checks import Matrix, as_matrix, check_finite, is_sparse
from querist.learners._project import WIDE, projection
from querist.learners.protocol import Items


@dataclass(frozen=True, eq=False)
class Features:
    """Items as a model sees them: (x − mean) / scale; mean and scale [D] are None where nothing is standardised."""

    width: int
    mean: Floats | None
    scale: Floats | None
    pool: Items

    @staticmethod
    def of(items: Items, pool: Items | None, *, standardise: bool) -> Features:
        """Learn mean and scale from the pool (dense only), else from the items; raises BadEvidence, BadData."""
        source = items if pool is None else pool
        width = as_matrix(source[:0]).shape[1]
        if not standardise or is_sparse(source) or not len(source):
            return Features(width, None, None, source)
        mean, scale = moments(source)
        return Features(width, mean, scale, source)

    def read(self, items: Items) -> Matrix:
        """Check the form of items, and give them as a matrix; their values are not looked at."""
        matrix = as_matrix(items)
        if matrix.shape[1] != self.width:
            raise BadEvidence(f"items must have {self.width} features, as the pool has: got {matrix.shape[1]}")
        return matrix

    def standardised(self, matrix: Matrix) -> Matrix:
        """Give rows as the model sees them; dense if they are centred, in the precision they came in."""
        if self.mean is None or self.scale is None:
            return matrix
        dense = _dense(matrix)
        kind = dense.dtype
        return (dense - self.mean.astype(kind)) / self.scale.astype(kind)

    def embed(self, matrix: Matrix) -> Array:
        """Give rows as dense features [N, D]; of sparse rows wider than 512 the 128 leading singular directions."""
        if self.directions is not None:
            return matrix @ self.directions.astype(matrix.dtype)
        return _dense(self.standardised(matrix))

    @cached_property
    def directions(self) -> Floats | None:
        """The orthonormal directions [D, 128] of wide sparse rows, found once per pool; None where rows are dense."""
        return projection(as_matrix(self.pool)) if is_sparse(self.pool) and self.width > WIDE else None


def _dense(matrix: Matrix) -> Array:
    return matrix.toarray() if is_sparse(matrix) else matrix


def moments(pool: Array) -> tuple[Floats, Floats]:
    """Compute mean and standard deviation of every column, [D] each; a constant column has scale 1.

    Two passes in float64, O(N·D). The result is remembered for a pool that nobody can write to (a memory map, an array
    with ``flags.writeable`` false): any other pool may have changed, so it is measured again.

    >>> [v.tolist() for v in moments(np.array([[1.0, 7.0], [3.0, 7.0]]))]
    [[2.0, 7.0], [1.0, 1.0]]
    """
    found = _known.get(id(pool))
    if found is not None and found[0]() is pool and _is_frozen(pool):
        return found[1]
    result = _measure(pool)
    if _is_frozen(pool):
        key = id(pool)
        _known[key] = (weakref.ref(pool, lambda _: _known.pop(key, None)), result)
    return result


_known: dict[int, tuple[weakref.ref[Any], tuple[Floats, Floats]]] = {}


def _is_frozen(array: Any) -> bool:
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return True


_CACHED_BYTES = 4 * 2**20  # blocks that stay in the processor's cache between the two operations on them


def _measure(pool: Array) -> tuple[Floats, Floats]:
    rows, width = pool.shape
    parts = list(blocks(rows, 8 * width, limit=_CACHED_BYTES))
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(pool[part].sum(axis=0, dtype=np.float64) for part in parts) / rows
        spread = sum(_squares(pool[part] - mean) for part in parts)
        scale = np.sqrt(spread / rows)
    if not np.isfinite(scale).all():
        check_finite(pool)
    constant = scale <= 1e-13 * np.abs(mean)
    return mean, np.where(constant, 1.0, scale)


def _squares(centred: Floats) -> Floats:
    return np.asarray(np.einsum("nd,nd->d", centred, centred))
