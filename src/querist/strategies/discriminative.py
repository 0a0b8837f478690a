"""Rows that can be told from the labelled ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy, topk
from querist.errors import BadInput
from querist.strategies._coverage import labelled_embed, unasked_targets
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

Points: TypeAlias = NDArray[np.floating]
Judge: TypeAlias = Callable[[Points], Floats]


@dataclass(frozen=True)
class Discriminative(Strategy):
    """Train a classifier to tell labelled from unlabelled rows, and choose those that are most clearly unlabelled.

    Formula: s = log P(unlabelled | x) / P(labelled | x) by logistic regression (C = 1, both sides weighing the same) on
    embed, standardised. The n rows are chosen in ``batches`` parts: each part counts as labelled, and the classifier is
    trained anew, before the next. The unlabelled side is the targets that are not labelled: the pool, or a sample of
    it. With nothing labelled, s = 0 and the first part is drawn at random. Range: (−∞, ∞).
    Cost: ``batches`` fits of O(T·D) per iteration, O(N·D) each to score. Raises BadInput unless batches is a whole
    number, 1 or more. Source: Gissin & Shalev-Shwartz 2019.

    >>> import querist
    >>> embed, labelled = np.array([[0.0], [0.5], [6.0]]), {"embed": np.array([[0.1], [0.4]])}
    >>> querist.query("discriminative", 1, embed=embed, labelled=labelled, seed=0).tolist()
    [2]
    """

    batches: int = 10

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "coverage", "log-odds of unlabelled against labelled", "O(T·D) per iteration", "Gissin & Shalev-Shwartz 2019"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.batches, int) or self.batches < 1:
            raise BadInput(f"batches must be a whole number, 1 or more: got {self.batches!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the log-odds of being unlabelled; [N]."""
        return judge(view, np.empty(0, np.intp))(to_numpy(view.embed))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, part by part; ``scores`` are those of ``score``."""
        n, ties = min(n, len(view)), draw.uniform(view.keys, "ties")
        size, embed = -(-n // self.batches), to_numpy(view.embed)
        picked, value = np.empty(0, np.intp), np.empty(0)
        left = scores.copy()
        while len(picked) < n:
            if len(picked):
                left = judge(view, picked)(embed)
                left[picked] = -np.inf
            part = topk(left, min(size, n - len(picked)), ties)
            picked, value = np.concatenate([picked, part]), np.concatenate([value, left[part]])
        return Selection(picked, value, reason="unlike the items labelled so far")


def judge(view: View, picked: Rows) -> Judge:
    """Train the classifier, counting the rows picked as labelled; gives a function from embeddings to log-odds."""
    pool, embed = unasked_targets(view, some=True), to_numpy(view.embed)
    known = np.concatenate([labelled_embed(view), embed[picked]])
    others = to_numpy(pool.embed)[~np.isin(pool.keys, view.keys[picked])]
    if len(known) == 0 or len(others) == 0:
        return lambda rows: np.zeros(len(rows))
    return told_apart(known, others)


def told_apart(known: Points, others: Points) -> Judge:
    """Fit logistic regression of others against known; gives a function from rows [N, D] to log-odds [N].

    Weights and means are those of the standardised features; one thread, so that every run ends on the same digits.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = np.concatenate([known, others]).astype(np.float64)
    middle, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    side = np.arange(len(rows)) >= len(known)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the order of the rows is settled long before
        model.fit((rows - middle) / scale, side)
    weight = model.coef_[0] / scale
    return lambda x: np.asarray((x.astype(np.float64) - middle) @ weight + model.intercept_[0])
