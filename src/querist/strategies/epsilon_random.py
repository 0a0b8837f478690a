"""Another strategy, with some picks at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, topk
from querist.errors import BadInput
from querist.strategies._wrapped import Wrapped, adopt, joined, picked
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Selection, View


@dataclass(frozen=True)
class EpsilonRandom(Wrapped):
    """Make each pick at random from the whole pool with a small probability, and by another strategy otherwise.

    Formula: with probability ``share``, pick i is uniform over the N − i rows left, else the next of ``of`` among them;
    coins are tossed pick by pick, so the random ones lie anywhere in the batch, and their number is ``share``·n on
    average. Propensity: share / (N − i) + (1 − share)·P(the next of ``of``), exact: every row left could have been
    picked, as estimates from the labels need. A row-wise ``of`` settles equal scores by chance, which counts; a joint
    one is taken as it chose, without regard to the random picks, and one that draws jointly gives None. Score: that of
    ``of``. Value: that of the row, so values need not fall along the batch. Range of value: that of ``of``.
    Cost: that of ``of`` and O(N log N). Raises BadInput unless 0 ≤ share ≤ 1.
    Source: ε-greedy choice (Sutton & Barto 1998).

    >>> import numpy as np, querist
    >>> probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25], [0.9, 0.1]])
    >>> querist.choose("epsilon-random(of='margin', share=0.4)", 3, probs=probs, seed=2).propensity.round(4).tolist()
    [0.1, 0.7333, 0.8]
    """

    of: str | Strategy = "margin"
    share: float = 0.1

    about: ClassVar[About] = About(
        "wrapper", "P = share / (N − i) + (1 − share)·P of of", "of + O(N log N)", "ε-greedy"
    )

    def __post_init__(self) -> None:
        adopt(self, "of")
        if not (isinstance(self.share, int | float) and 0 <= self.share <= 1):
            raise BadInput(f"share must be a number from 0 to 1: got {self.share!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the strategy inside; [N]."""
        return self.inner.score(view, draw)

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the rows that the strategy inside names, and those that chance would pick first in this shard."""
        return np.union1d(self.inner.shortlist(view, scores, n=n, draw=draw), _by_chance(view, n, draw))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the random ones in between."""
        own = self.inner.select(view, scores, n=n, draw=draw)
        coins = draw.rng("epsilon-random").random(len(own)) < self.share
        by_chance = _by_chance(view, n, draw)
        rows, first = interleave(own.rows, by_chance, coins)
        if not self.joint:
            chance = self.propensity(scores, rows)
        elif own.propensity is None:
            chance = self._mixed(first.astype(np.float64), len(scores))
        else:
            chance = None
        drawn = Selection(by_chance, scores[by_chance])  # says nothing of its rows: no rule chose them
        at = np.where(coins, len(own) + _places(by_chance, rows), _places(own.rows, rows))
        return replace(picked(joined([own, drawn]), at), value=scores[rows], propensity=chance)

    def propensity(self, scores: Floats, rows: Rows) -> Floats | None:
        """Give the probability of each pick given those before; None for a joint strategy."""
        if self.joint:
            return None
        own = self.inner.propensity(scores, rows)
        return self._mixed(best_first(scores, rows) if own is None else own, len(scores))

    def _mixed(self, own: Floats, size: int) -> Floats:
        return self.share / (size - np.arange(len(own))) + (1.0 - self.share) * own


def _places(order: Rows, rows: Rows) -> Rows:
    """Give the place of each row in an order; any place for one that is not in it."""
    ranked = np.argsort(order)
    found = np.searchsorted(order, rows, sorter=ranked)
    return np.asarray(ranked[np.minimum(found, len(order) - 1)], np.intp)


def _by_chance(view: View, n: int, draw: Draw) -> Rows:
    uniform = draw.uniform(view.keys, "epsilon-random")
    return topk(uniform, n, uniform)


def interleave(own: Rows, chance: Rows, coins: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.bool_]]:
    """Take one row after the other, from ``chance`` where the coin says so, each list in its order, no row twice.

    Shapes: own and chance [n] distinct rows each, coins [n] → rows [n], and whether each was the next of ``own`` [n].

    >>> rows, first = interleave(np.array([0, 1, 2]), np.array([7, 0, 1]), np.array([False, True, True]))
    >>> rows.tolist(), first.tolist()
    ([0, 7, 1], [True, False, True])
    """
    lists, rows, first = (own.tolist(), chance.tolist()), [], []
    taken: set[int] = set()
    at = [0, 0]
    for coin in coins.tolist():
        for which in (0, 1):
            while lists[which][at[which]] in taken:
                at[which] += 1
        row = lists[coin][at[coin]]
        first.append(row == own[at[0]])
        rows.append(row)
        taken.add(row)
    return np.array(rows, np.intp), np.array(first, np.bool_)


def best_first(scores: Floats, rows: Rows) -> Floats:
    """Give the probability that the best row left is each pick: 1 over the number of equals, 0 for a lesser row.

    Shapes: scores [N], rows [n] picks in order → [n]. Cost: O(N log N).

    >>> best_first(np.array([3.0, 1.0, 3.0]), np.array([2, 1, 0])).tolist()
    [0.5, 0.0, 1.0]
    """
    level = np.unique(-scores, return_inverse=True)[1]
    left = np.bincount(level)
    best, out = 0, np.zeros(len(rows))
    for i, row in enumerate(rows.tolist()):
        while left[best] == 0:
            best += 1
        if level[row] == best:
            out[i] = 1.0 / left[best]
        left[level[row]] -= 1
    return out
