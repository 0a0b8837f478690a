"""The space that labelled rows span: with fewer labels than features, all that a linear model can learn lies in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats
from querist.learners._checks import Matrix, is_sparse


@dataclass(frozen=True, eq=False)
class Span:
    """An orthonormal basis Q = factor⁻¹ · rows, [r, D], of the span of some rows; the whole space where rows is None.

    ``factor`` [r, r] is the lower Cholesky factor of the Gram matrix of ``rows`` [r, D], which may be sparse.
    """

    rows: Matrix | None
    factor: Floats

    def lift(self, weights: Floats) -> Floats:
        """Turn coordinates [m, r] into weights on the features, [m, D]."""
        if self.rows is None:
            return weights
        from scipy.linalg import solve_triangular

        return np.asarray(solve_triangular(self.factor, weights.T, lower=True, trans="T").T @ self.rows)

    def lower(self, weights: Floats) -> Floats:
        """Give the coordinates [m, r] of weights on the features [m, D]; what lies outside the span is dropped."""
        if self.rows is None:
            return weights
        from scipy.linalg import solve_triangular

        return np.asarray(solve_triangular(self.factor, self.rows @ weights.T, lower=True).T)


def span_of(rows: Matrix) -> tuple[Floats, Span]:
    """Give the coordinates of rows [L, D] in their own span, [L, r], and the span.

    With L ≥ D the coordinates are the rows themselves. Else pivoted Cholesky of the Gram matrix, O(L²·D + L³/3), which
    copes with repeated rows: what a row adds beyond 1e-5 of the longest is kept.
    """
    count, width = rows.shape
    if count >= width:
        return _dense(rows), Span(None, np.empty((0, 0)))
    gram = _dense(rows @ rows.T)
    from scipy.linalg import lapack

    packed, order, rank, _ = lapack.dpstrf(gram, lower=1, tol=1e-10 * float(gram.diagonal().max(initial=0.0)))
    lower = np.tril(packed)[:, :rank]
    coordinates = np.empty_like(lower)
    coordinates[order - 1] = lower
    return np.ascontiguousarray(coordinates), Span(rows[order[:rank] - 1], lower[:rank])


def _dense(matrix: Matrix) -> Floats:
    return np.asarray(matrix.toarray() if is_sparse(matrix) else matrix, dtype=np.float64)
