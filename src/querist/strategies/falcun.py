"""Uncertain and different predictions, drawn one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks, to_numpy
from querist.errors import BadInput
from querist.scores.uncertainty import margin
from querist.select.kmeanspp import proportional
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Falcun(Strategy):
    """Draw rows whose predictions are uncertain and unlike those of the rows already drawn.

    Formula: P(x) ∝ (u + d′)^γ over the rows left, u = 1 − (p₁ − p₂), d′ = d brought to [0, 1] by its least and greatest
    value among the rows left (0 when they are equal); d starts as u and after each draw q becomes min(d, ‖p − p_q‖₁).
    d itself is never rescaled. When every weight is 0, the rest is drawn uniformly. Score: u.
    Range of value, u + d′: [0, 2]. Cost: O(n·N·C). Raises BadInput unless γ ≥ 0 and finite.
    Source: Gilhuber et al. 2024.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]])
    >>> querist.choose("falcun", 3, probs=probs, seed=0).value.tolist()
    [2.0, 1.0, 0.0]
    """

    gamma: float = 10.0

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("hybrid batch", "P ∝ (1 − margin + d′)^γ", "O(n·N·C)", "Gilhuber et al. 2024")

    def __post_init__(self) -> None:
        if not (isinstance(self.gamma, int | float) and isfinite(self.gamma) and self.gamma >= 0):
            raise BadInput(f"gamma must be a number, 0 or more: got {self.gamma!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by 1 minus its margin; [N]."""
        return 1.0 + margin(view.probs)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Draw min(n, N) distinct rows, in the order drawn; ``scores`` are those of ``score``."""
        columns = np.ascontiguousarray(to_numpy(view.probs).T, dtype=np.float64)
        rng, n = draw.rng("falcun"), min(n, len(view))
        picked, value, chance = np.empty(n, np.intp), np.empty(n), np.empty(n)
        apart, free = scores.copy(), np.ones(len(view), bool)
        for i in range(n):
            relevance = scores + within(apart, free)
            weight = sharpened(relevance, free, self.gamma)
            row = proportional(weight, rng)
            picked[i], value[i], chance[i] = row, relevance[row], weight[row] / weight.sum()
            free[row] = False
            np.minimum(apart, city_block(columns, row), out=apart)
        return Selection(picked, value, chance, "uncertain, and predicted unlike the others chosen")


def within(values: Floats, free: NDArray[np.bool_]) -> Floats:
    """Bring values to [0, 1] by the least and greatest of the free ones; 0 when those are equal.

    >>> within(np.array([1.0, 2.0, 5.0]), np.array([True, True, False])).tolist()
    [0.0, 1.0, 4.0]
    """
    low, high = values[free].min(), values[free].max()
    return np.asarray((values - low) / (high - low)) if high > low else np.zeros_like(values)


def sharpened(relevance: Floats, free: NDArray[np.bool_], gamma: float) -> Floats:
    """Give each free row the weight (r / greatest r)^γ, the others 0; equal weights when every r is 0.

    >>> sharpened(np.array([1.0, 2.0, 9.0]), np.array([True, True, False]), 2.0).tolist()
    [0.25, 1.0, 0.0]
    """
    greatest = relevance[free].max()
    if greatest <= 0:
        return free.astype(np.float64)
    weight: Floats = (np.where(free, relevance, 0.0) / greatest) ** gamma
    return np.where(free, weight, 0.0)


def city_block(columns: Floats, row: int) -> Floats:
    """Compute ‖p − p_row‖₁ of every row, from probabilities stored by class [C, N]; [N], O(N·C).

    >>> city_block(np.array([[0.5, 1.0], [0.5, 0.0]]), 0).tolist()
    [0.0, 1.0]
    """
    out = np.zeros(columns.shape[1])
    for block in blocks(len(columns), 8 * columns.shape[1]):
        out += np.abs(columns[block] - columns[block, row, None]).sum(axis=0)
    return out
