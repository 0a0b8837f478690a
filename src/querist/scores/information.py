"""Fisher information of a linear softmax layer, row by row, without ever forming a row's matrix.

A row with embedding h [Q] and probabilities p has the information J ⊗ h hᵀ, J = diag p − p pᵀ. A number added to
all logits changes nothing, so J is written in E = C − 1 orthonormal contrasts of the classes, which loses nothing: the
parameters are [E, Q], P = E·Q of them. Small matrices lie with the rows last, [E, E, N]: then every step of their
algebra is one operation on N numbers side by side, an order of magnitude faster than N calls of LAPACK.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import BLOCK_BYTES, Floats, Rows, blocks

# Small matrices of one block of rows stay in the processor's cache.
CACHE_BYTES = 2**22
KEPT_BYTES = 2**22


def contrasts(classes: int) -> Floats:
    """Give an orthonormal basis of the vectors whose entries sum to 0 (Helmert's); [C, E], E = C − 1.

    >>> contrasts(3).round(4).tolist()
    [[0.7071, 0.4082], [-0.7071, 0.4082], [0.0, -0.8165]]
    """
    column = np.arange(1, classes)
    basis = np.triu(np.ones((classes, classes - 1)))
    basis[column, column - 1] = -column
    return np.asarray(basis / np.sqrt(column * (column + 1)))


def curvature(probs: NDArray[np.floating]) -> Floats:
    """Compute J = diag p − p pᵀ in contrasts; [N, C] → [E, E, N].

    From its factor √p_y·(e_y − p), so that it never has a negative eigenvalue beyond rounding. Cost: O(N·C³).

    >>> curvature(np.array([[0.5, 0.5], [1.0, 0.0]])).ravel().round(4).tolist()
    [0.5, 0.0]
    """
    p = np.ascontiguousarray(probs.T, dtype=np.float64)
    basis = contrasts(len(p))
    factor = np.sqrt(p) * (basis.T[:, :, None] - (basis.T @ p)[:, None, :])
    return np.asarray(np.einsum("ayn,byn->abn", factor, factor))


def root(matrix: Floats) -> Floats:
    """Compute the lower Cholesky factor R of each [E, E, N]; a direction without curvature stays at 0.

    >>> root(np.array([[4.0, 2.0], [2.0, 1.0]])[:, :, None])[:, :, 0].tolist()
    [[2.0, 0.0], [1.0, 0.0]]
    """
    left, out = matrix.copy(), np.zeros_like(matrix)
    floor = 1e-14 * np.einsum("een->n", matrix)
    for e in range(len(matrix)):
        pivot = left[e, e]
        solid = pivot > floor
        scale = np.where(solid, 1.0 / np.sqrt(np.where(solid, pivot, 1.0)), 0.0)
        out[e:, e] = left[e:, e] * scale
        left[e + 1 :, e + 1 :] -= out[e + 1 :, None, e] * out[None, e + 1 :, e]
    return out


def trace_ratio(solid: Floats, target: Floats, *, sign: float = 1.0) -> Floats:
    """Compute tr[(I + sign·S)⁻¹·G] of each pair of symmetric matrices; [E, E, N] twice → [N].

    By elimination: each step takes one row and column off both matrices by the same congruence, under which the trace
    falls by G₀₀ / S₀₀. Cost: O(N·E³).

    >>> s, g = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> trace_ratio(s[:, :, None], g[:, :, None]).round(6).tolist()
    [2.4]
    >>> float(np.trace(np.linalg.inv(np.eye(2) + s) @ g).round(6))
    2.4
    """
    s, g = sign * solid, target
    s[np.arange(len(s)), np.arange(len(s))] += 1.0
    total = np.zeros(s.shape[2])
    while len(s):
        pivot = np.maximum(s[0, 0], np.finfo(np.float64).eps)
        total += g[0, 0] / pivot
        v = s[0, 1:] / pivot
        w = g[0, 1:] - 0.5 * g[0, 0] * v
        g = g[1:, 1:] - v[:, None] * w - w[:, None] * v
        s = s[1:, 1:] - (pivot * v)[:, None] * v
    return total


@dataclass(frozen=True, eq=False)
class Rowset:
    """Rows whose information matters: embeddings [N, D], float32 or float64, and probabilities [N, C].

    ``bias`` appends a 1 to every embedding. ``weight`` multiplies the information of every row.
    """

    embed: NDArray[np.floating]
    probs: NDArray[np.floating]
    bias: bool = False
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.embed)

    @property
    def shape(self) -> tuple[int, int]:
        """The parameters, (E, Q)."""
        return self.probs.shape[1] - 1, self.embed.shape[1] + int(self.bias)

    @cached_property
    def _kept(self) -> Floats | None:
        """The features of all rows where these are few numbers: they are read again for every row chosen."""
        few = 8 * len(self) * self.shape[1] <= KEPT_BYTES
        return self._features(slice(None)) if few else None

    def features(self, rows: slice | Rows) -> Floats:
        """Give some embeddings in float64, with the 1 of the intercept; [n, Q]."""
        return self._features(rows) if self._kept is None else np.asarray(self._kept[rows])

    def _features(self, rows: slice | Rows) -> Floats:
        h = self.embed[rows]
        out = np.ones((len(h), self.shape[1]))
        out[:, : h.shape[1]] = h
        return out

    def root(self, rows: slice | Rows) -> Floats:
        """Give R with R·Rᵀ = weight·J; [E, E, n]."""
        return np.asarray(np.sqrt(self.weight) * root(curvature(self.probs[rows])))

    def cuts(self) -> list[slice]:
        """Cut the rows into blocks whose features and small matrices stay in the cache."""
        classes, width = self.shape
        return list(blocks(len(self), 8 * (width + 4 * classes * classes), limit=CACHE_BYTES))


def information(rows: Rowset, *, squared: bool = False) -> Floats:
    """Sum the information J ⊗ h hᵀ of rows, or with ``squared`` J² ⊗ h hᵀ; [P, P].

    The latter is Σ_c ∇p_c ∇p_cᵀ, the outer products of the gradients of the predictions. Cost: O(N·E²·Q²).

    >>> information(Rowset(np.array([[2.0], [1.0]]), np.array([[0.5, 0.5], [1.0, 0.0]]))).round(4).tolist()
    [[2.0]]
    """
    classes, width = rows.shape
    total = np.zeros((classes, width, classes, width))
    row = 8 * (classes + 1) * (width + 3 * classes)
    # as many rows as parameters at least, or adding up the products would take longer than these
    for cut in blocks(len(rows), row, limit=min(BLOCK_BYTES, max(CACHE_BYTES, row * classes * width))):
        h, bend = rows.features(cut), curvature(rows.probs[cut])
        bend = rows.weight * (np.einsum("aen,ebn->abn", bend, bend) if squared else bend)
        for a in range(classes):
            weighted = (bend[a, : a + 1].T[:, :, None] * h[:, None, :]).reshape(len(h), (a + 1) * width)
            total[a, :, : a + 1] += (h.T @ weighted).reshape(width, a + 1, width)
    for a in range(classes):
        for b in range(a):
            total[b, :, a] = total[a, :, b].T
    return total.reshape(classes * width, classes * width)


def inverse(matrix: Floats, *, ridge: float) -> Floats:
    """Compute (matrix + ridge·I)⁻¹ of a symmetric matrix without negative eigenvalues; [P, P], O(P³).

    >>> inverse(np.array([[3.0]]), ridge=1.0).tolist()
    [[0.25]]
    """
    from scipy.linalg import cho_solve, cholesky

    if len(matrix) == 0:
        return matrix
    solid = matrix + ridge * np.eye(len(matrix))
    return np.asarray(cho_solve((cholesky(solid, lower=True, overwrite_a=True), True), np.eye(len(solid))))


def within(features: Floats, roots: Floats, matrix: Floats) -> Floats:
    """Compute Xᵀ·M·X with X = R ⊗ h of each row; [n, Q], [E, E, n], symmetric [P, P] → [E, E, n].

    Cost: O(n·E²·Q² + n·E³).
    """
    classes, width = len(roots), features.shape[1]
    middle = matrix.reshape(classes, width, classes, width)
    out = np.empty_like(roots)
    for a in range(classes):
        for b in range(a + 1):
            out[a, b] = out[b, a] = np.einsum("nq,nq->n", features @ middle[a, :, b], features)
    return np.asarray(np.einsum("ean,ebn->abn", roots, np.einsum("aen,ebn->abn", out, roots)))


class Variance(NamedTuple):
    """What is left to learn, tr(A·F⁻¹): ``inverted`` F⁻¹ and ``target`` A, both symmetric [P, P]."""

    inverted: Floats
    target: Floats

    def between(self) -> Floats:
        """Compute F⁻¹·A·F⁻¹; [P, P], O(P³)."""
        return np.asarray(self.inverted @ self.target @ self.inverted)

    def left(self) -> float:
        """Compute tr(A·F⁻¹)."""
        return float(np.vdot(self.inverted, self.target))


def gains(rows: Rowset, variance: Variance) -> Floats:
    """Compute how far tr(A·F⁻¹) falls when the information X·Xᵀ of a row is added to F, for every row; [N].

    Formula: tr[(I + XᵀF⁻¹X)⁻¹ XᵀF⁻¹AF⁻¹X] (Woodbury). Cost: O(N·E²·Q² + P³), memory one block and one [P, P] matrix.

    >>> rows = Rowset(np.array([[2.0], [0.0]]), np.full((2, 2), 0.5))
    >>> gains(rows, Variance(np.array([[1.0]]), np.array([[3.0]]))).round(4).tolist()
    [2.0, 0.0]
    """
    out, between = np.zeros(len(rows)), variance.between()
    for cut in rows.cuts():
        h, roots = rows.features(cut), rows.root(cut)
        out[cut] = trace_ratio(within(h, roots, variance.inverted), within(h, roots, between))
    return out
