"""One row from each cluster of the pool, the uncertain rows drawing the centres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, float64, namespace, to_numpy
from querist.errors import BadInput
from querist.scores.uncertainty import entropy
from querist.strategies._clustered import Candidates, one_per_cluster
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Clue(Strategy):
    """Cluster the pool with the entropy as weight, and take the row nearest to each centre.

    Formula: k-means with n centres on embed, weights H(p_T), p_T ∝ p^(1/T) the prediction at ``temperature`` T (lower:
    only the most uncertain rows count); the row nearest to each centre, none twice. Where copies leave fewer than n
    centres, the rows of largest entropy follow, copies last. Score and value: H(p_T). Range: [0, log C] nats.
    Cost: O(N·n·D) per iteration. Raises BadInput unless T > 0. Source: Prabhu et al. 2021.

    >>> import querist
    >>> embed, probs = np.array([[0.0], [1.0], [9.0]]), np.array([[0.5, 0.5], [0.99, 0.01], [0.6, 0.4]])
    >>> querist.query("clue", 2, embed=embed, probs=probs, seed=0).tolist()
    [0, 2]
    """

    temperature: float = 1.0

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("hybrid batch", "k-means, weight H(p)", "O(N·n·D)", "Prabhu et al. 2021")

    def __post_init__(self) -> None:
        good = isinstance(self.temperature, int | float) and isfinite(self.temperature) and self.temperature > 0
        if not good:
            raise BadInput(f"temperature must be a positive number: got {self.temperature!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the entropy of its prediction at the temperature; [N]."""
        return entropy(tempered(view.probs, self.temperature))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the most uncertain first; ``scores`` are those of ``score``."""
        among = Candidates(np.arange(len(view)), to_numpy(view.embed), np.maximum(scores, 0.0))
        chosen = one_per_cluster(view, scores, among, n=min(n, len(view)), draw=draw)
        return replace(chosen, reason="central in a group, weighed by uncertainty")


def tempered(probs: Array, temperature: float) -> Array:
    """Compute p^(1/T) / Σ p^(1/T), what softmax gives for logits divided by T; [N, C].

    >>> tempered(np.array([[0.8, 0.2]]), 0.5).round(4).tolist()
    [[0.9412, 0.0588]]
    """
    p = float64(probs)
    xp = namespace(p)
    if temperature == 1.0:
        return p
    relative = (p / xp.max(p, axis=-1, keepdims=True)) ** (1.0 / temperature)
    return relative / xp.sum(relative, axis=-1, keepdims=True)
