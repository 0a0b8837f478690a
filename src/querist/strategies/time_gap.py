"""Another strategy, with no two neighbouring frames of one video in a batch, nor near those asked before."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist.errors import BadInput, MissingEvidence
from querist.strategies._wrapped import Wrapped, adopt
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Selection, View


@dataclass(frozen=True)
class TimeGap(Wrapped):
    """Take no two rows of one group into a batch that lie less than ``gap`` apart in time: neighbouring frames.

    Formula: walk along the order of ``of`` and skip a row with |t − t′| < gap to one of its group that was taken or, in
    earlier batches, asked; ``gap`` is in the unit of time: frames, where frames are numbered. Without groups every row
    is of one; a row of unknown time (NaN) is near none. When fewer than n rows lie that far apart, those follow, along
    the order, that are near rows of earlier batches alone, and then, as the reason says, those left out, each the
    farthest in time from all before it. With ``earlier`` False earlier batches do not count. The order of ``of`` is
    what it would choose if asked for as many rows as the walk needs (2n, 4n … at most N).
    Score and values: those of ``of``. The propensity is not worked out: None. Range of value: that of ``of``.
    Cost: that of ``of`` as in group-cap, and O((n + L)·N) comparisons. Raises BadInput unless gap > 0, MissingEvidence
    without times. Source: a common rule for video; cf. Aghdam et al. 2019.

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
        """Name what both look at: group, time, and the rows asked before where these count."""
        return self.inner.context | {"group", "time"} | ({"labelled"} if self.earlier else set())

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
        group = np.zeros(len(view), np.int64) if view.group is None else view.group
        free, asked = ~self._beside_earlier(view, time, group), n
        while True:
            order = self.inner.select(view, scores, n=asked, draw=draw)
            rows = order.rows
            apart = far_enough(time[rows], group[rows], gap=self.gap, n=n, free=free[rows])
            if apart.sum() >= n or asked == len(view):
                break
            asked = min(2 * asked, len(view))
        places = filled(time[rows], group[rows], np.flatnonzero(apart), gap=self.gap, n=n)
        near = len(places) < n
        if near:
            places = np.concatenate([places, farthest_first(time[rows], group[rows], places, n=n)])
        reason = "no frame is far enough: the rest is nearer" if near else order.reason
        return Selection(rows[places], order.value[places], reason=reason)

    def _beside_earlier(self, view: View, time: Floats, group: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the rows that lie too near to one asked before, of which time and group are known; bool [N]."""
        asked = view.labelled if self.earlier else None
        if asked is None or asked.time is None:
            return np.zeros(len(time), bool)
        theirs = np.zeros(len(asked), np.int64) if asked.group is None else asked.group
        return beside(time, group, (asked.time, theirs), gap=self.gap)


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


def far_enough(
    time: Floats, group: NDArray[np.int64], *, gap: float, n: int, free: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Mark the first n rows that lie no nearer than ``gap`` to a marked one of their group before; bool [N], O(n·N).

    Only rows that are ``free`` are marked.

    >>> far_enough(np.array([1.0, 2, 9, 2]), np.array([0, 0, 0, 1]), gap=5, n=4).tolist()
    [True, False, True, True]
    """
    kept, left = np.zeros(len(time), bool), np.ones(len(time), bool) if free is None else free.copy()
    for _ in range(n):
        if not left.any():
            break
        at = int(left.argmax())
        kept[at] = True
        left &= ~((group == group[at]) & (np.abs(time - time[at]) < gap))
        left[at] = False
    return kept


def filled(time: Floats, group: NDArray[np.int64], taken: Rows, *, gap: float, n: int) -> Rows:
    """Fill a batch up to n with the rows that follow and are near none in it; the batch so far comes first.

    >>> filled(np.array([0.0, 1, 4, 9]), np.zeros(4, int), np.array([3]), gap=2, n=4).tolist()
    [3, 0, 2]
    """
    free = ~beside(time, group, (time[taken], group[taken]), gap=gap)
    free[taken] = False  # a row of unknown time is not beside itself
    more = far_enough(time, group, gap=gap, n=n - len(taken), free=free)
    return np.concatenate([taken, np.flatnonzero(more)])


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
