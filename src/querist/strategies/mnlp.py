"""Lowest log-probability of the best labelling, per element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array
from querist.scores.elements import mnlp
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Mnlp(Strategy):
    """Prefer the items whose best labelling is least probable for their length.

    Formula: s = −(1/n) log P(ŷ|x), from paths, n = elements of the item, at least 1. Range: [0, ∞) nats an element.
    Cost: O(paths). Source: Shen et al. 2018.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> paths = Ragged(np.array([-3.0, -3.0]), np.array([0, 1, 2]))
    >>> elements = Ragged(np.full((9, 2), 0.5), np.array([0, 6, 9]))
    >>> querist.query("mnlp", 1, paths=paths, elements=elements).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"paths", "elements"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "−(1/n) log P(ŷ|x)", "O(paths)", "Shen 2018")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by minus the log-probability of its best labelling per element; [N]."""
        assert view.paths is not None
        assert view.elements is not None
        return mnlp(view.paths, np.diff(view.elements.starts))
