"""Rows on which the labels nearby leave both classes plausible for want of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks, to_numpy, xlogx
from querist.errors import BadEvidence
from querist.select.distance import pairwise
from querist.select.herding import spread
from querist.strategies._coverage import check_sigma
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View

# Halvings of [½, 1]: as far as two numbers near 1 can be told apart.
HALVINGS = 50


@dataclass(frozen=True)
class Epistemic(Strategy):
    """Prefer the rows that could belong to either of two classes because few labels are near.

    Formula: s = min{π(0), π(1)}, π(1) = sup_θ min{L(θ)/L(θ̂), 2θ − 1}, π(0) = sup_θ min{L(θ)/L(θ̂), 1 − 2θ}, for a
    local likelihood as in the paper's Parzen window classifier: L(θ) = θ^p·(1 − θ)^n, where θ is the probability of
    class 1 about x and p, n count the labels 1 and 0 there, each by exp(−‖φ(x) − φ(l)‖²/σ²). Where no label is
    near, s = 1; many labels of both kinds (noise) score low, as more of them would tell little. ``sigma`` None takes
    the median distance between labelled rows divided by √2. Swapping the classes changes nothing.
    Range: [0, 1]. Cost: O(N·L·D). Two classes only: raises BadEvidence for a class code above 1; BadInput unless
    σ > 0. Source: Nguyen, Destercke & Hüllermeier 2019.

    >>> import querist
    >>> rows, labelled = np.array([[0.0], [4.0], [8.0]]), {"embed": np.array([[0.0], [0.0], [8.0]])}
    >>> querist.query("epistemic(sigma=1.0)", 3, embed=rows, labelled=labelled, labels=[0, 1, 1]).tolist()
    [1, 0, 2]
    """

    sigma: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    most_classes: ClassVar[int | None] = 2
    about: ClassVar[About] = About(
        "uncertainty", "min{π(0), π(1)}, local likelihood", "O(N·L·D)", "Nguyen, Destercke & Hüllermeier 2019"
    )

    def __post_init__(self) -> None:
        check_sigma(self.sigma)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the support of its less supported class; [N]."""
        labels = _two_classes(view)
        answered = np.flatnonzero(labels >= 0)
        if view.labelled is None or len(answered) == 0:
            return np.ones(len(view))
        others = to_numpy(view.labelled.embed)[answered]
        sigma = spread(others, view.labelled.keys[answered]) if self.sigma is None else self.sigma
        counts = local_counts(to_numpy(view.embed), others, labels[answered] == 1, sigma=sigma)
        return np.minimum(support(counts[:, 0], counts[:, 1]), support(counts[:, 1], counts[:, 0]))


def _two_classes(view: View) -> NDArray[np.int64]:
    above = np.flatnonzero(view.labels > 1)
    if len(above):
        code = view.labels[above[0]]
        raise BadEvidence(
            f"epistemic is defined for two classes: labels hold the class code {code} (labelled row {above[0]}); "
            "choose a strategy for several classes, such as margin or bald"
        )
    return view.labels


def local_counts(
    rows: NDArray[np.floating], others: NDArray[np.floating], positive: NDArray[np.bool_], *, sigma: float
) -> Floats:
    """Count the labels 0 and 1 about each row, each by its kernel exp(−‖x − l‖²/σ²).

    Shapes: rows [N, D], others [L, D], positive [L] → [N, 2]. Cost: O(N·L·D), memory one block.

    >>> local_counts(np.zeros((1, 1)), np.array([[0.0], [0.0], [1.0]]), np.array([True, True, False]), sigma=1.0)
    array([[0.36787944, 2.        ]])
    """
    out = np.empty((len(rows), 2))
    for block in blocks(len(rows), 8 * len(others)):
        kernel = np.exp(-((pairwise(rows[block], others) / sigma) ** 2))
        out[block, 0] = kernel[:, ~positive].sum(axis=1)
        out[block, 1] = kernel[:, positive].sum(axis=1)
    return out


def support(against: Floats, own: Floats) -> Floats:
    """Compute π = sup_θ min{L(θ)/L(θ̂), 2θ − 1}, L(θ) = θ^own·(1 − θ)^against, θ̂ = own/(own + against).

    The likelihood falls from max(θ̂, ½) on, 2θ − 1 rises: the greatest minimum is where they meet, found by halving.
    Shapes: counts ≥ 0, [N] → [N]. Range: [0, 1]; 1 without counts. Cost: O(50·N).
    Source: Nguyen, Destercke & Hüllermeier 2019.

    >>> support(np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 0.0])).round(4).tolist()
    [1.0, 0.618, 0.0932]
    """
    total = own + against
    some = np.where(total > 0, total, 1.0)
    best = total * (xlogx(own / some) + xlogx(against / some))
    low = np.maximum(np.where(total > 0, own / some, 1.0), 0.5)
    high = np.ones_like(low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        ratio = np.exp(_log_likelihood(middle, own, against) - best)
        before = ratio >= 2 * middle - 1
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return np.asarray(2 * low - 1)


def _log_likelihood(theta: Floats, own: Floats, against: Floats) -> Floats:
    """Compute own·log θ + against·log(1 − θ), 0·log 0 = 0."""
    rest = 1.0 - theta
    return np.asarray(own * np.log(theta) + against * np.log(np.where(rest > 0, rest, 1.0)))
