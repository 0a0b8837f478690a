"""How far a representation has moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadEvidence


def cka(first: Array, second: Array) -> float:
    """Compute the linear centred kernel alignment of two representations of the same N items.

    Formula: ‖YᵀX‖² / (‖XᵀX‖ · ‖YᵀY‖), Frobenius norms, of the centred first [N, D] and second [N, E]. Range 0 … 1: 1 is
    the same up to rotation, one scale and a shift; 0 is unrelated. Where one of them is the same for all items it is 1
    if both are, else 0. With few items for their features (N < 10·D or so) unrelated ones are well above 0.
    Cost: O(N·D·E), or O(N²·(D + E)) where there are fewer items than features. Raises BadEvidence.
    Source: Kornblith et al. 2019.

    >>> rows = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [2.0, 3.0]])
    >>> round(cka(rows, 5.0 * rows[:, ::-1] + 1.0), 6), round(cka(rows, rows[:, :1]), 4)
    (1.0, 0.7676)
    """
    x, y = _centred(first), _centred(second)
    if len(x) != len(y):
        raise BadEvidence(f"two representations must be of the same items: got {len(x)} and {len(y)} rows")
    if len(x) < max(x.shape[1], y.shape[1]):
        shared, own, other = _of_items(x, y)
    else:
        shared = float(np.square(y.T @ x).sum())
        own, other = (float(np.square(z.T @ z).sum()) for z in (x, y))
    if own == 0.0 or other == 0.0:
        return float(own == other)
    return min(1.0, float(shared / np.sqrt(own * other)))


def _of_items(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Compute the same three sums through the products of items, [N, N]."""
    a, b = x @ x.T, y @ y.T
    return float((a * b).sum()), float(np.square(a).sum()), float(np.square(b).sum())


def _centred(values: Array) -> NDArray[np.float64]:
    rows = np.asarray(to_numpy(values), np.float64)
    if rows.ndim != 2:
        raise BadEvidence(f"a representation must be [N, D]: got shape {rows.shape}")
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise BadEvidence(f"a representation must be finite: row {wrong[0]} is not")
    # the largest value first: its square may be beyond what a double holds
    centred: NDArray[np.float64] = rows - rows.mean(axis=0) if len(rows) else rows
    size = float(np.abs(centred).max(initial=0.0))
    scale = float(np.abs(rows).max(initial=0.0))
    return centred / size if size > 1e-13 * scale else np.zeros_like(centred)
