"""Another strategy, with at most a few items of each group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput, MissingEvidence
from querist.strategies._wrapped import Wrapped, adopt, picked
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Selection, View


@dataclass(frozen=True)
class GroupCap(Wrapped):
    """Take at most ``k`` rows of a group into a batch: frames of one video, images of one patient, near copies.

    Formula: walk along the order of ``of`` and skip a row whose group has k rows in the batch. When every group is full
    before the batch is, the rows skipped follow in their order, and the reason says so. The order of ``of`` is what it
    would choose if asked for as many rows as the walk needs (2n, 4n … at most N). Rows of earlier batches do not count.
    Score and values: those of ``of``. The propensity is not worked out: None. Range of value: that of ``of``.
    Cost: that of ``of``, once for n rows and again for twice as many while groups are full. Raises BadInput unless
    k ≥ 1, MissingEvidence without groups. Source: a common rule for grouped data.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]])
    >>> querist.query("group-cap(of='margin')", 3, probs=probs, group=["a", "a", "a", "b"], seed=0).tolist()
    [0, 3, 1]
    """

    of: str | Strategy = "margin"
    k: int = 1

    watches: ClassVar[frozenset[str]] = frozenset({"group"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "of, at most k rows per group", "of on n … N rows", "common rule")

    @property
    def cold(self) -> str | None:
        """Name the rule that stands in at the start: that of the strategy inside, with the same cap."""
        return None if self.inner.cold is None else f"group-cap(of={self.inner.cold!r}, k={self.k})"

    def __post_init__(self) -> None:
        adopt(self, "of")
        if not isinstance(self.k, int) or self.k < 1:
            raise BadInput(f"k must be a whole number, 1 or more: got {self.k!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy inside; [N]."""
        return self.inner.score(view, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, those within the cap first."""
        group, n = groups_of(view), min(n, len(view))
        asked = n
        while True:
            order = self.inner.select(view, scores, n=asked, draw=draw)
            fits = earlier_of_group(group[order.rows]) < self.k
            if fits.sum() >= n or asked == len(view):
                break
            asked = min(2 * asked, len(view))
        places = np.concatenate([np.flatnonzero(fits), np.flatnonzero(~fits)])[:n]
        chosen = picked(order, places)
        return chosen if fits.sum() >= n else replace(chosen, reason="every group is full: the rest follows by order")


def groups_of(view: View) -> NDArray[np.int64]:
    """Give the group of each row; MissingEvidence when the view has none."""
    if view.group is None:
        raise MissingEvidence("strategy 'group-cap' needs group: pass group=…, or items that name their group")
    return view.group


def earlier_of_group(group: NDArray[np.int64]) -> Rows:
    """Count for each row the rows of its group before it; [N], O(N log N).

    >>> earlier_of_group(np.array([7, 5, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(group, kind="stable")
    ranked = group[order]
    out = np.empty(len(group), np.intp)
    out[order] = np.arange(len(group)) - np.searchsorted(ranked, ranked, side="left")
    return out
