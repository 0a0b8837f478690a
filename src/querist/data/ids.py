"""Ids: the user's own, else a digest of the content. Never the position, so the order of rows does not matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData
from querist.tasks.protocol import Label

_BLOCK = 4096
_OR = "name another id column, or none with id='' (--id '')"


def checked(values: Sequence[Any], what: str) -> tuple[str, ...]:
    """Take the user's ids as text; raises BadData that names a missing or repeated id with its rows."""
    ids: dict[str, int] = {}
    for row, value in enumerate(values):
        if value is None or value == "" or value != value:
            raise BadData(f"{what}: row {row + 1} (the first is 1) has no id; give every row one, or {_OR}")
        id = str(value)
        if id in ids:
            raise BadData(
                f"{what} must be distinct: {id!r} stands in rows {ids[id] + 1} and {row + 1} (the first is 1); "
                f"remove one of them, or {_OR}"
            )
        ids[id] = row
    return tuple(ids)


def numbered(digests: Sequence[str], labels: Sequence[Label | None] | None = None) -> tuple[str, ...]:
    """Append the occurrence number to each digest.

    Rows of equal content are numbered in the order of their labels, so that each id keeps its label when the rows
    are reordered.

    >>> numbered(["aa", "bb", "aa"], ["y", "x", "n"])
    ('aa-1', 'bb-0', 'aa-0')
    """
    order: Iterable[int] = range(len(digests))
    if labels is not None and len(set(digests)) < len(digests):
        order = sorted(order, key=lambda row: str(labels[row]))
    seen: dict[str, int] = {}
    ids = [""] * len(digests)
    for row in order:
        count = seen.get(digests[row], 0)
        seen[digests[row]] = count + 1
        ids[row] = f"{digests[row]}-{count}"
    return tuple(ids)


def digest_columns(numbers: dict[str, NDArray[np.float64]], texts: dict[str, Sequence[str | None]]) -> list[str]:
    """Digest rows of named columns to 16 hex digits each (BLAKE2b); the order of the columns does not matter.

    All missing numbers are alike, and so are 0 and -0. Cost O(size of the content).

    >>> digest_columns({}, {"text": ["abc"]})
    ['ee14bc3b57e4f3b5']
    """
    start = blake2b(json.dumps([sorted(numbers), sorted(texts)]).encode(), digest_size=8)
    columns = [texts[name] for name in sorted(texts)]
    values = [np.where(np.isnan(numbers[n]), np.nan, numbers[n]) + 0.0 for n in sorted(numbers)]
    size = len(columns[0]) if columns else len(values[0])
    packed = np.column_stack(values).astype("<f8") if values else np.empty((size, 0))
    width, flat = 8 * packed.shape[1], memoryview(packed.tobytes())
    found = []
    for row in range(size):
        digest = start.copy()
        digest.update(flat[row * width : (row + 1) * width])
        for column in columns:
            digest.update(_cell(column[row]))
        found.append(digest.hexdigest())
    return found


def _cell(value: str | None) -> bytes:
    if value is None:
        return b"\0"
    data = value.encode("utf-8", "surrogatepass")
    return b"\1" + len(data).to_bytes(8, "little") + data


def digest_matrix(items: Any) -> list[str]:
    """Digest the rows of a matrix to 16 hex digits each: dense or CSR, float32 or float64, equal values are equal.

    Only what is not zero counts, with its column. Cost O(number of values).

    >>> digest_matrix(np.array([[0.0, 1.5]])) == digest_matrix(np.array([[0.0, 1.5, 0.0]], np.float32))
    True
    """
    from scipy.sparse import csr_array

    found = []
    for begin in range(0, items.shape[0], _BLOCK):
        block = csr_array(items[begin : begin + _BLOCK]).astype(np.float64)
        block.sum_duplicates()
        block.eliminate_zeros()
        columns, values = block.indices.astype("<i4"), block.data.astype("<f8")
        for a, b in zip(block.indptr[:-1].tolist(), block.indptr[1:].tolist(), strict=True):
            digest = blake2b(columns[a:b], digest_size=8)
            digest.update(values[a:b])
            found.append(digest.hexdigest())
    return found
