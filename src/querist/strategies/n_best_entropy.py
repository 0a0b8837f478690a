"""Entropy among the best labellings of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.elements import n_best_entropy
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class NBestEntropy(Strategy):
    """Prefer the items with several labellings that are about as probable.

    Formula: s = −Σ p̂_i log p̂_i, p̂ = the probabilities of the N best paths, made to sum to 1. Range: [0, log N] nats.
    Cost: O(paths). Source: Kim et al. 2006; Settles & Craven 2008.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> paths = Ragged(np.log([0.9, 0.1, 0.6, 0.3]), np.array([0, 2, 4]))
    >>> querist.query("n-best-entropy", 1, paths=paths).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"paths"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "H(N best paths)", "O(paths)", "Kim 2006; Settles & Craven 2008")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the entropy among its best labellings; [N]."""
        assert view.paths is not None
        return n_best_entropy(view.paths)
