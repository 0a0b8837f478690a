"""Rows that the model judges unlike the labelled rows beside them: contrastive active learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, blocks, float64, to_numpy, xlogx
from querist.errors import BadInput
from querist.select.distance import nearest_k
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View

# A probability of 0 would make a divergence infinite: below this it counts as this, so no score exceeds 27.7.
LEAST = 1e-12


@dataclass(frozen=True)
class Cal(Strategy):
    """Prefer the rows whose prediction differs most from those of the labelled rows nearest to them.

    Formula: s = (1/k) Σ_{l ∈ kNN(x)} KL(p_l ‖ p_x), the k = min(``neighbours``, L) nearest labelled rows by Euclidean
    distance in embed; p_x below 10⁻¹² counts as 10⁻¹². Labelled are the rows already asked, also those whose answer
    is pending. With none, every score is 0. Range: [0, 27.7] nats.
    Cost: O(N·L·D + N·k·(C + D)). Raises BadInput unless neighbours is 1 or more. Source: Margatina et al. 2021.

    >>> import querist
    >>> embed, probs = np.array([[0.0], [5.0]]), np.array([[0.9, 0.1], [0.9, 0.1]])
    >>> labelled = {"embed": np.array([[0.1], [5.1]]), "probs": np.array([[0.9, 0.1], [0.2, 0.8]])}
    >>> querist.choose("cal(neighbours=1)", 1, embed=embed, probs=probs, labelled=labelled).value.round(4).tolist()
    [1.3627]
    """

    neighbours: int = 10

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    about: ClassVar[About] = About("hybrid", "mean KL(p_l ‖ p_x) over near l", "O(N·L·D)", "Margatina et al. 2021")

    def __post_init__(self) -> None:
        if not isinstance(self.neighbours, int) or self.neighbours < 1:
            raise BadInput(f"neighbours must be a whole number, 1 or more: got {self.neighbours!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the mean divergence of its labelled neighbours' predictions from its own; [N]."""
        scores, others = np.zeros(len(view)), labelled_embed(view)
        if view.labelled is None or len(others) == 0:
            return scores
        k = min(self.neighbours, len(others))
        rows, p = to_numpy(view.embed), float64(to_numpy(view.probs))
        near, q = nearest_k(rows, others, k=k), float64(to_numpy(view.labelled.probs))
        for block in blocks(len(view), 8 * k * q.shape[1]):
            scores[block] = divergence(q[near[block]], p[block, None, :]).mean(axis=1)
        return scores


def divergence(p: Floats, q: Floats) -> Floats:
    """Compute KL(p ‖ q) along the last axis, in nats, never negative; q below 10⁻¹² counts as 10⁻¹².

    >>> divergence(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(4).tolist()
    0.6931
    """
    terms = xlogx(p) - p * np.log(np.maximum(q, LEAST))
    return np.asarray(np.maximum(terms.sum(axis=-1), 0.0))
