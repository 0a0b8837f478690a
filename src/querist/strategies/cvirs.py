"""Uncertain classes by their ranks, times how unlike the predicted set is to the labelled ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.multilabel import cvirs, label_table, odds
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Cvirs(Strategy):
    """Prefer the items whose classes are uncertain for the pool, and whose predicted set is unlike those known.

    Formula: s = [mean over classes of the share of targets with a larger |2p − 1|] · [mean over labelled sets y of
    d(ŷ, y)], d the normalised entropy distance, 1 where all classes differ. The targets stand for the pool: it is the
    published rank (Borda) where they are the pool itself. Range: [0, 1] then. Cost: O(N·C·log T + N·L·C).
    Source: Reyes, Morell & Ventura 2018 (category vector inconsistency and ranking of scores).

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> votes = Ragged(np.array([[0, 0], [0, 1]]), np.array([0, 1, 2]))
    >>> labelled, decision = {"decision": np.ones((2, 2))}, np.array([[2.0, -2.0], [1.0, 0.5]])
    >>> querist.query("cvirs", 1, decision=decision, labelled=labelled, labels=[0, 0], votes=votes).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets", "votes"})
    about: ClassVar[About] = About(
        "multilabel", "rank of |2p − 1| · mean d(ŷ, y)", "O(N·C·log T + N·L·C)", "Reyes et al. 2018"
    )

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by the ranks of its classes and the distance to the labelled sets; [N]."""
        assert view.targets is not None
        return cvirs(view.decision, view.targets.decision, label_table(view, odds(view.decision).shape[1]))
