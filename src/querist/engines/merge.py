"""From shards to one choice: each shard names its best rows, and the choice is made among those.

For a row-wise strategy the result is the one on the whole pool, whatever the shards. For a joint one it is the
two-round procedure: choose in every shard, then among the chosen (Mirzasoleiman et al. 2013); one shard is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple, Protocol

import numpy as np

from querist._arrays import Floats, Rows
from querist.strategies.protocol import Strategy, host, top
from querist.view import Draw, Selection, View


class First(NamedTuple):
    """What one shard hands on: its survivors, their positions in the shard, and the scores of all its rows."""

    view: View
    rows: Rows
    scores: Floats


class Mapper(Protocol):
    """Applies a function to every item, one result per item, in their order: ``map``, or an engine's."""

    def __call__(self, function: Callable[[View], First], items: Iterable[View], /) -> Iterable[First]:
        """Apply the function."""
        ...


def run(
    strategy: Strategy, shards: Iterable[View], *, n: int, draw: Draw, reserve: int = 0, mapper: Mapper = map
) -> tuple[View, Floats, Selection]:
    """Choose min(n, N) rows of a pool in shards; gives the survivors, their scores, and the choice among them.

    The survivors are sorted by key, so that nothing depends on how the pool was cut. They hold at least n rows of each
    shard, and for a joint strategy its ``reserve`` best by score beside those that it chose. One joint shard survives
    whole. ``mapper`` is ``map`` or the map of an engine. A joint choice over several shards has no known propensity.
    Cost: the strategy's on each shard, then once on the survivors. Raises ValueError when there is no shard.
    """
    shards = iter(shards)
    start = list(islice(shards, 2))
    if not start:
        raise ValueError("there is no shard: pass at least one view, which may be empty")
    whole = strategy.joint and len(start) == 1
    parts = list(mapper(_Keep(strategy, n, reserve, draw, whole), chain(start, shards)))
    view, scores, at = _join(parts)
    chosen = _select(strategy, view, scores, n=n, draw=draw)
    if not whole:
        everything = np.concatenate([part.scores for part in parts])
        chosen = replace(chosen, propensity=_propensity(strategy, everything, at[chosen.rows]))
    return view, scores, chosen


@dataclass(frozen=True)
class _Keep:
    """Score a shard and keep what the final choice must see."""

    strategy: Strategy
    n: int
    reserve: int
    draw: Draw
    whole: bool

    def __call__(self, shard: View) -> First:
        scores = host(self.strategy.score(shard, self.draw)) if len(shard) else np.empty(0)
        rows = np.arange(len(shard)) if self.whole else self._rows(shard, scores)
        return First(shard if self.whole else shard.take(rows), rows, scores)

    def _rows(self, shard: View, scores: Floats) -> Rows:
        if len(shard) == 0 or self.n == 0:
            return np.empty(0, np.intp)
        rows = self.strategy.shortlist(shard, scores, n=min(self.n, len(shard)), draw=self.draw)
        more = top(shard, scores, self.reserve, self.draw) if self.strategy.joint else rows
        return np.union1d(rows, more)


def _join(parts: list[First]) -> tuple[View, Floats, Rows]:
    """Join survivors sorted by key; their scores, and their positions in the joined pool."""
    starts = np.cumsum([0, *(len(part.scores) for part in parts)])
    at = np.concatenate([start + part.rows for start, part in zip(starts, parts, strict=False)])
    scores = np.concatenate([part.scores[part.rows] for part in parts])
    view = View.concat([part.view for part in parts])
    if (view.keys[1:] >= view.keys[:-1]).all():
        return view, scores, at
    order = np.argsort(view.keys, kind="stable")
    return view.take(order), scores[order], at[order]


def _select(strategy: Strategy, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
    if len(view) == 0 or n == 0:
        return Selection(np.empty(0, np.intp), np.empty(0))
    return strategy.select(view, scores, n=min(n, len(view)), draw=draw)


def _propensity(strategy: Strategy, scores: Floats, rows: Rows) -> Floats | None:
    return None if strategy.joint or not len(rows) else strategy.propensity(scores, rows)
