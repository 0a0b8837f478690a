"""Rows whose predicted class does not survive dropout, one from each cluster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks, to_numpy
from querist.errors import BadInput
from querist.select.distance import unit
from querist.strategies._clustered import Candidates, linear_head, one_per_cluster, outstanding
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

# An odd number far from any pattern: adding its multiples to a key gives every feature of an item a key of its own.
STRIDE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Dropquery(Strategy):
    """Choose rows whose predicted class changes under dropout of features, the nearest to each of n cluster centres.

    Formula: s = the share of M = ``samples`` dropouts with arg max(W·(m ∘ h)/(1 − rate) + b) ≠ arg max(W·h + b), each
    feature kept (m = 1) with probability 1 − rate, by chance that belongs to the item; candidates are the rows with
    s > ½, k-means with n centres on h/‖h‖, the candidate nearest to each. With fewer than n candidates the level falls
    until there are n. Value: s. Range: [0, 1]. Cost: O(M·N·C·D), then O(n·D) per candidate and iteration.
    Raises BadInput unless samples is 1 or more and rate in (0, 1). Source: Gupte et al. 2024.

    >>> import querist
    >>> embed, head = np.array([[0.3, 0.3], [0.0, 5.0]]), querist.Head(np.eye(2), np.array([0.0, 0.1]))
    >>> querist.choose("dropquery", 2, embed=embed, head=head, seed=1).rows.tolist()
    [0, 1]
    """

    samples: int = 3
    rate: float = 0.75

    needs: ClassVar[frozenset[Need]] = frozenset({"embed", "head"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "k-means of the rows that dropout flips", "O(M·N·C·D)", "Gupte et al. 2024"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or self.samples < 1:
            raise BadInput(f"samples must be a whole number, 1 or more: got {self.samples!r}")
        if not (isinstance(self.rate, float) and 0 < self.rate < 1):
            raise BadInput(f"rate must be a number between 0 and 1: got {self.rate!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the share of dropouts that change its predicted class; [N]."""
        weight, bias = linear_head(view)
        embed, out = to_numpy(view.embed), np.zeros(len(view))
        for block in blocks(len(view), 8 * (5 * embed.shape[1] + len(weight))):
            rows, keys = embed[block].astype(np.float64), view.keys[block]
            predicted = (rows @ weight.T + bias).argmax(axis=1)
            for sample in range(self.samples):
                kept = keep(keys, rows.shape[1], draw=draw, stream=f"dropout/{sample}") >= self.rate
                dropped = (rows * kept / (1.0 - self.rate)) @ weight.T + bias
                out[block] += dropped.argmax(axis=1) != predicted
        return out / self.samples

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the most often changed first; ``scores`` are those of ``score``."""
        n = min(n, len(view))
        rows = outstanding(scores, n, level=0.5)
        among = Candidates(rows, unit(to_numpy(view.embed)[rows]))
        chosen = one_per_cluster(view, scores, among, n=n, draw=draw)
        return replace(chosen, reason="its predicted class hangs on a few features")


def keep(keys: NDArray[np.uint64], features: int, *, draw: Draw, stream: str) -> Floats:
    """Draw a uniform number for each feature of each item, the same in any order and shard; [N, D].

    >>> keep(np.array([7], np.uint64), 2, draw=Draw(0), stream="dropout/0").shape
    (1, 2)
    """
    return draw.uniform(keys[:, None] + STRIDE * np.arange(features, dtype=np.uint64), stream)
