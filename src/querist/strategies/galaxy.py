"""Search for the edge of each class along the line of its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, float64, to_numpy
from querist.scores.uncertainty import margin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Galaxy(Strategy):
    """Bisect between labelled rows of a class and of the others, on the line that its probability orders.

    Formula: the line of class k holds all rows, labelled or not, by p_k − max p, then by p_k. A class is drawn at
    random for each pick. On its line: the middle of the shortest run of unlabelled rows between two labelled ones, of
    which one is of the class and one is not (the lower middle of an even run, which is nearer to the class); with no
    such run, the unlabelled row nearest to a pair of neighbours of which one is of the class and one is not; with no
    such pair, a row at random. The next pick needs the label of the last: inside a batch the predicted label stands in,
    so that only n = 1 is exact; so does it for answers that are pending. Score and value: −(p₁ − p₂).
    Range: [−1, 0]. Cost: O(C·(N + L) log(N + L)), then O(N + L) per row chosen. Source: Zhang et al. 2022.

    >>> import querist
    >>> probs = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4]])
    >>> labelled = {"probs": np.array([[1.0, 0.0], [0.1, 0.9]])}
    >>> querist.query("galaxy", 1, probs=probs, labelled=labelled, labels=[0, 1], seed=0).tolist()
    [1]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "bisection on the line of p_k − max p", "O(C·N log N + n·N)", "Zhang et al. 2022"
    )

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by minus its margin; [N]."""
        return margin(view.probs)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, in the order of the search."""
        n = min(n, len(view))
        probs, known, keys = everything(view)
        ties, rng = draw.uniform(keys, "ties"), draw.rng("galaxy")
        predicted, classes = probs.argmax(axis=1), np.argsort(probs.sum(axis=0))  # an order without class names
        lines: dict[int, Rows] = {}
        picked = np.empty(n, np.intp)
        for i in range(n):
            k = int(classes[rng.integers(len(classes))])
            if k not in lines:
                lines[k] = line_of(probs, k, ties=ties)
            line = lines[k]
            picked[i] = line[next_on(side_of(known[line], k), ties[line])]
            known[picked[i]] = predicted[picked[i]]
        return Selection(picked, scores[picked], reason="between items of a class and of the others")


def everything(view: View) -> tuple[Floats, NDArray[np.int64], NDArray[np.uint64]]:
    """Join the rows and the labelled rows: probabilities, class codes (−1 for the rows), keys."""
    probs, keys = float64(to_numpy(view.probs)), view.keys
    known = np.full(len(probs), -1, np.int64)
    if view.labelled is not None:
        asked = float64(to_numpy(view.labelled.probs))
        codes = np.where(view.labels >= 0, view.labels, asked.argmax(axis=1))
        probs, known = np.concatenate([probs, asked]), np.concatenate([known, codes])
        keys = np.concatenate([keys, view.labelled.keys])
    return probs, known, keys


def line_of(probs: Floats, k: int, *, ties: Floats) -> Rows:
    """Order all rows by p_k − max p, then by p_k, the greatest first.

    >>> line_of(np.array([[0.6, 0.4], [0.2, 0.8], [0.9, 0.1]]), 0, ties=np.zeros(3)).tolist()
    [2, 0, 1]
    """
    own = probs[:, k]
    return np.lexsort((-ties, -own, -(own - probs.max(axis=1))))


def side_of(known: NDArray[np.int64], k: int) -> NDArray[np.int8]:
    """Say of each row whether it is of class k (1), of another (0), or not labelled (−1)."""
    return np.where(known < 0, -1, known == k).astype(np.int8)


def next_on(side: NDArray[np.int8], ties: Floats) -> int:
    """Choose the next place on a line: bisect the shortest open run, else go beside a cut, else anywhere.

    Shapes: side [M] along the line, ties [M] → one place where side is −1. Cost: O(M).

    >>> next_on(np.array([1, -1, -1, -1, 0, -1], np.int8), np.zeros(6)), next_on(np.array([1, 0, -1, -1]), np.zeros(4))
    (2, 2)
    """
    at, free = np.flatnonzero(side >= 0), np.flatnonzero(side < 0)
    opposite = side[at[1:]] != side[at[:-1]]
    run = at[1:] - at[:-1] - 1
    opened = np.flatnonzero(opposite & (run > 0))
    if len(opened):
        return _least(at[opened] + 1 + (run[opened] - 1) // 2, run[opened], ties)
    cuts = at[:-1][opposite]
    if len(cuts) == 0:
        return int(free[ties[free].argmax()])
    before, after = np.searchsorted(free, cuts) - 1, np.searchsorted(free, cuts + 1)
    left, right = before[before >= 0], after[after < len(free)]
    beside = np.concatenate([free[left], free[right]])
    apart = np.concatenate([cuts[before >= 0] + 1 - free[left], free[right] - cuts[after < len(free)]])
    return _least(beside, apart, ties)


def _least(places: Rows, length: Rows, ties: Floats) -> int:
    return int(places[np.lexsort((-ties[places], length))[0]])
