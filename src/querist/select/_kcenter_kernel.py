"""Farthest-first traversal on stale bounds, compiled: the picks of the plain loop, most distances left out.

A row's distance to the nearest centre only falls as centres are added, so an old distance is an upper bound. Each row
keeps its bound and how many centres it has met; a step lets a row meet the centres that it missed only while its bound
is no less than the best distance seen. Rows lie in blocks with the largest bound of each, so most are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import team
from querist.select._gap_kernel import LANES, gaps_to, rough_gap, roughness, squared_gap, sum_blocks
from querist.select.top import TIE, foremost

BLOCK = 256
LEAST = np.finfo(np.float64).tiny
# Squares within this share of the best may belong to distances that tie, and to some rounding.
BAND = 1.0 - 2.1 * TIE
# What it takes to look at a bound, to go to a row out of turn, and to measure a distance beside reading the row: as
# long as reading so many numbers.
LOOK, VISIT, MEASURE = 16, 40, 20
# Work below which threads take longer to meet than to do it.
ALONE = 2**20


class Front(NamedTuple):
    """The rows and what is known of them, all of it changed in place.

    Shapes: rows [N, D] and centres [n, D], both float32 or both float64; left [N] the squared bounds, −1 once chosen;
    met [N]; tops [B] the largest bound of each block; order [B] of the blocks; best [1] the largest bound that is no
    longer stale. ``sure``: what a rough gap times it exceeds, the gap does too; 0 when no rough gap is worth its time.
    """

    rows: Array
    centres: Array
    left: Floats
    met: NDArray[np.int32]
    tops: Floats
    order: Rows
    best: Floats
    sure: float


def farthest_first(
    rows: NDArray[np.floating], nearest: Floats, *, n: int, ties: Floats, first: int | None
) -> tuple[Rows, Floats]:
    """Choose n rows as ``kcenter`` does, with the same picks; ``rows`` are float32 or float64, by row in memory."""
    front, cold = _front(rows, nearest, n), first is not None
    picked, value = np.empty(n, np.intp), np.empty(n)
    with team() as share:
        step = Step(front, share)
        for i in range(n):
            row = _leader(front, ties) if first is None or i > 0 else first
            picked[i], value[i] = row, np.sqrt(front.left[row])
            front.centres[i], front.left[row] = rows[row], -1.0
            if i + 1 < n or (cold and n == 1):
                step.take(i + 1)
    if cold:
        value[0] = value[1] if n > 1 else np.sqrt(max(0.0, front.tops.max()))
    return picked, value


def _front(rows: NDArray[np.floating], nearest: Floats, n: int) -> Front:
    blocks = np.arange(0, len(rows), BLOCK)
    # far apart one after the other: in a pool sorted by distance, the best would come last and nothing be left out
    order = np.argsort(np.arange(len(blocks)) * 0.6180339887498949 % 1.0).astype(np.intp, copy=False)
    left = nearest**2
    sure = 1.0 - roughness(rows.shape[1], rows.dtype) if rows.shape[1] >= LANES[0] else 0.0
    return Front(
        rows, np.empty((n, rows.shape[1]), rows.dtype), left, np.zeros(len(rows), np.int32),
        np.maximum.reduceat(left, blocks), order, np.zeros(1), max(0.0, sure),
    )  # fmt: skip


class Step:
    """Brings the bounds up to date after each pick: lazily, or row by row once that would have been cheaper."""

    def __init__(self, front: Front, share: Callable[..., list[Any]]) -> None:
        self.front, self.share = front, share
        self.plain = len(front.rows) * (MEASURE + front.rows.shape[1])
        self.expected, self.ahead, self.level = self.plain, 0, False

    def take(self, count: int) -> None:
        """Let the rows that may be next meet the first ``count`` centres."""
        lazy = self.ahead >= 0
        if lazy or not self.level:
            _begin(self.front, count, lazy)
            self.expected = sum(self._all(_sweep, count, lazy))
            self.ahead += (self.plain - self.expected) * (lazy and count > 1)
            self.level = not lazy
        else:
            self.expected = self.plain
            self._all(_plain, count)

    def _all(self, kernel: Callable[..., Any], *arguments: Any) -> list[Any]:
        blocks = len(self.front.tops)
        if self.expected < ALONE:
            return [kernel(0, blocks, self.front, *arguments)]
        return self.share(kernel, blocks, self.front, *arguments)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _begin(front: Front, count: int, lazy: bool) -> None:
    """Measure the row of largest bound, so that the sweep begins with a best; a plain one needs none."""
    front.best[0] = 0.0
    if lazy:
        first = front.tops.argmax() * BLOCK
        row = first + front.left[first : first + BLOCK].argmax()
        _refresh(front, np.full(1, row), count, LEAST, lazy)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _sweep(start: int, stop: int, front: Front, count: int, lazy: bool) -> int:
    """Bring blocks up to date as far as they may hold the farthest row; gives the work done, in numbers read.

    Threads share ``best``: one that reads an old value does some work too much, and the outcome is the same.
    """
    todo, work, width = np.empty(BLOCK, np.int64), 0, front.rows.shape[1]
    for at in range(start, stop):
        block = front.order[at]
        floor = max(LEAST, front.best[0] * BAND) if lazy else LEAST
        if front.tops[block] >= floor:
            first = block * BLOCK
            after = min(first + BLOCK, len(front.left))
            few = _open(front.left[first:after], front.met[first:after], floor, count, todo)
            measured = _refresh(front, todo[:few] + first, count, floor, lazy)
            work += LOOK * (after - first) + VISIT * few + measured * (MEASURE + width)
            front.tops[block] = front.left[first:after].max()
    return work


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _open(left: Array, met: Array, floor: float, count: int, todo: Array) -> int:
    """List the rows whose bound is stale and no less than the floor; gives their number."""
    few = np.uint64(0)
    for row in range(np.uint64(len(left))):
        todo[few] = row
        few += np.uint64((left[row] >= floor) & (met[row] < count))
    return int(few)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _refresh(front: Front, todo: Array, count: int, floor: float, lazy: bool) -> int:
    """Let rows meet the centres that they missed while their bound is above the floor; counts the distances."""
    rows, centres, left, met, sure = front.rows, front.centres, front.left, front.met, front.sure
    width, best, measured = rows.shape[1], front.best[0], 0
    for row in todo:
        bound, at = left[row], met[row]
        measured -= at
        while at < count and bound >= floor:
            rough = rough_gap(rows, row * width, centres, at * width, width) if sure > 0.0 else np.inf
            if not (rough * sure >= bound and rough < np.inf):
                gap = squared_gap(rows, row * width, centres, at * width, width)
                bound = gap if gap < bound else bound
            at += 1
        left[row], met[row] = bound, at
        measured += at
        if at == count and bound > best:
            best = bound
            floor = max(floor, best * BAND) if lazy else floor
    front.best[0] = max(front.best[0], best)
    return measured


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _plain(start: int, stop: int, front: Front, count: int) -> None:
    """Let all rows, which have met all centres but the last, meet that one."""
    rows, centres, left, sure = front.rows, front.centres, front.left, front.sure
    width = rows.shape[1]
    last = (count - 1) * width
    for block in range(start, stop):
        top = -1.0
        for row in range(block * BLOCK, min((block + 1) * BLOCK, len(left))):
            bound = left[row]
            rough = rough_gap(rows, row * width, centres, last, width) if sure > 0.0 else np.inf
            if not (rough * sure >= bound and rough < np.inf):
                gap = squared_gap(rows, row * width, centres, last, width)
                bound = gap if gap < bound else bound
                left[row] = bound
            top = bound if bound > top else top
        front.tops[block] = top


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _leader(front: Front, ties: Array) -> int:
    """Give the row of largest distance; of several within a relative 1e-9, the one with the largest tie number."""
    least = np.sqrt(max(0.0, front.tops.max())) * (1.0 - TIE)
    found, tie = -1, -np.inf
    for block in range(len(front.tops)):
        if front.tops[block] >= 0.0 and np.sqrt(front.tops[block]) >= least:
            for row in range(block * BLOCK, min((block + 1) * BLOCK, len(front.left))):
                if front.left[row] >= 0.0 and np.sqrt(front.left[row]) >= least and ties[row] > tie:
                    found, tie = row, ties[row]
    return found


def central(rows: NDArray[np.floating], ties: Floats) -> int:
    """Give the row nearest to the mean of the rows, as ``kcenter.central`` does."""
    apart, sums = np.empty(len(rows)), np.empty((-(-len(rows) // BLOCK), rows.shape[1]))
    with team() as share:
        share(sum_blocks, len(sums), rows, BLOCK, sums)
        share(gaps_to, len(rows), rows, sums.sum(axis=0) / len(rows), apart)
    return foremost(-np.sqrt(apart), ties)
