"""Arrays become a data set: a matrix of numbers or a list of texts, with what came beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import to_numpy
from querist.data.grow import is_text
from querist.data.ids import checked, digest_columns, digest_matrix, numbered
from querist.data.labels import as_list, canonical, words_for_missing
from querist.data.pool import Pool
from querist.data.roles import Wish
from querist.errors import BadData
from querist.formats.protocol import Arrays
from querist.tasks.protocol import Label


def pool_of(arrays: Arrays, wish: Wish) -> tuple[Pool, list[Label | None] | None, tuple[str, ...]]:
    """Make a pool of arrays; gives the pool, the labels and a line for each row left out. Raises BadData."""
    from querist.data.tables import group_codes

    if wish.text:
        raise BadData(f"arrays have no columns, so text={wish.text!r} names nothing: give a table, or a list of texts")
    about = dict(arrays.about)
    items, notes, texts = tidy(arrays.features, about)
    size = int(items.shape[0])
    labels = _beside(wish.label, arrays.labels, "label", size)
    known = None if labels is None else canonical(labels, lambda row: f"row {row + 1}")
    notes += words_for_missing(labels or [])
    keep = [row for row in range(size) if items[row]] if texts else range(size)
    skipped = tuple(f"row {row + 1}: the text is empty" for row in sorted(set(range(size)) - set(keep)))
    if skipped:
        items, known = items[keep], known and [known[row] for row in keep]
    own = _beside(wish.id, arrays.ids, "id", size)
    ids = _digest_ids(items, known) if own is None else checked([own[row] for row in keep], "ids")
    group = _beside(wish.group, arrays.group, "group", size)
    codes = None if group is None else group_codes([group[row] for row in keep], ids)
    about |= {"notes": notes} if notes else {}
    return Pool(ids, items, group=codes, kind="text" if texts else "record", about=about), known, skipped


def _beside(asked: Any, given: Any, role: str, size: int) -> list[Any] | None:
    if isinstance(asked, str) and asked:
        raise BadData(f"arrays have no columns, so {role}={asked!r} names nothing: give the values, or a table")
    values = given if asked is None else None if isinstance(asked, str) else asked
    if values is None:
        return None
    listed = as_list(values)
    if len(listed) != size:
        raise BadData(f"{role} must have one value a row, {size}: got {len(listed)}")
    return listed


def _digest_ids(items: Any, labels: list[Label | None] | None) -> tuple[str, ...]:
    digests = digest_columns({}, {"text": items.tolist()}) if is_text(items) else digest_matrix(items)
    return numbered(digests, labels)


def tidy(features: Any, about: dict[str, Any]) -> tuple[Any, list[str], bool]:
    """Bring features to a form that a pool keeps: dense or CSR numbers, or texts; true when texts.

    Images [N, height, width …] become rows, uint8 ones scaled to 0 … 1 in float32, the shape noted in ``about``.
    """
    from scipy.sparse import issparse

    if issparse(features):
        return _csr(features), [], False
    array = to_numpy(features)
    if array.ndim == 1 and array.dtype.kind in "OUST":
        return _texts(array), [], True
    if array.ndim < 2 or 0 in array.shape:
        raise BadData(f"features must be [N, D] with at least one row and one column: got {array.shape}; reshape them")
    notes = []
    if array.ndim > 2:
        about["shape"] = list(array.shape[1:])
        notes.append(f"images {about['shape']} were laid out as rows" + _scaled(array))
        array = array.astype(np.float32) / np.float32(255) if array.dtype == np.uint8 else array
        array = array.reshape(len(array), -1)
    return _finite(_numbers(array)), notes, False


def _scaled(array: NDArray[Any]) -> str:
    return ", 0 … 255 scaled to 0 … 1" if array.dtype == np.uint8 else ""


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype in (np.float32, np.float64):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "biuf":
        return array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    raise BadData(f"features must be numbers: got the type {array.dtype}; give a table for columns of mixed kinds")


def _finite(array: NDArray[Any]) -> NDArray[Any]:
    if np.isfinite(array).all():
        return array
    row, column = (int(i) for i in np.argwhere(~np.isfinite(array))[0])
    raise BadData(
        f"features must be finite: row {row + 1}, column {column + 1} (the first is 1) hold {array[row, column]}; "
        "fill it, or give a table, where missing numbers are filled and marked"
    )


def _csr(matrix: Any) -> Any:
    from scipy.sparse import csr_array

    if 0 in matrix.shape:
        raise BadData(f"features must be [N, D] with at least one row and one column: got {matrix.shape}")
    rows = csr_array(matrix)
    data = _numbers(rows.data)
    if not np.isfinite(data).all():
        raise BadData("features must be finite: a value of the sparse matrix is not; fill or drop it")
    index = np.int32 if max(rows.nnz, rows.shape[1]) < 2**31 else np.int64  # several libraries take 32 bits only
    return csr_array((data, rows.indices.astype(index), rows.indptr.astype(index)), shape=rows.shape)


def _texts(array: NDArray[Any]) -> NDArray[np.object_]:
    from querist.formats._rows import is_broken

    items = np.empty(len(array), object)
    for row, value in enumerate(array.tolist()):
        if not isinstance(value, str) and value is not None:
            raise BadData(
                f"texts must be strings: row {row + 1} (the first is 1) is a {type(value).__name__}: {value!r}"
            )
        if value and is_broken(value):
            raise BadData(f"row {row + 1} (the first is 1) holds half a character (a lone surrogate): mend the text")
        items[row] = value
    if len(items) == 0 or not any(items):
        raise BadData(f"the texts have zero rows that hold anything: got {len(items)} rows; give at least one text")
    return items
