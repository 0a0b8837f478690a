"""One row from each cluster of the most uncertain rows, the uncertain ones drawing the centres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy, topk
from querist.errors import BadInput
from querist.scores.uncertainty import margin
from querist.strategies._clustered import Candidates, one_per_cluster
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class WeightedKMeans(Strategy):
    """Keep the most uncertain rows, cluster them with their uncertainty as weight, take the row nearest to each centre.

    Formula: the β·n rows of largest u = 1 − (p₁ − p₂); k-means with n centres on embed, weights u; the row nearest to
    each centre, none twice. Where copies leave fewer than n centres, the most uncertain of the others
    follow, copies last. Score and value: u. Range: [0, 1]. Cost: O(N·C + β·n²·D) per iteration.
    Raises BadInput unless β is a whole number, 1 or more. Source: Zhdanov 2019.

    >>> import querist
    >>> embed = np.array([[0.0], [0.1], [9.0], [9.1], [5.0]])
    >>> probs = np.array([[0.5, 0.5], [0.6, 0.4], [0.5, 0.5], [0.6, 0.4], [1.0, 0.0]])
    >>> sorted(querist.query("weighted-k-means(beta=2)", 2, embed=embed, probs=probs, seed=0).tolist())
    [0, 2]
    """

    beta: int = 10

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "k-means of the β·n least margins, weight 1 − margin", "O(N·C + β·n²·D)", "Zhdanov 2019"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.beta, int) or self.beta < 1:
            raise BadInput(f"beta must be a whole number, 1 or more: got {self.beta!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by 1 minus its margin; [N]."""
        return 1.0 + margin(view.probs)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the most uncertain first; ``scores`` are those of ``score``."""
        n = min(n, len(view))
        kept = np.sort(topk(scores, self.beta * n, draw.uniform(view.keys, "ties")))
        among = Candidates(kept, to_numpy(view.embed)[kept], scores[kept])
        chosen = one_per_cluster(view, scores, among, n=n, draw=draw)
        return replace(chosen, reason="central in a group of uncertain items")
