"""Greedy choice of rows whose kernel matrix has a large determinant: each pick is the row least explained so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist._arrays import Floats, Rows
from querist.select.top import foremost

# Variances below this share of the largest are rounding: nothing tells such rows apart.
EXPLAINED = 1e-12


def greedy_determinant(
    column: Callable[[int], Floats], variance: Floats, *, n: int, noise: float, ties: Floats
) -> tuple[Rows, Floats]:
    """Choose n rows, each time arg max k(x, x) − k(x, S)·(K_SS + σ²·I)⁻¹·k(S, x).

    That is the row with which det(K_SS + σ²·I) grows most. ``column(c)`` gives k(x, c) of every row x [N], ``variance``
    k(x, x); a Cholesky factor grows by one row per pick, so nothing is inverted. ``noise`` is σ² > 0. Rows explained to
    within rounding come last, by their tie numbers.

    Shapes: variance and ties [N] → rows [n] and the variance left at each pick [n], never rising. Needs 1 ≤ n ≤ N.
    Cost: n columns and O(n²·N), memory O(n·N). Source: Chen, Zhang & Zhou 2018; Holzmüller et al. 2023.

    >>> x = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 0.8]])
    >>> greedy_determinant(lambda c: x @ x[c], (x * x).sum(axis=1), n=2, noise=0.01, ties=np.arange(3.0))[0].tolist()
    [0, 2]
    """
    left, small = np.array(variance, dtype=np.float64), EXPLAINED * float(variance.max())
    factor = np.empty((n, len(left)))
    picked, value = np.empty(n, np.intp), np.empty(n)
    for i in range(n):
        row = foremost(np.where((left < small) & np.isfinite(left), 0.0, left), ties)
        picked[i], value[i] = row, max(left[row], 0.0)
        explained = factor[:i, row] @ factor[:i]
        factor[i] = (column(row) - explained) / np.sqrt(value[i] + noise)
        left -= factor[i] ** 2
        left[picked[: i + 1]] = -np.inf
    return picked, value
