"""Expected gradient length of the last layer alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.change import egl
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class EglLayer(Strategy):
    """Prefer the rows whose label would pull hardest at the weights of the last layer, on average over labels.

    Formula: s = Σ_y p_y ‖∇_W ℓ(x, y)‖ = Σ_y p_y ‖p − e_y‖ · ‖h‖, W the weights of a softmax layer on the embedding h,
    their intercepts left out (``bias=True`` counts them in). It is the layer whose gradient needs no pass back through
    a network. For a linear model egl is the length of the whole gradient, intercepts included, and differs by that
    alone; for a deep one the whole gradient has no place in the evidence, and both measure its last layer.
    Range: [0, ∞). Cost: O(N·(C + D)). Long embeddings win: scale them if their length means nothing.
    Source: Settles, Craven & Ray 2008; Zhang, Lease & Wallace 2017.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    >>> querist.choose("egl-layer", 2, probs=probs, embed=np.array([[1.0], [1.0], [0.1]])).value.round(4).tolist()
    [0.7071, 0.2546]
    """

    bias: bool = False

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    about: ClassVar[About] = About(
        "change", "Σ p_y ‖p − e_y‖ · ‖h‖", "O(N·(C + D))", "Settles 2008; Zhang, Lease & Wallace 2017"
    )

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the expected length of its gradient by the last weights; [N]."""
        return egl(view.probs, view.embed, bias=self.bias)
