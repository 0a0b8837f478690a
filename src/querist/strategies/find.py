"""The most probable members of one class first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array, float64
from querist.errors import BadEvidence, BadInput
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Find(Strategy):
    """Prefer the rows that most probably belong to the class that is sought, to find all of it with little reading.

    Formula: s = p_t, t = ``target``, the place of the class in the list of labels. It teaches less than margin where a
    model is wanted, and finds more where the members themselves are. Range: [0, 1] on probabilities. Cost: O(N).
    Raises BadEvidence for a target that is no class; BadInput for a negative one. Source: relevance feedback for
    technology-assisted review (Cormack & Grossman 2014).

    >>> import numpy as np, querist
    >>> querist.query("find(target=0)", 1, probs=np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])).tolist()
    [1]
    """

    target: int = 1

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("search", "p_t", "O(N)", "Cormack & Grossman 2014")

    def __post_init__(self) -> None:
        if not isinstance(self.target, int) or self.target < 0:
            raise BadInput(f"target must be the place of a class, 0 or more: got {self.target!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the probability of the class that is sought; [N]."""
        probs = float64(view.probs)
        if self.target >= probs.shape[-1]:
            raise BadEvidence(f"find seeks class {self.target}: probs has the classes 0 to {probs.shape[-1] - 1}")
        return probs[:, self.target]
