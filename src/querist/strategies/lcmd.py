"""Regression: the farthest row of the cluster that is represented worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, to_numpy
from querist.select.distance import nearest, squared_norms
from querist.select.lcmd import largest_cluster
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Lcmd(Strategy):
    """Choose the row farthest from its centre in the largest cluster; centres are the labelled and chosen rows.

    Formula: every row joins its nearest centre c ∈ L ∪ S, a cluster's size is Σ ‖φ(x) − φ(c)‖², and the pick is
    arg max ‖φ(x) − φ(c)‖ in the largest. With nothing labelled, the first pick is the row of largest ‖φ(x)‖, the
    convention of the paper. Embeddings that hold what the model learnt (its last layer, or gradients) do better than
    raw features. Score: the distance to the nearest labelled row, without one the length. Range: [0, ∞), in the units
    of embed. Cost: O(N·L·D) to score, O(n·N·D) to choose. Source: Holzmüller et al. 2023.

    >>> import numpy as np, querist
    >>> points = np.array([[1.0], [1.1], [1.2], [9.0], [0.1]])
    >>> querist.query("lcmd", 2, embed=points, labelled={"embed": np.array([[0.0], [8.0]])}, seed=0).tolist()
    [2, 3]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "regression",
        "max ‖φ(x) − φ(c)‖ in the cluster of largest Σ ‖φ(x) − φ(c)‖²",
        "O(n·N·D)",
        "Holzmüller et al. 2023",
    )

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its distance to the nearest labelled row; [N]."""
        embed, labelled = to_numpy(view.embed), labelled_embed(view)
        return nearest(embed, labelled)[1] if len(labelled) else np.sqrt(squared_norms(embed))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, in order of choice."""
        embed, labelled, n = to_numpy(view.embed), labelled_embed(view), min(n, len(view))
        home = nearest(embed, labelled)[0] if len(labelled) else np.full(len(embed), -1)
        rows, value = largest_cluster(embed, home, scores**2, n=n, ties=draw.uniform(view.keys, "ties"))
        return Selection(rows, value, reason="far from what represents it, where items are represented worst")
