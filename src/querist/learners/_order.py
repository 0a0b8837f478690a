"""Order labelled rows by what they hold, so that chance drawn by position does not depend on the order of the pool."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.learners._checks import Matrix, is_sparse


def content_order(matrix: Matrix, targets: NDArray[np.int64]) -> Rows:
    """Rank rows by a digest of their values, equal rows by their class; intp [L].

    The order means nothing, but it is the same however the rows came. Cost O(L·D).

    >>> rows, codes = np.array([[2.0], [1.0], [2.0]]), np.array([1, 0, 0])
    >>> order = content_order(rows, codes)
    >>> turned = content_order(rows[::-1], codes[::-1])
    >>> rows[order].tolist() == rows[::-1][turned].tolist(), codes[order].tolist() == codes[::-1][turned].tolist()
    (True, True)
    """
    return np.lexsort((targets, _digests(matrix))).astype(np.intp, copy=False)


def _digests(matrix: Matrix) -> NDArray[np.uint64]:
    if is_sparse(matrix):
        from querist.data.ids import digest_matrix

        return np.array([int(text, 16) for text in digest_matrix(matrix)], np.uint64)
    values = np.ascontiguousarray(matrix) + matrix.dtype.type(0)  # -0 is 0
    return np.frombuffer(b"".join(blake2b(row, digest_size=8).digest() for row in values), np.uint64)
