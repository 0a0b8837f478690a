"""Expected gradient length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.change import egl
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Egl(Strategy):
    """Prefer the rows whose label would pull hardest at the last layer, on average over labels.

    Formula: s = Σ_y p_y ‖p − e_y‖ · √(‖h‖² + b), the exact gradient norm of a linear softmax head on the embedding h;
    b = 1 when the head has a bias (``bias=True``), else 0. Range: [0, ∞). Cost: O(N·(C + D)).
    Long embeddings win: scale them if their length means nothing. Source: Settles, Craven & Ray 2008.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    >>> querist.query("egl", 2, probs=probs, embed=np.array([[1.0], [1.0], [2.0]])).tolist()
    [2, 0]
    """

    bias: bool = True

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    about: ClassVar[About] = About("change", "Σ p_y ‖p − e_y‖ · ‖(h, 1)‖", "O(N·(C + D))", "Settles 2008")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its expected gradient length; [N]."""
        return egl(view.probs, view.embed, bias=self.bias)
