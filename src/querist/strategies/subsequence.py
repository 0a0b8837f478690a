"""The uncertain elements of an item, and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats
from querist.errors import BadInput
from querist.scores.elements import consensus, runs, uncertain_elements
from querist.scores.uncertainty import least_confidence
from querist.strategies.protocol import About, Strategy, host, top
from querist.view import Draw, Need, Ragged, Selection, View


@dataclass(frozen=True)
class Subsequence(Strategy):
    """Ask for the uncertain elements of an item alone: the stretches of a text that the model is in doubt about.

    Formula: u_t = 1 − max_c p_tc; asked are the elements with u_t > ``doubt`` (where none is, the most uncertain one)
    and ``window`` neighbours on each side; s = the mean of u over them: what is gained by each element that is paid
    for. Members of a committee are averaged before. Range: [0, 1 − 1/C]. Cost: O(M·C). The choice carries the
    stretches (``Selection.asks``); a study asks for them, and counts their elements as the cost. Raises BadInput.
    Source: Wanvarie, Takamura & Okumura 2011; Radmard, Fathullah & Lipani 2021.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> elements = Ragged(np.array([[0.5, 0.5], [1.0, 0.0], [0.6, 0.4]]), np.array([0, 2, 3]))
    >>> querist.choose("subsequence(window=0)", 2, elements=elements, places=elements).asks.values.tolist()
    [[0, 1], [0, 1]]
    """

    doubt: float = 0.1
    window: int = 1

    needs: ClassVar[frozenset[Need]] = frozenset({"elements", "places"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About(
        "elements", "mean of 1 − max p_t over the uncertain t", "O(M·C)", "Wanvarie et al. 2011; Radmard et al. 2021"
    )

    def __post_init__(self) -> None:
        if not 0 <= self.doubt <= 1:
            raise BadInput(f"doubt must be a probability, 0 to 1: got {self.doubt!r}")
        if not isinstance(self.window, int) or self.window < 0:
            raise BadInput(f"window must be a whole number of elements, 0 or more: got {self.window!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the mean uncertainty of the elements that it would be asked for; [N]."""
        assert view.elements is not None
        doubts, marked = self._marked(view.elements)
        item = np.repeat(np.arange(len(view)), np.diff(view.elements.starts))
        total = np.bincount(item[marked], doubts[marked], minlength=len(view))
        return total / np.maximum(np.bincount(item[marked], minlength=len(view)), 1)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose the n highest scores, and say which runs of elements to ask of each."""
        assert view.elements is not None
        rows = top(view, scores, n, draw)
        chosen = view.elements.take(rows)
        return Selection(rows, scores[rows], asks=runs(self._marked(chosen)[1], chosen.starts))

    def _marked(self, elements: Ragged) -> tuple[Floats, NDArray[np.bool_]]:
        doubts = host(least_confidence(consensus(elements).values))
        return doubts, uncertain_elements(doubts, elements.starts, above=self.doubt, window=self.window)
