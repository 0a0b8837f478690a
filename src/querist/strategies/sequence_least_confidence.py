"""Largest probability that the best labelling of the whole item is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.elements import sequence_least_confidence
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class SequenceLeastConfidence(Strategy):
    """Prefer the items whose best labelling as a whole is least probable.

    Formula: s = 1 − P(ŷ|x), from paths. Range: [0, 1). Cost: O(paths). Long texts have many labellings, so they are
    preferred: see mnlp. Source: Culotta & McCallum 2005.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> paths = Ragged(np.log([0.9, 0.1, 0.6, 0.3]), np.array([0, 2, 4]))
    >>> querist.query("sequence-least-confidence", 1, paths=paths).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"paths"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "1 − P(ŷ|x)", "O(paths)", "Culotta & McCallum 2005")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by one minus the probability of its best labelling; [N]."""
        assert view.paths is not None
        return sequence_least_confidence(view.paths)
