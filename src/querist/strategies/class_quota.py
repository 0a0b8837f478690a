"""Another strategy, with a share of the batch for each predicted class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.errors import BadInput
from querist.strategies._wrapped import Wrapped, adopt, choose_among, joined, picked, without
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class ClassQuota(Wrapped):
    """Give each predicted class its share of the batch, and let another strategy choose within it.

    Formula: class c gets n·share_c places, rounded by largest remainder (of equal ones, the class whose best row scores
    higher); ``of`` fills them from the rows with ŷ = c, as if there were no others. ``shares`` None gives each class
    the same; else one number per class, in any unit. Places that a class is too small for go to the rest of the pool,
    by ``of``, at the end. Any beginning of the batch keeps the shares as well as whole rows can. Score and values:
    those of ``of``; a row with two best classes counts for the first. The propensity is not worked out: None.
    Range of value: that of ``of``. Cost: O(N·C) and that of ``of``. Raises BadInput for shares that are no numbers of 0
    or more, and unless there is one per class. Source: largest remainder (Hamilton 1792), of predictions.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.51, 0.49], [0.52, 0.48], [0.53, 0.47], [0.1, 0.9], [0.2, 0.8]])
    >>> querist.query("class-quota(of='margin')", 4, probs=probs, seed=0).tolist()
    [0, 4, 1, 3]
    """

    of: str | Strategy = "margin"
    shares: tuple[float, ...] | None = None

    adds: ClassVar[frozenset[Need]] = frozenset({"probs"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "of, n·share_c rows of each class ŷ", "O(N·C) + of", "largest remainder")

    def __post_init__(self) -> None:
        adopt(self, "of")
        if self.shares is not None:
            object.__setattr__(self, "shares", _checked(self.shares))

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy inside; [N]."""
        return self.inner.score(view, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the classes taking turns by their shares."""
        n = min(n, len(view))
        predicted = np.argmax(to_numpy(view.probs), axis=1)
        kept = self._fill(view, predicted, scores, n=n, draw=draw)
        if len(kept) == n:
            return kept
        rest = choose_among(self.inner, view, without(kept.rows, len(view)), n=n - len(kept), draw=draw)
        return replace(joined([kept, rest]), reason=f"{kept.reason}; where a class had too few items, others follow")

    def _fill(self, view: View, predicted: Rows, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Fill the places of each class from its rows, as far as they reach, and let the classes take turns."""
        shares = self._shares(view)
        classes = by_best_row(predicted, scores, ties=draw.uniform(view.keys, "ties"), classes=len(shares))
        parts, turn = [Selection(np.empty(0, np.intp), np.empty(0))], [np.empty(0)]
        for code, places in zip(classes, apportion(n, shares[classes]).tolist(), strict=True):
            own = np.flatnonzero(predicted == code) if places else parts[0].rows
            if len(own):
                part = choose_among(self.inner, view, own, n=places, draw=draw)
                parts.append(part)
                turn.append((np.arange(len(part)) + 0.5) / places)
        order = np.argsort(np.concatenate(turn), kind="stable")
        return replace(picked(joined(parts), order), reason="keeps the shares of the predicted classes")

    def _shares(self, view: View) -> Floats:
        classes = view.probs.shape[1]  # type: ignore[union-attr]
        if self.shares is None:
            return np.full(classes, 1.0 / classes)
        if len(self.shares) != classes:
            raise BadInput(f"shares must have one number per class, {classes}: got {len(self.shares)}")
        return np.array(self.shares) / sum(self.shares)


def _checked(shares: Any) -> tuple[float, ...]:
    fine = isinstance(shares, Sequence) and all(isinstance(s, int | float) and isfinite(s) and s >= 0 for s in shares)
    if not fine or sum(shares) <= 0:
        raise BadInput(f"shares must be numbers of 0 or more, not all 0, or None for equal shares: got {shares!r}")
    return tuple(shares)


def by_best_row(predicted: Rows, scores: Floats, *, ties: Floats, classes: int) -> Rows:
    """Order the classes by the rank of their best row, so that their names play no part; those without rows come last.

    Shapes: predicted, scores and ties [N] → [C]. Cost: O(N log N + C).

    >>> by_best_row(np.array([2, 0, 2]), np.array([1.0, 5.0, 3.0]), ties=np.arange(3.0), classes=3).tolist()
    [0, 2, 1]
    """
    ranked = np.lexsort((-ties, -scores))
    codes, first = np.unique(predicted[ranked], return_index=True)
    present = codes[np.argsort(first)]
    return np.concatenate([present, np.setdiff1d(np.arange(classes), present)])


def apportion(n: int, shares: Floats) -> NDArray[np.int64]:
    """Round n·share to whole places that sum to n, by largest remainder; equal remainders go to the first.

    Shapes: shares [C] summing to 1 → [C]. Cost: O(C log C).

    >>> apportion(5, np.array([0.5, 0.25, 0.25])).tolist()
    [3, 1, 1]
    """
    exact = n * shares
    places = np.floor(exact + 1e-9).astype(np.int64)
    remainder = np.round(exact - places, 9)
    places[np.argsort(-remainder, kind="stable")[: n - places.sum()]] += 1
    return places
