"""Uncertainty of the elements of an item, those of rare classes counting more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput, near
from querist.scores.elements import Reduction, check_reduction, consensus, reduce_elements
from querist.scores.uncertainty import entropy, least_confidence, margin
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, Ragged, View


def _closeness(probs: Array) -> Array:
    return 1.0 + margin(probs)


_SCORES: Mapping[str, Callable[[Array], Array]] = {
    "entropy": entropy,
    "least-confidence": least_confidence,
    "margin": _closeness,
}


@dataclass(frozen=True)
class ClassBalanced(Strategy):
    """Prefer the items with uncertain elements (boxes, tokens), weighted so that rare classes count more.

    Formula: s = R_t Σ_c p_tc w_c · u(p_t), w_c = (n + C) / (C (n_c + 1)), n_c the elements of class c among the
    labelled rows as the model sees them (the sum of p_c), n = Σ n_c; u = ``score``: entropy, least-confidence or margin
    (1 − (p₍₁₎ − p₍₂₎)); R = ``reduce``. With ``background`` the first column is "nothing there" and no class: it has
    weight 1 and is not counted. Weights are 1 where the classes are level. Members of a committee are averaged before.
    Range: [0, ∞). Cost: O((M + labelled elements)·C). Raises BadInput. Source: after Brust et al. 2019, with expected
    counts.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> rows, starts = np.array([[0.6, 0.4], [0.4, 0.6]]), np.array([0, 1, 2])
    >>> asked = {"elements": Ragged(np.array([[1.0, 0.0]] * 8), np.array([0, 4, 8]))}
    >>> querist.query("class-balanced", 1, elements=Ragged(rows, starts), labelled=asked, labels=[0, 0]).tolist()
    [1]
    """

    score_by: str = "entropy"
    reduce: Reduction = "sum"
    background: bool = False

    needs: ClassVar[frozenset[Need]] = frozenset({"elements"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    cold: ClassVar[str | None] = "random"
    about: ClassVar[About] = About("elements", "R Σ_c p_c w_c · u(p_t), w_c ~ 1/n_c", "O(M·C)", "Brust et al. 2019")

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if self.score_by not in _SCORES:
            raise BadInput(f"score_by must be one of {', '.join(_SCORES)}: {near(str(self.score_by), _SCORES)}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the weighted uncertainty of its elements; [N]."""
        assert view.elements is not None
        elements = consensus(view.elements)
        probs = np.ascontiguousarray(host(elements.values))  # the order of a sum depends on the layout
        known = None if view.labelled is None else view.labelled.elements
        weights = class_weights(known, probs.shape[1], background=self.background)
        scores = host(_SCORES[self.score_by](elements.values)) * (probs * weights).sum(axis=1)
        return reduce_elements(scores, elements.starts, self.reduce)


def class_weights(known: Ragged | None, columns: int, *, background: bool) -> Floats:
    """Weigh classes by how seldom the labelled rows hold them; [columns], 1 for "nothing there".

    >>> class_weights(Ragged(np.array([[0.0, 1.0, 0.0]] * 2), np.array([0, 2])), 3, background=True).round(4).tolist()
    [1.0, 0.6667, 2.0]
    """
    first = int(background and columns > 1)
    counts = np.zeros(columns - first)
    if known is not None:
        probs = np.ascontiguousarray(to_numpy(consensus(known).values), np.float64)
        counts = probs[:, first:].sum(axis=0)
    weights = (counts.sum() + len(counts)) / (len(counts) * (counts + 1.0))
    return np.concatenate([np.ones(first), weights])
