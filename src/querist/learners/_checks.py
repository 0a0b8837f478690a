"""Checks that every learner makes: on what it is asked for, on class codes, on features."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData, BadEvidence, BadLabel, MissingEvidence
from querist.learners.protocol import Items
from querist.view import Need

Matrix: TypeAlias = Any
"""A dense float array [N, D] or a CSR matrix of floats; nothing in it is changed."""


def check_needs(needs: Set[Need], provides: frozenset[Need]) -> None:
    """Raise MissingEvidence unless a predictor gives all that is asked."""
    missing = sorted(needs - provides)
    if missing:
        raise MissingEvidence(
            f"the learner gives {', '.join(sorted(provides))}: it cannot give {', '.join(missing)}; choose another "
            "learner, or a strategy that needs less (see `querist learners`)"
        )


def count_codes(targets: NDArray[np.int64], *, classes: int, rows: int) -> NDArray[np.int64]:
    """Count the labels of each class, int64 [C]; raises BadLabel unless there is one code 0 … C − 1 per row.

    >>> count_codes(np.array([0, 2, 2]), classes=4, rows=3).tolist()
    [1, 0, 2, 0]
    """
    if targets.ndim != 1 or targets.dtype == object:
        raise BadLabel(
            "this learner learns one class for each item, and the labels of this task have parts: leave the learner to "
            "the task, which names its own, or see `querist learners`"
        )
    if len(targets) != rows:
        raise BadLabel(f"there must be one class code per item, {rows}: got {len(targets)}")
    wrong = np.flatnonzero((targets < 0) | (targets >= classes))
    if len(wrong):
        at = int(wrong[0])
        raise BadLabel(f"class codes must lie in 0 … {classes - 1}: row {at} holds {targets[at]}")
    return np.bincount(targets, minlength=classes)


def as_matrix(items: Items) -> Matrix:
    """Give items as a float matrix, dense or CSR, without a copy where they are one already.

    float32 and float64 stay as they are; integers and booleans become float64.
    """
    kind = getattr(getattr(items, "dtype", None), "kind", None)
    if kind not in ("f", "i", "u", "b") or items.ndim != 2:
        shape = f"{getattr(items, 'dtype', type(items).__name__)} {getattr(items, 'shape', '')}"
        raise BadData(
            f"this learner eats a numeric matrix [N, D]: got {shape}; encode other items first, "
            "texts for instance with querist.embed.encoder_for(items)"
        )
    matrix = items.tocsr() if hasattr(items, "tocsr") else np.asarray(items)
    known = matrix.dtype in (np.float32, np.float64)
    return matrix if known else matrix.astype(np.float32 if matrix.dtype == np.float16 else np.float64)


def is_sparse(matrix: Matrix) -> bool:
    """Tell CSR from dense."""
    return hasattr(matrix, "tocsr")


def check_finite(matrix: Matrix) -> None:
    """Raise BadEvidence naming the first row that holds NaN or infinity; one pass when there is none."""
    values = matrix.data if is_sparse(matrix) else matrix
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum()
    # a finite sum proves that every value is finite; an overflow only costs the second look
    if np.isfinite(total):
        return
    wrong = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if len(wrong):
        at = int(wrong[0])
        held = values[at] if is_sparse(matrix) else values[at][~np.isfinite(values[at])][0]
        row = int(np.searchsorted(matrix.indptr, at, side="right")) - 1 if is_sparse(matrix) else at
        raise BadEvidence(f"features must be finite: row {row} holds {held}; drop the item or fill the gap")
