"""Unusual number of predicted classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.multilabel import label_table, lci, odds
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Lci(Strategy):
    """Prefer the items with many more or fewer predicted classes than the labelled ones have (label cardinality).

    Formula: s = |#{l: f_l > 0} − mean size of the labelled sets|, f the log-odds of each class (decision [N, C]); the
    sets are the votes of the labelled rows. Range: [0, C]. Cost: O(N·C). Without labels all items are equal.
    Source: Li & Guo 2013.

    >>> import numpy as np, querist
    >>> from querist.view import Ragged
    >>> votes = Ragged(np.array([[0, 0], [0, 1]]), np.array([0, 1, 2]))
    >>> labelled, decision = {"decision": np.ones((2, 2))}, np.array([[2.0, -2.0], [1.0, 0.5]])
    >>> querist.query("lci", 1, decision=decision, labelled=labelled, labels=[0, 0], votes=votes).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"decision"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "votes"})
    about: ClassVar[About] = About("multilabel", "|predicted − usual count|", "O(N·C)", "Li & Guo 2013")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each item by how unusual its number of classes is; [N]."""
        return lci(view.decision, label_table(view, odds(view.decision).shape[1]))
