"""Rows whose predicted class changes when their features move a little towards the labelled ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, blocks, to_numpy
from querist.errors import BadInput
from querist.select.distance import squared_norms, unit
from querist.strategies._clustered import Candidates, linear_head, one_per_cluster, outstanding
from querist.strategies._coverage import labelled_embed
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Alfamix(Strategy):
    """Choose rows that flip when mixed with the mean of a labelled class, the nearest to each of n cluster centres.

    Formula: a candidate has arg max f(α ∘ z* + (1 − α) ∘ z) ≠ ŷ for the mean z* of the labelled rows of some class,
    α = ε′·‖z* − z‖·g/(‖g‖·(z* − z)), g = ∇_z loss(f(z), ŷ), ε′ = ε/√D. For a linear head f this is closed: the mix is
    z + ε′·‖z* − z‖·g/‖g‖, so the farthest mean decides, and the class flips at a distance r₀ along g. Score and value:
    r/(r + r₀), r = ε′·max ‖z* − z‖: candidates are above ½. k-means with n centres on z/‖z‖, the candidate nearest to
    each; with fewer than n candidates the level falls until there are n, which is what a larger ε would do.
    Without answers all score 0. Range: [0, 1]. Cost: O(N·C·(C + D)), then O(n·D) per candidate and iteration.
    Raises BadInput unless ε > 0. Source: Parvaneh et al. 2022.

    >>> import querist
    >>> embed, head = np.array([[0.1, 0.0], [3.0, 0.0]]), querist.Head(np.eye(2), np.zeros(2))
    >>> labelled = {"embed": np.array([[4.0, 0.0], [0.0, 4.0]])}
    >>> querist.choose("alfamix", 1, embed=embed, head=head, labelled=labelled, labels=[0, 1]).value.round(4).tolist()
    [0.8889]
    """

    epsilon: float = 0.2

    needs: ClassVar[frozenset[Need]] = frozenset({"embed", "head"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "k-means of the rows that mixing flips", "O(N·C·(C + D))", "Parvaneh et al. 2022"
    )

    def __post_init__(self) -> None:
        if not (isinstance(self.epsilon, int | float) and isfinite(self.epsilon) and self.epsilon > 0):
            raise BadInput(f"epsilon must be a positive number: got {self.epsilon!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the reach of the mix over that reach and the distance at which the class flips; [N]."""
        weight, bias = linear_head(view)
        embed, anchors, out = to_numpy(view.embed), class_means(view), np.zeros(len(view))
        if len(anchors) == 0:
            return out
        share, products = self.epsilon / sqrt(embed.shape[1]), weight @ weight.T
        for block in blocks(len(view), 8 * (embed.shape[1] + 6 * len(weight) + 2 * len(anchors))):
            rows = embed[block].astype(np.float64)
            reach = share * farthest(rows, anchors)
            out[block] = reached(reach, flip_distance(rows @ weight.T + bias, products))
        return out

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the most easily flipped first; ``scores`` are those of ``score``."""
        n = min(n, len(view))
        rows = outstanding(scores, n, level=0.5)
        among = Candidates(rows, unit(to_numpy(view.embed)[rows]))
        chosen = one_per_cluster(view, scores, among, n=n, draw=draw)
        return replace(chosen, reason="a small step towards the labelled items changes its class")


def class_means(view: View) -> Floats:
    """Average the embeddings of the labelled rows of each class that has an answer; [A, D]."""
    codes = np.unique(view.labels[view.labels >= 0])
    embed = labelled_embed(view).astype(np.float64)
    means = [embed[view.labels == code].mean(axis=0) for code in codes]
    return np.stack(means) if means else embed[:0]


def farthest(rows: Floats, anchors: Floats) -> Floats:
    """Compute the distance from each row to the farthest anchor; [N], O(N·A·D).

    >>> farthest(np.array([[0.0]]), np.array([[1.0], [-3.0]])).tolist()
    [3.0]
    """
    centre = anchors.mean(axis=0)
    x, a = rows - centre, anchors - centre
    squared = squared_norms(x)[:, None] + squared_norms(a) - 2.0 * (x @ a.T)
    return np.asarray(np.sqrt(np.maximum(squared.max(axis=1), 0.0)))


def flip_distance(logits: Floats, products: Floats) -> Floats:
    """Compute how far along the gradient of the predicted class's loss another class wins; inf when none ever does.

    The gradient is a multiple of Wᵀ·(q − e_ŷ), q the softmax over the other classes, so that a prediction of 1 has a
    direction, too. Shapes: logits [N, C], products W·Wᵀ [C, C] → [N]. Range: [0, ∞]. Cost: O(N·C²).

    >>> flip_distance(np.array([[3.0, 1.0]]), np.eye(2)).round(4).tolist()
    [1.4142]
    """
    if logits.shape[1] < 2:
        return np.full(len(logits), np.inf)
    each, best = np.arange(len(logits)), logits.argmax(axis=1)
    others = logits.copy()
    others[each, best] = -np.inf
    step = np.exp(others - others.max(axis=1, keepdims=True))
    step /= step.sum(axis=1, keepdims=True)
    step[each, best] = -1.0
    slope = step @ products
    length = np.sqrt(np.maximum(np.einsum("nc,nc->n", slope, step), 0.0))
    rise = slope - slope[each, best, None]
    gap = (logits[each, best, None] - logits) * length[:, None]
    distance = np.where(rise > 0, gap / np.where(rise > 0, rise, 1.0), np.inf)
    distance[each, best] = np.inf
    return np.asarray(distance.min(axis=1))


def reached(reach: Floats, distance: Floats) -> Floats:
    """Compute r/(r + r₀); 0 when r is 0 or r₀ infinite.

    >>> reached(np.array([1.0, 0.0, 1.0]), np.array([3.0, 0.0, np.inf])).tolist()
    [0.25, 0.0, 0.0]
    """
    return np.where(reach > 0, reach / (np.where(reach > 0, reach, 1.0) + distance), 0.0)
