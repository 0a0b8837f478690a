"""A Gaussian process over embeddings, given the rows where it was observed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, blocks
from querist.select.distance import squared_norms
from querist.select.herding import cover, similarity


@dataclass(frozen=True, eq=False)
class Process:
    """Covariances of a prior k, given noisy observations at some rows.

    k(x, y) = exp(−‖x − y‖²/sigma²); sigma None: x·y. Shapes: labelled [L, D] float64, root [L, L] with
    rootᵀ·root = (K_LL + σ²·I)⁻¹; noise the σ² > 0 of this formula.
    """

    sigma: float | None
    labelled: Floats
    root: Floats
    noise: float

    @staticmethod
    def given(labelled: NDArray[np.floating], *, sigma: float | None, noise: float) -> Process:
        """Condition on observations with noise variance σ² > 0; O(L²·D + L³)."""
        points = labelled.astype(np.float64)
        prior = kernel(points, points, sigma)
        prior[np.diag_indices(len(points))] += noise
        return Process(sigma, points, np.linalg.inv(np.linalg.cholesky(prior)), noise)

    def variance(self, rows: NDArray[np.floating]) -> Floats:
        """Give k(x, x) − k(x, L)·(K_LL + σ²·I)⁻¹·k(L, x) of each row; [N], O(N·L·(D + L)), memory one block.

        >>> Process.given(np.array([[1.0]]), sigma=None, noise=1.0).variance(np.array([[2.0]])).round(4).tolist()
        [2.0]
        """
        out = np.ones(len(rows)) if self.sigma is not None else squared_norms(rows)
        for block in blocks(len(rows), 16 * len(self.labelled)) if len(self.labelled) else ():
            explained = kernel(rows[block], self.labelled, self.sigma) @ self.root.T
            out[block] -= np.einsum("nl,nl->n", explained, explained)
        return np.maximum(out, 0.0)

    def columns(self, rows: NDArray[np.floating]) -> Callable[[int], Floats]:
        """Give a function of one row to its covariance with every row, [N]; memory O(N·D) for what it prepares.

        Each call costs O(N·D), and, unless the kernel is linear, O(N·L·D) for what the observations explain.
        """
        points = rows.astype(np.float64)
        prior = _linear(points) if self.sigma is None else _rbf(points, self.sigma)

        def column(row: int) -> Floats:
            if self.sigma is None:
                return np.asarray(prior(self.direction(points[row])[None])[0])
            weight = self._weight(points[row])
            out = np.array(prior(points[row : row + 1])[0])
            for block in blocks(len(weight), 8 * len(points)):
                out -= weight[block] @ prior(self.labelled[block])
            return out

        return column

    def direction(self, point: Floats) -> Floats:
        """Give the w with which k(x, c) = x·w for every x, of a linear kernel and one point c; [D], O(L·D + L²).

        >>> Process.given(np.array([[1.0]]), sigma=None, noise=1.0).direction(np.array([2.0])).round(4).tolist()
        [1.0]
        """
        return np.asarray(point - self._weight(point) @ self.labelled)

    def _weight(self, point: Floats) -> Floats:
        """Give how much each observation explains of a point; [L]."""
        return np.asarray(self.root.T @ (self.root @ kernel(point[None], self.labelled, self.sigma)[0]))


def kernel(rows: NDArray[np.floating], others: Floats, sigma: float | None) -> Floats:
    """Compute k between two sets of points; [N, L], O(N·L·D).

    >>> kernel(np.array([[0.0], [1.0]]), np.array([[1.0]]), 1.0).round(4).tolist()
    [[0.3679], [1.0]]
    """
    if sigma is None:
        return np.asarray(rows.astype(np.float64) @ others.T)
    return similarity(cover(others, np.ones(len(others)), sigma=sigma), rows)


def _linear(points: Floats) -> Callable[[Floats], Floats]:
    return lambda some: np.asarray(some @ points.T)


def _rbf(points: Floats, sigma: float) -> Callable[[Floats], Floats]:
    state = cover(points, np.ones(len(points)), sigma=sigma)
    return lambda some: similarity(state, some)
