"""Numbers as a network takes them: scaled, in single precision, in the shape of one item.

This file imports PyTorch, so it is imported inside the functions that train.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isqrt, prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from querist._arrays import Array, Rows, blocks
from querist.errors import BadInput
from querist.learners._checks import Matrix, check_finite, is_sparse
from querist.learners._features import Features
from querist.learners.protocol import Items

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Feature rows, or arrays of any shape, as inputs of a module; ``shape`` is that of one item."""

    features: Features
    shape: Shape

    @staticmethod
    def of(items: Items, pool: Items | None, *, shape: Shape | None, standardise: bool) -> Numbers:
        """Learn the scale from the pool, else from the items; raises BadInput, BadEvidence, BadData.

        Vectors are standardised feature by feature, images channel by channel: a pixel in a corner that is nearly
        always empty would else be blown up by the few times that it is not.
        """
        source = flat(items if pool is None else pool)
        found = tuple(np.shape(items)[1:]) if shape is None and getattr(items, "ndim", 2) > 2 else shape
        plain = Features.of(source, None, standardise=standardise and (found is None or len(found) == 1))
        found = (plain.width,) if found is None else tuple(found)
        if prod(found) != plain.width:
            raise BadInput(f"an item of shape {found} has {prod(found)} numbers: these items have {plain.width}")
        if standardise and len(found) > 1 and not is_sparse(source) and len(source):
            plain = _by_channel(plain, source, found[0])
        return Numbers(plain, found)

    def alone(self) -> Numbers:
        """Leave the pool away, to be sent to another process."""
        return Numbers(replace(self.features, pool=self.features.pool[:0]), self.shape)

    def read(self, items: Items) -> Matrix:
        """Check items, and give them as a matrix [N, D]; raises BadEvidence naming the row, BadData."""
        matrix = self.features.read(flat(items))
        check_finite(matrix)
        return matrix

    def embed(self, matrix: Matrix) -> Array:
        """Give rows as dense features [N, D], for as long as no network is trained."""
        return self.features.embed(matrix)

    def inputs(self, matrix: Matrix, rows: Rows | slice) -> Any:
        """Give some rows as one tensor [B, *shape], single precision."""
        dense = self.features.standardised(matrix[rows])
        dense = dense.toarray() if is_sparse(dense) else dense
        return torch.from_numpy(np.array(dense, np.float32).reshape(-1, *self.shape))

    def blocks(self, matrix: Matrix, size: int) -> Iterator[tuple[Rows, Any]]:
        """Cut rows into blocks of ``size``, the last one filled up with zeros; one block at least."""
        for start in range(0, max(matrix.shape[0], 1), size):
            rows = np.arange(start, min(start + size, matrix.shape[0]))
            inputs = self.inputs(matrix, rows)
            yield rows, torch.cat([inputs, inputs.new_zeros(size - len(inputs), *self.shape)])


def flat(items: Items) -> Items:
    """Give an array of more than two axes as a matrix, without a copy; other items as they are."""
    return items.reshape(len(items), prod(items.shape[1:])) if getattr(items, "ndim", 2) > 2 else items


def image_shape(items: Items) -> Shape | None:
    """Guess the shape of images in feature rows: grey or colour squares, channels first; None where it is no square.

    >>> image_shape(np.zeros((2, 784))), image_shape(np.zeros((2, 3072))), image_shape(np.zeros((2, 10)))
    ((1, 28, 28), (3, 32, 32), None)
    """
    if getattr(items, "ndim", 2) != 2:
        return None
    width = items.shape[1]
    for channels in (1, 3):
        side = isqrt(width // channels)
        if channels * side * side == width:
            return channels, side, side
    return None


def _by_channel(features: Features, pool: Array, channels: int) -> Features:
    """Measure mean and standard deviation of every channel, in one pass, and repeat them pixel by pixel."""
    total, squares = np.zeros(channels), np.zeros(channels)
    for part in blocks(len(pool), 8 * features.width):
        values = np.asarray(pool[part], np.float64).reshape(-1, channels, features.width // channels)
        total += values.sum(axis=(0, 2))
        squares += np.square(values).sum(axis=(0, 2))
    count = len(pool) * features.width // channels
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    scale = np.where(spread > 1e-6 * np.abs(mean), spread, 1.0)
    if not np.isfinite(scale).all():
        check_finite(pool)
    return replace(features, mean=_spread(mean, features.width), scale=_spread(scale, features.width))


def _spread(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.repeat(values, width // len(values))
