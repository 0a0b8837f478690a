"""D² sampling of products q ⊗ h by rejection, compiled: the distribution of the plain loop, most distances left out.

A row's squared distance to the nearest centre only falls as centres are added, so an old one is an upper bound. A row
drawn in proportion to its bound, and kept with probability distance / bound, is drawn in proportion to its distance.
The number that decides is drawn first, so a row meets the centres it missed only until it is sure not to be kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import in_threads
from querist.select._gap_kernel import squared_gap

BLOCK = 256
CHUNK = 4096
# Bounds are all brought up to date when draws in vain have measured this share of what that takes: two cores share it.
FAIR = 0.5
# A bound from the lengths must exceed what it is compared with by this share, beyond any rounding.
SLACK = 1e-9
MADE, MET, VAIN = range(3)


class Products(NamedTuple):
    """Points q ⊗ h by their factors: q [R, C] and h [R, D], float32 or float64 by row; squared lengths [R] of each."""

    q: Array
    h: Array
    q_norm: Floats
    h_norm: Floats


class State(NamedTuple):
    """What is known of the rows, and how far the choice has come; all of it changed in place.

    Shapes: left [N] the squared bounds, 0 once chosen; met [N] how many centres each row has met; sums [N / 256] of
    the bounds; picked and value [n]; tally [3]: picks made, sum of met, pairs measured in vain since all were level.
    """

    left: Floats
    met: NDArray[np.int32]
    sums: Floats
    picked: Rows
    value: Floats
    tally: NDArray[np.int64]


def gradients(probs: Array, embed: Array) -> Products:
    """Set up BADGE's gradients (p − e_ŷ) ⊗ h; probs [N, C] and embed [N, D], float32 or float64 by row in memory."""
    rows = len(probs)
    space = Products(np.empty_like(probs), embed, np.empty(rows), np.empty(rows))
    in_threads(_measure, rows, probs, space, np.zeros(max(probs.shape[1], embed.shape[1])))
    return space


def sample(space: Products, first: int, *, n: int, rng: np.random.Generator) -> tuple[Rows, Floats]:
    """Choose up to n rows by D² sampling after ``first``; fewer when only copies of chosen rows remain.

    Gives the rows and the squared distance of each to those before it, 0 for the first.
    """
    state = _start(space, first, n)
    _pick(state, first, 0.0)
    while state.tally[MADE] < n and 0 < state.sums.sum() < np.inf:
        if _draw(space, state, rng.random((CHUNK, 2)), FAIR):
            in_threads(_level, len(state.sums), space, state)
            state.tally[MET], state.tally[VAIN] = len(state.left) * state.tally[MADE], 0
    made = state.tally[MADE]
    return state.picked[:made], state.value[:made]


def _start(space: Products, first: int, n: int) -> State:
    """Bound ‖g − g_first‖ by ‖g‖ + ‖g_first‖, which takes no distance."""
    long = np.sqrt(space.q_norm * space.h_norm)
    left = (long + long[first]) ** 2
    sums = np.add.reduceat(left, np.arange(0, len(left), BLOCK))
    met, tally = np.zeros(len(left), np.int32), np.zeros(3, np.int64)
    return State(left, met, sums, np.empty(n, np.intp), np.empty(n), tally)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _measure(start: int, stop: int, probs: Array, space: Products, zero: Floats) -> None:
    """Compute p − e_ŷ and the squared lengths of some rows."""
    q, h, classes, width = space.q, space.h, space.q.shape[1], space.h.shape[1]
    for row in range(start, stop):
        top = 0
        for label in range(classes):
            q[row, label] = probs[row, label]
            top = label if probs[row, label] > probs[row, top] else top
        error = np.float64(probs[row, top]) - 1.0
        q[row, top] = 0.0  # beside the other squares the one of p would leave rounding only
        space.q_norm[row] = squared_gap(q, row * classes, zero, 0, classes) + error * error
        q[row, top] = error
        space.h_norm[row] = squared_gap(h, row * width, zero, 0, width)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _draw(space: Products, state: State, uniform: Floats, fair: float) -> bool:
    """Draw rows until there are enough or the numbers are used up; tells whether bounds are too old to go on."""
    tally, left = state.tally, state.left
    for at in range(len(uniform)):
        total = _total(state.sums, 0, len(state.sums))
        if tally[MADE] == len(state.picked) or total <= 0.0:
            return False
        if tally[VAIN] > fair * (len(left) * tally[MADE] - tally[MET]):
            return True
        row = _proposed(state, uniform[at, 0] * total)
        need = uniform[at, 1] * left[row]
        measured = _meet(space, state, row, need)
        tally[MET] += measured
        if left[row] > need:
            _pick(state, row, left[row])
        else:
            tally[VAIN] += measured
            _sum(state, row // BLOCK)
    return False


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _proposed(state: State, at: float) -> int:
    """Find the row at which the running sum of the bounds passes a number below their total."""
    block, at = _passed(state.sums, 0, len(state.sums), at)
    return int(_passed(state.left, block * BLOCK, min((block + 1) * BLOCK, len(state.left)), at)[0])


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _passed(weight: Floats, start: int, stop: int, at: float) -> tuple[int, float]:
    """Give the first place whose running sum passes a number, or the last of any weight; and what is left of it."""
    found = start
    for i in range(start, stop):
        if weight[i] > 0.0:
            found = i
            if at < weight[i]:
                break
            at -= weight[i]
    return found, at


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _total(weight: Floats, start: int, stop: int) -> float:
    total = 0.0
    for i in range(start, stop):
        total += weight[i]
    return total


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _sum(state: State, block: int) -> None:
    """Add up the bounds of a block."""
    state.sums[block] = _total(state.left, block * BLOCK, min((block + 1) * BLOCK, len(state.left)))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _pick(state: State, row: int, value: float) -> None:
    """Count a row as chosen: it becomes a centre, and cannot be drawn again."""
    made = state.tally[MADE]
    state.picked[made], state.value[made], state.left[row] = row, value, 0.0
    state.tally[MADE] = made + 1
    _sum(state, row // BLOCK)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _level(start: int, stop: int, space: Products, state: State) -> None:
    """Let the rows of some blocks meet all centres."""
    for block in range(start, stop):
        for row in range(block * BLOCK, min((block + 1) * BLOCK, len(state.left))):
            _meet(space, state, row, 0.0)
        _sum(state, block)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _meet(space: Products, state: State, row: int, need: float) -> int:
    """Let a row meet the centres that it missed until its bound is no more than what it needs; counts them.

    ‖g − g_c‖² is no smaller than ‖g‖² + ‖g_c‖² − 2·|q·q_c|·‖h‖·‖h_c‖, which needs no look at h.
    """
    q, h, classes = space.q_norm[row], space.h_norm[row], space.q.shape[1]
    bound, started = state.left[row], state.met[row]
    at = started
    while at < state.tally[MADE] and bound > need:
        centre = state.picked[at]
        d_q = squared_gap(space.q, row * classes, space.q, centre * classes, classes)
        both = q * h + space.q_norm[centre] * space.h_norm[centre]
        product = abs(q + space.q_norm[centre] - d_q)
        if both - product * np.sqrt(h * space.h_norm[centre]) <= bound + SLACK * both:
            bound = min(bound, _gap(space, row, centre, d_q))
        at += 1
    state.left[row], state.met[row] = bound, at
    return int(at - started)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _gap(space: Products, row: int, centre: int, d_q: float) -> float:
    """Compute ‖g − g_c‖² as ``Gradients.squared`` does, given ‖q − q_c‖²."""
    q, h, width = space.q_norm, space.h_norm, space.h.shape[1]
    d_h = squared_gap(space.h, row * width, space.h, centre * width, width)
    m_q, m_h = (2.0 * (q[row] + q[centre]) - d_q) / 4.0, (2.0 * (h[row] + h[centre]) - d_h) / 4.0
    gap: float = d_q * m_h + m_q * d_h + (q[row] - q[centre]) * (h[row] - h[centre]) / 2.0
    return max(0.0, gap)
