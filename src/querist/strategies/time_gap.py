"""Another strategy, with no two neighbouring frames of one video in a batch, nor near those asked before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput, MissingEvidence
from querist.strategies._wrapped import Wrapped, adopt, joined, picked
from querist.strategies.protocol import About, Strategy, host, top
from querist.view import Draw, Selection, View


@dataclass(frozen=True)
class TimeGap(Wrapped):
    """Take no two rows of one group into a batch that lie less than ``gap`` apart in time: neighbouring frames.

    Formula: walk along the order of ``of`` and skip a row with |t − t′| < gap to one of its group that was taken or, in
    earlier batches, asked; ``gap`` is in the unit of time: frames, where frames are numbered. Without groups every row
    is of one; a row of unknown time (NaN) is near none. When fewer than n rows lie that far apart, those follow, along
    the order, that are near rows of earlier batches alone, and then, as the reason says, those left out, each the
    farthest in time from all before it. With ``earlier`` False earlier batches do not count. The order of ``of`` is
    what it would choose among the rows that may be taken, if asked for as many as the walk needs (2n, 4n …).
    Score and values: those of ``of``. The propensity is not worked out: None. Range of value: that of ``of``.
    Cost: that of ``of`` as in group-cap, and O((n + L)·N) comparisons. Raises BadInput unless gap > 0, MissingEvidence
    without times, or where groups are known of all rows but those asked before. Source: a common rule for video; cf.
    Aghdam et al. 2019.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [0.51, 0.49], [0.6, 0.4], [0.9, 0.1]])
    >>> querist.query("time-gap(of='margin', gap=5)", 2, probs=probs, time=[10, 12, 15, 40], seed=0).tolist()
    [0, 2]
    """

    of: str | Strategy = "margin"
    gap: float = 30.0
    earlier: bool = True

    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("wrapper", "of, no two of a group nearer than gap", "of + O(n·N)", "common rule")

    @property
    def context(self) -> frozenset[str]:
        """Name what both look at: group, time, and where the rows asked before lie, if these count."""
        return self.inner.context | {"group", "time"} | ({"asked"} if self.earlier else set())

    @property
    def cold(self) -> str | None:
        """Name the rule that stands in at the start: that of the strategy inside, with the same gap."""
        if self.inner.cold is None:
            return None
        earlier = "" if self.earlier else ", earlier=False"
        return f"time-gap(of={self.inner.cold!r}, gap={self.gap!r}{earlier})"

    def __post_init__(self) -> None:
        adopt(self, "of")
        if not isinstance(self.gap, int | float) or not isfinite(self.gap) or self.gap <= 0:
            raise BadInput(f"gap must be a time greater than 0, in the unit of the data: got {self.gap!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy inside; [N]."""
        return self.inner.score(view, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, those far enough from each other first."""
        time, n = times_of(view), min(n, len(view))
        fresh = ~self._beside_earlier(view)
        chosen = self._walk(view, scores, fresh, n=n, draw=draw)
        if len(chosen) < n:
            left = ~fresh & ~beside(
                time, groups_of(view), (time[chosen.rows], groups_of(view)[chosen.rows]), gap=self.gap
            )
            chosen = joined([chosen, self._walk(view, scores, left, n=n - len(chosen), draw=draw)])
        if len(chosen) < n:
            order = top(view, scores, len(view), draw)
            taken = np.argsort(order)[chosen.rows]
            rest = order[farthest_first(time[order], groups_of(view)[order], taken, n=n)]
            chosen = joined([chosen, Selection(rest, scores[rest])])
            chosen = replace(chosen, reason="no frame is far enough: the rest is nearer")
        return chosen

    def _walk(self, view: View, scores: Floats, mask: NDArray[np.bool_], *, n: int, draw: Draw) -> Selection:
        """Choose at most n of the rows of a mask, no two nearer than ``gap``; fewer where no more of them fit."""
        rows = np.flatnonzero(mask)
        if not len(rows):
            return Selection(rows, np.empty(0))
        part, scores = _narrowed(self.inner, view, scores, rows, draw)
        time, group, asked = times_of(part), groups_of(part), min(n, len(part))
        while True:
            order = self.inner.select(part, scores, n=asked, draw=draw)
            apart = far_enough(time[order.rows], group[order.rows], gap=self.gap, n=n)
            taken = order.rows[apart]
            out = beside(time, group, (time[taken], group[taken]), gap=self.gap)
            out[taken] = True  # a row of unknown time is not beside itself
            if len(taken) >= n or out.all() or asked == len(part):
                return replace(picked(order, np.flatnonzero(apart)), rows=rows[taken])
            asked = min(2 * asked, len(part))

    def _beside_earlier(self, view: View) -> NDArray[np.bool_]:
        """Mark the rows that lie too near to one asked before, of which the time is known; bool [N]."""
        asked = view.labelled if self.earlier else None
        if asked is None or asked.time is None:
            return np.zeros(len(view), bool)
        if view.group is not None and asked.group is None:
            raise MissingEvidence(
                "strategy 'time-gap' needs the group of labelled rows, as it is known of the others: pass "
                "labelled={'group': …}, or leave their time out"
            )
        theirs = groups_of(asked) if view.group is not None else np.zeros(len(asked), np.int64)
        return beside(times_of(view), groups_of(view), (asked.time, theirs), gap=self.gap)


def _narrowed(rule: Strategy, view: View, scores: Floats, rows: Rows, draw: Draw) -> tuple[View, Floats]:
    """Give some rows alone, and their scores; a joint rule's are worked out anew, as they may hang on all rows."""
    if len(rows) == len(view):
        return view, scores
    part = view.take(rows)
    return part, host(rule.score(part, draw)) if rule.joint else scores[rows]


def groups_of(view: View) -> NDArray[np.int64]:
    """Give the group of each row; all are of one where the view has none."""
    return np.zeros(len(view), np.int64) if view.group is None else view.group


def times_of(view: View) -> Floats:
    """Give the time of each row; MissingEvidence when the view has none."""
    if view.time is None:
        raise MissingEvidence("strategy 'time-gap' needs time: pass time=…, or frames that know their number")
    return view.time


def beside(
    time: Floats, group: NDArray[np.int64], others: tuple[Floats, NDArray[np.int64]], *, gap: float
) -> NDArray[np.bool_]:
    """Mark the rows nearer than ``gap`` to one of some others, given by time [L] and group [L]; bool [N], O(L·N).

    >>> beside(np.array([1.0, 2, 9]), np.array([0, 0, 0]), (np.array([3.0]), np.array([0])), gap=2).tolist()
    [False, True, False]
    """
    found = np.zeros(len(time), bool)
    for at, own in zip(*others, strict=True):
        found |= (group == own) & (np.abs(time - at) < gap)
    return found


def far_enough(time: Floats, group: NDArray[np.int64], *, gap: float, n: int) -> NDArray[np.bool_]:
    """Mark the first n rows that lie no nearer than ``gap`` to a marked one of their group before; bool [N], O(n·N).

    >>> far_enough(np.array([1.0, 2, 9, 2]), np.array([0, 0, 0, 1]), gap=5, n=4).tolist()
    [True, False, True, True]
    """
    kept, left = np.zeros(len(time), bool), np.ones(len(time), bool)
    for _ in range(n):
        if not left.any():
            break
        at = int(left.argmax())
        kept[at] = True
        left &= ~((group == group[at]) & (np.abs(time - time[at]) < gap))
        left[at] = False
    return kept


def farthest_first(time: Floats, group: NDArray[np.int64], taken: Rows, *, n: int) -> Rows:
    """Name the rows that fill a batch up to n: each the farthest in time from those taken, of equal ones the first.

    >>> farthest_first(np.array([0.0, 1, 4, 2]), np.zeros(4, int), np.array([0]), n=3).tolist()
    [2, 3]
    """
    distance = np.full(len(time), np.inf)
    chosen = list(taken.tolist())
    for at in chosen:
        distance = _nearest(distance, time, group, at)
    rest: list[int] = []
    while len(chosen) + len(rest) < n:
        left = distance.copy()
        left[chosen + rest] = -1.0
        at = int(left.argmax())
        rest.append(at)
        distance = _nearest(distance, time, group, at)
    return np.array(rest, np.intp)


def _nearest(distance: Floats, time: Floats, group: NDArray[np.int64], at: int) -> Floats:
    apart = np.abs(time - time[at])
    return np.minimum(distance, np.where((group == group[at]) & np.isfinite(apart), apart, np.inf))
