"""The small matrices of BAIT's rows, compiled: each step works on the same cell of many rows side by side."""

from __future__ import annotations

import numpy as np
from numba import njit

from querist._arrays import Array, Floats

LANES = 32
"""Rows side by side: a multiple of every processor's width, and few enough for their matrices to stay in the cache."""
LEAST = np.finfo(np.float64).eps


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def shift(start: int, stop: int, state: tuple[Floats, Floats, Floats], first: int, moved: Floats, sign: float) -> None:
    """Subtract sign·YYᵀ from the matrices of some groups of rows, sign·(YZᵀ + ZYᵀ) from the others, in place.

    Shapes: state the lower triangles [E·(E + 1)/2, N] of R, XᵀF⁻¹X and XᵀF⁻¹AF⁻¹X; moved [2, E, E, n] the products of
    the rows from ``first`` on with u and z, of which Y and Z are Rᵀ times. A group is 32 rows.
    """
    roots, solid, gain = state
    classes, count = moved.shape[1], moved.shape[3]
    turned = np.zeros((2, classes, classes, LANES))
    for group in range(start, stop):
        at = group * LANES
        few = min(LANES, count - at)
        _turn(roots, first + at, moved, at, few, turned)
        place = 0
        for a in range(classes):
            for b in range(a + 1):
                for k in range(classes):
                    _subtract(turned[0, a, k], turned[0, b, k], sign, few, solid[place, first + at :])
                    _subtract(turned[0, a, k], turned[1, b, k], sign, few, gain[place, first + at :])
                    _subtract(turned[1, a, k], turned[0, b, k], sign, few, gain[place, first + at :])
                place += 1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _turn(roots: Floats, row: int, moved: Floats, at: int, few: int, turned: Floats) -> None:
    """Compute Rᵀ times both products of some rows."""
    classes = moved.shape[1]
    turned[:] = 0.0
    for a in range(classes):
        for e in range(a, classes):
            root = roots[e * (e + 1) // 2 + a, row:]
            for side in range(2):
                for k in range(classes):
                    _subtract(root, moved[side, e, k, at:], -1.0, few, turned[side, a, k])


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _subtract(a: Array, b: Array, sign: float, few: int, out: Array) -> None:
    """Subtract sign·a·b from some numbers."""
    for lane in range(few):
        out[lane] -= sign * (a[lane] * b[lane])


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def worth(start: int, stop: int, solid: Floats, gain: Floats, sign: float, out: Floats) -> None:
    """Compute tr[(I + sign·S)⁻¹·G] for some groups of 32 rows, as ``information.trace_ratio`` does."""
    classes = int(np.sqrt(2 * len(solid)))
    s, g = np.empty((len(solid), LANES)), np.empty((len(solid), LANES))
    v, w = np.empty((classes, LANES)), np.empty((classes, LANES))
    for group in range(start, stop):
        at = group * LANES
        few = min(LANES, len(out) - at)
        for place in range(len(solid)):
            for lane in range(few):
                s[place, lane], g[place, lane] = sign * solid[place, at + lane], gain[place, at + lane]
        for e in range(classes):
            for lane in range(few):
                s[e * (e + 3) // 2, lane] += 1.0
        total = out[at : at + few]
        total[:] = 0.0
        for e in range(classes):
            _eliminate(s, g, e, (v, w), total)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _eliminate(s: Floats, g: Floats, e: int, spare: tuple[Floats, Floats], total: Floats) -> None:
    """Take the e-th row and column off both matrices by the same congruence, which takes G_ee / S_ee off the trace."""
    v, w = spare
    classes, corner = len(v), e * (e + 3) // 2
    for lane in range(len(total)):
        total[lane] += g[corner, lane] / max(s[corner, lane], LEAST)
    for a in range(e + 1, classes):
        place = a * (a + 1) // 2 + e
        for lane in range(len(total)):
            pivot = max(s[corner, lane], LEAST)
            v[a, lane] = s[place, lane] / pivot
            w[a, lane] = g[place, lane] - 0.5 * g[corner, lane] * v[a, lane]
    for a in range(e + 1, classes):
        for b in range(e + 1, a + 1):
            place = a * (a + 1) // 2 + b
            for lane in range(len(total)):
                pivot = max(s[corner, lane], LEAST)
                g[place, lane] -= v[a, lane] * w[b, lane] + w[a, lane] * v[b, lane]
                s[place, lane] -= pivot * v[a, lane] * v[b, lane]
