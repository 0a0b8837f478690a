"""Coverage in single precision, for large pools: bounds on gains that are safe whatever the rounding.

A matrix product in float32 takes half the time of one in float64. Here it only tells which rows may be best; those
are measured in float64, so that the picks are the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist._parallel import in_threads
from querist.select.distance import squared_norms, unit
from querist.select.herding import Cover, measured
from querist.select.top import TIE, foremost

Singles = NDArray[np.float32]
UNIT = 2.0**-24
ROWS, TILE = 1024, 2**19
"""Rows, and pairs, of a block: enough for an efficient product, few enough for the processor's cache."""
FEW = 64
LANES = 32
# Relative rounding of a row's sum over a block in 32 lanes, of the sum of those, of its terms and of the weights.
OF_A_SUM = (TILE // FEW // LANES + 13) * UNIT
BUCKET, EXACT = 256, 8
"""Rows brought up to date together, and rows measured at a time."""
PAST = 64
"""Picks whose cover is remembered: rows that have missed more look at all targets."""
LEAST = float(np.finfo(np.float64).tiny)
COARSE = 0.02
"""The error of a similarity above which single precision decides too little to be of use."""


class Part(NamedTuple):
    """Some targets: points [M, W], and of each the cover from which a rise counts [M], how far [M], and its weight."""

    points: Singles
    low: Singles
    span: Singles
    weight: Singles


@dataclass(frozen=True, eq=False)
class Single:
    """Rows [N, W] and targets [T, W] in single precision, prepared for a product; weight [T].

    ``error``: by how much a similarity may be off, for the cosine absolute, else relative (``radial``).
    """

    rows: Singles
    points: Singles
    weight: Singles
    error: float
    radial: bool

    @staticmethod
    def of(state: Cover, rows: NDArray[np.floating]) -> Single | None:
        """Prepare rows and targets; None when single precision would decide too little."""
        left = np.empty((len(rows), state.points.shape[1]), np.float32)
        for part in blocks(len(rows), 8 * rows.shape[1]):
            left[part] = _prepared(state, rows[part])
        error = (state.points.shape[1] + 8.0) * UNIT
        if state.sigma is not None:
            largest = left[:, -2].max(initial=0.0) - state.points[:, -1].min(initial=0.0)
            error = float(2 * error * (largest + 1) + 8 * UNIT)
        if error > COARSE:
            return None
        weight = state.weight.astype(np.float32)
        return Single(left, state.points.astype(np.float32), weight, error, state.sigma is not None)

    def gains(self, met: Singles, which: slice | Rows = slice(None)) -> Floats:
        """Compute how much coverage rows would add to a cover [T]; [R], O(R·T·D), memory a block for each core."""
        span = np.full(len(met), np.inf, np.float32)
        return self._sums(self.rows[which], Part(self.points, met, span, self.weight))

    def above(self, gains: Floats, met: Singles) -> Floats:
        """Bound the true gains from above, given those of single precision."""
        if self.radial:
            return (gains + 2 * self.error * (gains + float(self.weight @ met))) * (1 + 2 * OF_A_SUM)
        return gains * (1 + OF_A_SUM) + self.error * float(self.weight.sum()) * (1 + OF_A_SUM)

    def covered(self, which: Rows, before: Singles, after: Singles) -> Floats:
        """Bound from below how much of the gains went when the cover rose; [R], O(R·M·D) with M targets risen."""
        low, high = _higher(before), after
        if self.radial:
            low, high = (met * np.float32(1 + 2 * self.error) for met in (low, high))
        else:
            low, high = (met + np.float32(self.error + UNIT) for met in (low, high))
        risen = np.flatnonzero(after > _higher(before))
        # a full number of lanes: the targets that fill it up have no span
        kept, few = np.append(risen, np.zeros(-len(risen) % LANES, np.intp)), len(risen)
        part = Part(self.points[kept], low[kept], (high - low)[kept], self.weight[kept])
        part.span[few:] = 0.0
        return self._sums(self.rows[which], part) * (1 - OF_A_SUM - 2 * self.error * self.radial)

    def _sums(self, rows: Singles, part: Part) -> Floats:
        """Add up, for each row, by how much its similarities exceed ``low``, at most by ``span``; [R]."""
        out = np.zeros(len(rows))
        alone = len(rows) * len(part.low) < TILE
        in_threads(self._add_up, len(rows), rows, part, out, parts=1 if alone else None)
        return out

    def _add_up(self, start: int, stop: int, rows: Singles, part: Part, out: Floats) -> None:
        from querist.select._cover_kernel import add_rises

        for at in range(start, stop, ROWS):
            place = slice(at, min(at + ROWS, stop))
            for few in blocks(len(part.low), max(FEW, place.stop - at), limit=TILE):
                found = rows[place] @ part.points[few].T
                if self.radial:
                    np.exp(found, out=found)
                add_rises(found, part.low[few], part.span[few], part.weight[few], out[place])


def _prepared(state: Cover, rows: NDArray[np.floating]) -> Floats:
    if state.sigma is None:
        return unit(rows)
    scaled = (rows.astype(np.float64) - state.centre) / state.sigma
    return np.column_stack([scaled, squared_norms(scaled), np.ones(len(scaled))])


def lower(met: Floats) -> Singles:
    """Round a cover to single precision, not up.

    >>> bool(lower(np.array([0.1]))[0] < 0.1)
    True
    """
    return (met * (1 - 2 * UNIT)).astype(np.float32)


def _higher(met: Singles) -> Singles:
    return met * np.float32(1 + 6 * UNIT)


class Search:
    """Finds the row of greatest gain: bounds in single precision say which rows are measured in double precision.

    A row takes off its bound what the picks covered that it has missed, which most often are few targets. Rows of
    similar gain lie in one bucket and are brought up to date together.
    """

    def __init__(self, rows: NDArray[np.floating], state: Cover, single: Single, gains: Floats) -> None:
        self.rows, self.order = rows, np.argsort(-gains, kind="stable")
        self.single = replace(single, rows=single.rows[self.order])
        self.past = deque([lower(state.met)], maxlen=PAST)
        self.left, self.picks = single.above(gains, self.past[0])[self.order], 0
        self.starts = np.arange(0, len(rows), BUCKET)
        self.seen, self.sure = np.zeros(len(self.starts), np.intp), np.full(len(rows), -1)

    def leader(self, state: Cover, ties: Floats) -> tuple[int, float]:
        """Give the row of greatest gain, and the gain; of leaders, the one with the largest tie number."""
        width, best = 1, LEAST
        while True:
            left = np.where(self.sure == self.picks, -np.inf, self.left)
            tops = np.maximum.reduceat(left, self.starts)
            if tops.max() < best * (1 - TIE):
                break
            if self.seen[tops.argmax()] < self.picks:
                stale = np.flatnonzero((self.seen < self.picks) & (tops >= best * (1 - TIE)))
                self._refresh(_highest(tops, stale, width if best == LEAST else len(stale)))
                width *= 2
            else:
                left[np.repeat(self.seen < self.picks, BUCKET)[: len(left)]] = -np.inf
                best = max(best, self._measure(state, left, 1 if best == LEAST else EXACT))
        found = np.flatnonzero(self.sure == self.picks)
        if len(found) == 0:
            return -1, 0.0
        at = found[foremost(self.left[found], ties[self.order[found]])]
        return int(self.order[at]), float(self.left[at])

    def enter(self, state: Cover, row: int) -> None:
        """Record a pick, after which the cover is that of the state; it cannot be picked again."""
        self.past.append(lower(state.met))
        self.left[np.flatnonzero(self.order == row)], self.picks = -np.inf, self.picks + 1

    def _measure(self, state: Cover, left: Floats, count: int) -> float:
        """Measure so many rows of highest bounds; gives the greatest gain."""
        few = _highest(left, np.flatnonzero(left > 0), count)
        self.left[few], self.sure[few] = measured(state, self.rows[self.order[few]]), self.picks
        return float(self.left[few].max())

    def _refresh(self, buckets: Rows) -> None:
        """Bring the bounds of some buckets up to date."""
        for seen in np.unique(self.seen[buckets]):
            group = buckets[self.seen[buckets] == seen]
            which = (self.starts[group][:, None] + np.arange(BUCKET)).ravel()
            which = which[which < len(self.left)]
            missed = self.picks - int(seen)
            if missed < len(self.past):
                found = self.left[which] - self.single.covered(which, self.past[-1 - missed], self.past[-1])
            else:
                found = self.single.above(self.single.gains(self.past[-1], which), self.past[-1])
            self.left[which] = np.minimum(self.left[which], found)
        self.seen[buckets] = self.picks


def _highest(values: Floats, which: Rows, count: int) -> Rows:
    return which if len(which) <= count else which[np.argpartition(-values[which], count)[:count]]
