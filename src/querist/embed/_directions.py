"""The leading directions of a kernel over a pool: features that follow how alike its items are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats

Distances = NDArray[np.float32]

MOST = 256
"""Directions at most; a power of two, so that they can be mixed evenly."""
REACH = 0.2
"""The kernel falls to 1/e at this share of the median squared distance."""
COPY = 1e-5
"""A squared distance below which two items are one."""
KINDS = 3
"""Landmarks below which an item's distance to itself stays 0: the nearest other is then the only other there is."""
LEAST = 1e-5
"""An eigenvalue below which a direction is rounding."""
WHOLE = 512
"""Landmarks up to which all eigenvectors are worked out, which is then quicker than a few."""


@dataclass(frozen=True, eq=False)
class Directions:
    """A kernel's leading directions: its width, the landmarks' sums [M], and what weighs the landmarks [M, D].

    The kernel exp(−d²/width), width = REACH · median d², is divided by the roots of its row sums (Ng, Jordan & Weiss
    2002), so that the first direction is nearly constant; it is left away. Each other one has a deviation in proportion
    to the root of its eigenvalue, as in kernel PCA (Schölkopf, Smola & Müller 1998). The directions, a power of two of
    them, are then mixed by a Hadamard matrix: distances stay, and every column has about the same deviation, 1, so that
    a learner which standardises columns leaves the proportions as they are.

    Noise adds alike to every distance but that of an item to itself, where there is none. So that one is taken to be
    the distance to the nearest other: an item that shaped the directions lies where it would lie had it not. Of one or
    two landmarks it stays 0, or the two would be one. Landmarks are to be distinct, see ``distinct``.

    >>> place = np.array([0.0, 0.1, 5.0, 5.1], np.float32)
    >>> apart = (place[:, None] - place[None, :]) ** 2
    >>> np.abs(Directions.of(apart).at(apart)).round(2).tolist()
    [[1.0], [1.0], [1.0], [1.0]]
    """

    width: float
    sums: Floats
    weights: Floats

    @classmethod
    def of(cls, apart: Distances) -> Directions:
        """Find the directions from squared distances [M, M]; deterministic. Cost O(M²·D)."""
        if not len(apart):
            return cls(1.0, np.ones(0), np.zeros((0, 1)))
        width = REACH * float(np.median(apart)) or 1.0
        kernel = _kernel(apart, width)
        kernel = (kernel + kernel.T) / 2
        sums = kernel.sum(axis=1)
        values, vectors = _leading(kernel / np.sqrt(sums[:, None] * sums[None, :]))
        if not len(values):
            return cls(width, sums, np.zeros((len(apart), 1)))
        scale = np.sqrt(len(apart) / values.mean())
        return cls(width, sums, vectors / np.sqrt(values) @ _even(len(values)) * scale)

    def at(self, apart: Distances) -> Floats:
        """Place items by their squared distances to the landmarks, [N, M] to [N, D]; row-wise."""
        kernel = _kernel(apart, self.width)
        sums = np.maximum(kernel.sum(axis=1), np.finfo(np.float64).tiny)
        return np.asarray(kernel / np.sqrt(sums[:, None] * self.sums[None, :]) @ self.weights)


def distinct(apart: Distances) -> NDArray[np.bool_]:
    """Mark, of items [M] by their squared distances [M, M], each that is no copy of one before it.

    >>> distinct(np.array([[0, 0, 2], [0, 0, 2], [2, 2, 0]], np.float32)).tolist()
    [True, False, True]
    """
    return np.asarray(~np.tril(apart < COPY, -1).any(axis=1), np.bool_)


def _kernel(apart: Distances, width: float) -> Floats:
    """Give the kernel of rows of squared distances; a row's copies are as far as the nearest that is none."""
    if apart.shape[1] < KINDS:
        return np.asarray(np.exp(-apart / width), np.float64)
    copies = apart < COPY
    other = np.where(copies, np.float32(np.inf), apart).min(axis=1, keepdims=True, initial=np.inf)
    known = np.where(copies & np.isfinite(other), other, apart)
    return np.asarray(np.exp(-known / width), np.float64)


def _leading(kernel: Floats) -> tuple[Floats, Floats]:
    """Give the largest eigenvalues but the first, a power of two of them, and the eigenvectors, signs decided."""
    most = min(MOST, len(kernel) - 1)
    if len(kernel) <= WHOLE:
        values, vectors = np.linalg.eigh(kernel)
    else:
        from scipy.sparse.linalg import eigsh

        values, vectors = eigsh(kernel, k=most + 1, which="LA", v0=np.ones(len(kernel)))
    values, vectors = values[::-1][1 : most + 1], vectors[:, ::-1][:, 1 : most + 1]
    found = int((values > LEAST).sum())
    count = 2 ** (found.bit_length() - 1) if found else 0
    top = vectors[np.abs(vectors[:, :count]).argmax(axis=0), np.arange(count)]
    return values[:count], vectors[:, :count] * np.sign(top)


def _even(count: int) -> Floats:
    """Give an orthonormal matrix whose entries all have the same size."""
    from scipy.linalg import hadamard

    return np.asarray(hadamard(count) / np.sqrt(count), np.float64)
