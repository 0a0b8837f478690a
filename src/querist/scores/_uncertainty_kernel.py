"""Scores of one predictive distribution per row, in single precision and one pass over a large pool.

Each kernel scores rows start to stop of probs [N, C], by row in memory, into out [N] float32. On the way it checks
them, as they are at hand: it returns how many are no distribution, their sum off by more than a tolerance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from querist._arrays import Array
from querist._check_kernel import unsound
from querist._sum_kernel import SHORT, sum_rows
from querist.scores._log_kernel import ONE, xlogx32

CHUNK = 2048
"""Numbers at a time: they and their terms stay in the processor's nearest cache."""
LEAST_CONFIDENCE, MARGIN, RATIO = 0, 1, 2


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def entropy(start: int, stop: int, probs: Array, out: Array, tolerance: float) -> int:
    """Compute −Σ_c p_c log p_c."""
    classes, bad = probs.shape[1], 0
    step = max(1, CHUNK // classes)
    terms, spare = np.empty((step, classes), np.float32), np.empty(classes // 2 + 1, np.float32)
    for at in range(start, stop, step):
        chunk = probs[at : min(at + step, stop)]
        scores = out[at : at + len(chunk)]
        bad += unsound(chunk, tolerance)
        xlogx32(chunk.reshape(-1), terms.reshape(-1))
        sum_rows(terms[: len(chunk)], scores, spare)
        for i in range(len(scores)):
            scores[i] = -scores[i]
    return bad


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def least_confidence(start: int, stop: int, probs: Array, out: Array, tolerance: float) -> Any:
    """Compute 1 − max_c p_c."""
    return _each_top_two(probs[start:stop], out[start:stop], LEAST_CONFIDENCE, tolerance)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def margin(start: int, stop: int, probs: Array, out: Array, tolerance: float) -> Any:
    """Compute p₂ − p₁; a single class has p₂ = 0."""
    return _each_top_two(probs[start:stop], out[start:stop], MARGIN, tolerance)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def ratio(start: int, stop: int, probs: Array, out: Array, tolerance: float) -> Any:
    """Compute p₂ / p₁; a single class has p₂ = 0."""
    return _each_top_two(probs[start:stop], out[start:stop], RATIO, tolerance)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _each_top_two(rows: Array, scores: Array, score: int, tolerance: float) -> int:
    classes, flat, bad = rows.shape[1], rows.reshape(-1), 0
    high, low = np.empty(classes // 2 + 1, rows.dtype), np.empty(classes // 2 + 1, rows.dtype)
    for i in range(len(rows)):
        if classes <= SHORT:
            first, second, sound = _top_two(rows, i, tolerance)
            bad += not sound
        else:
            bad += unsound(rows[i : i + 1], tolerance)
            first, second = _top_two_of_many(flat, i * classes, classes, high, low)
        if score == LEAST_CONFIDENCE:
            scores[i] = ONE - np.float32(first)
        elif score == MARGIN:
            scores[i] = np.float32(second - first)
        else:
            scores[i] = np.float32(second / first)
    return bad


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _top_two(rows: Array, i: int, tolerance: float) -> tuple[float, float, bool]:
    zero = rows.dtype.type(0)
    total, first, second, least = zero, zero, zero, zero
    for c in range(rows.shape[1]):
        p = rows[i, c]
        total += p  # is no number if one of them is not
        least = min(least, p)
        second = max(second, min(first, p))
        first = max(first, p)
    return first, second, least >= zero and abs(total - 1) <= tolerance


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _top_two_of_many(values: Array, start: int, count: int, high: Array, low: Array) -> tuple[float, float]:
    """Find the two largest by halves, many at a time; indices are unsigned, which is faster."""
    first, left, two = np.uint64(start), np.uint64(count), np.uint64(2)
    half = left // two
    left -= half
    for i in range(half):
        a, b = values[first + i], values[first + left + i]
        high[i], low[i] = max(a, b), min(a, b)
    if left > half:
        high[half], low[half] = values[first + half], values.dtype.type(0)
    while left > two:
        half = left // two
        left -= half
        for i in range(half):
            a, b = high[i], high[left + i]
            low[i] = max(low[i], low[left + i], min(a, b))
            high[i] = max(a, b)
    a, b = high[0], high[1]
    return max(a, b), max(low[0], low[1], min(a, b))
