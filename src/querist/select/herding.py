"""Greedy choice of the rows whose kernel covers the most weight of a set of targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist._parallel import steady
from querist.select.distance import gap_to_others, pairwise, squared_norms, unit
from querist.select.top import TIE, foremost

if TYPE_CHECKING:
    from querist.select._single_cover import Single

# One block of similarities: large enough for an efficient matrix product, small enough for the processor's cache.
BLOCK_BYTES = 2**22
FIRST_REFRESH = 16
LARGE = 2**24
"""Pairs of rows and targets from which bounds in single precision save time; all in double precision takes 0.2 s."""
SPREAD_SAMPLE = 500
SPACING_SAMPLE = 100


@dataclass(frozen=True, eq=False)
class Cover:
    """Weighted targets, and how well each is covered so far.

    Shapes: points [T, D+2] (in units of sigma about centre, ready for a product), weight [T], met [T] the similarity
    to the nearest chosen row, in [0, 1]; margin: rises in similarity below it are rounding and count as none. With
    sigma None the kernel is the cosine, and points are the targets at length 1 [T, D].
    """

    centre: Floats
    sigma: float | None
    points: Floats
    weight: Floats
    met: Floats
    margin: float


def cover(
    targets: NDArray[np.floating], weight: Floats, *, sigma: float | None, labelled: NDArray[np.floating] | None = None
) -> Cover:
    """Set up the coverage of targets by labelled rows; targets of weight 0 are dropped.

    Shapes: targets [T, D], weight [T] ≥ 0, labelled [L, D]; sigma > 0, or None: the cosine. Cost: O(T·D + T·L·D).

    >>> cover(np.array([[0.0], [1.0]]), np.ones(2), sigma=1.0, labelled=np.array([[0.0]])).met.round(4).tolist()
    [1.0, 0.3679]
    """
    kept = targets[weight > 0].astype(np.float64)
    start = _directions(kept, weight[weight > 0]) if sigma is None else _places(kept, weight[weight > 0], sigma)
    return start if labelled is None or len(labelled) == 0 else add(start, labelled)


def _directions(kept: Floats, weight: Floats) -> Cover:
    return Cover(np.zeros(kept.shape[1]), None, unit(kept), weight, np.zeros(len(kept)), 32 * np.finfo(np.float64).eps)


def _places(kept: Floats, weight: Floats, sigma: float) -> Cover:
    centre = kept.mean(axis=0) if len(kept) else np.zeros(kept.shape[1])
    scaled = (kept - centre) / sigma
    size = squared_norms(scaled)
    points = np.column_stack([2.0 * scaled, np.full(len(kept), -1.0), -size])
    margin = min(1e-3, 16 * np.finfo(np.float64).eps * (1.0 + size.max(initial=0.0)))
    return Cover(centre, sigma, points, weight, np.zeros(len(kept)), margin)


def similarity(state: Cover, rows: NDArray[np.floating]) -> Floats:
    """Compute the kernel exp(−‖x − t‖²/σ²), or the cosine where it is positive, between rows and targets.

    Shapes: rows [M, D] → [M, T], in [0, 1]; the caller keeps M·T small. Cost: O(M·T·D).
    """
    if state.sigma is None:
        return np.clip(unit(rows) @ state.points.T, 0.0, 1.0)
    scaled = (rows.astype(np.float64) - state.centre) / state.sigma
    left = np.column_stack([scaled, squared_norms(scaled), np.ones(len(scaled))])
    minus_squared = left @ state.points.T  # 2·x·t − ‖x‖² − ‖t‖² in one product
    np.minimum(minus_squared, 0.0, out=minus_squared)
    return np.exp(minus_squared, out=minus_squared)


def add(state: Cover, rows: NDArray[np.floating]) -> Cover:
    """Count rows as chosen: each target's cover rises to its similarity with the nearest of them; O(M·T·D)."""
    met = state.met.copy()
    for block in blocks(len(rows), 8 * max(1, len(met)), limit=BLOCK_BYTES):
        np.maximum(met, similarity(state, rows[block]).max(axis=0), out=met)
    return replace(state, met=met)


def gains(state: Cover, rows: NDArray[np.floating]) -> Floats:
    """Compute how much coverage each row would add; of 2²⁴ pairs of rows and targets on in single precision.

    Formula: Σ_t w_t · max(0, k(t, x) − max_{s chosen} k(t, s)). Shapes: rows [N, D] → [N]. Range: [0, Σ w].
    Cost: O(N·T·D), memory one block.

    >>> state = cover(np.array([[0.0], [9.0]]), np.ones(2), sigma=1.0, labelled=np.array([[0.0]]))
    >>> gains(state, np.array([[0.0], [9.0]])).round(4).tolist()
    [0.0, 1.0]
    """
    single = _single(state, rows)
    if single is None:
        return measured(state, rows)
    from querist.select._single_cover import lower

    with steady():
        return single.gains(lower(state.met))


def measured(state: Cover, rows: NDArray[np.floating]) -> Floats:
    """Compute gains in double precision; [N], O(N·T·D).

    >>> measured(cover(np.array([[0.0], [9.0]]), np.ones(2), sigma=1.0), np.array([[0.0]])).round(4).tolist()
    [1.0]
    """
    out = np.empty(len(rows))
    threshold = state.met + state.margin
    for block in blocks(len(rows), 8 * max(1, len(threshold)), limit=BLOCK_BYTES):
        rise = similarity(state, rows[block])
        rise -= threshold
        np.maximum(rise, 0.0, out=rise)
        out[block] = rise @ state.weight
    return out


def _single(state: Cover, rows: NDArray[np.floating]) -> Single | None:
    """Give the targets in single precision, where that is worth it."""
    if len(rows) * len(state.points) < LARGE:
        return None
    from querist.select._single_cover import Single

    return Single.of(state, rows)


def herd(rows: NDArray[np.floating], state: Cover, *, bounds: Floats, n: int, ties: Floats) -> tuple[Rows, Floats]:
    """Choose up to n rows greedily by their gain in coverage; stop when no row adds any.

    A gain only falls as rows are chosen (the coverage is submodular), so an old gain is an upper bound: each step
    recomputes only rows whose bound beats the best fresh gain. The picks are those of the plain greedy.

    ``bounds`` [N] must not lie below the gains: ``gains(state, rows)``, or those with fewer rows labelled.
    Shapes: rows [N, D], ties [N] → rows [≤ n] and the gain of each at its pick, never rising.
    Cost: O(n·R·T·D) with R the rows recomputed per pick (N at worst; 3 to 4 % of 10,000 rows measured).
    Source: Bae et al. 2024; Minoux 1978 for the lazy evaluation.

    >>> points = np.array([[0.0], [0.1], [5.0], [9.0]])
    >>> state = cover(points, np.ones(4), sigma=1.0)
    >>> herd(points, state, bounds=gains(state, points), n=2, ties=np.array([0.1, 0.2, 0.3, 0.4]))[0].tolist()
    [1, 3]
    """
    single = _single(state, rows)
    if single is None:
        return _greedy(Lazy(rows, np.array(bounds, dtype=np.float64)), rows, state, n=n, ties=ties)
    from querist.select._single_cover import Search

    with steady():
        return _greedy(Search(rows, state, single, bounds), rows, state, n=n, ties=ties)


class _Search(Protocol):
    def leader(self, state: Cover, ties: Floats) -> tuple[int, float]: ...
    def enter(self, state: Cover, row: int) -> None: ...


def _greedy(search: _Search, rows: NDArray[np.floating], state: Cover, *, n: int, ties: Floats) -> tuple[Rows, Floats]:
    picked, value = [], []
    for _ in range(n):
        row, gain = search.leader(state, ties)
        if gain <= 0:
            break
        picked.append(row)
        value.append(gain)
        state = add(state, rows[row : row + 1])
        search.enter(state, row)
    return np.array(picked, np.intp), np.array(value, np.float64)


@dataclass(frozen=True, eq=False)
class Lazy:
    """Finds the row of greatest gain by computing stale gains again; left [N] holds the latest of each row."""

    rows: NDArray[np.floating]
    left: Floats

    def leader(self, state: Cover, ties: Floats) -> tuple[int, float]:
        """Give the row of greatest gain, and the gain; of leaders, the one with the largest tie number."""
        stale = self.left.copy()
        width, best = FIRST_REFRESH, -np.inf
        while True:
            open_rows = np.flatnonzero((stale > 0) & (stale >= best - TIE * abs(best)))
            if len(open_rows) == 0:
                row = foremost(np.where(np.isneginf(stale), self.left, -np.inf), ties)
                return row, float(self.left[row])
            if len(open_rows) > width:
                open_rows = open_rows[np.argpartition(-stale[open_rows], width)[:width]]
            self.left[open_rows] = measured(state, self.rows[open_rows])
            stale[open_rows] = -np.inf
            best = max(best, float(self.left[open_rows].max()))
            width *= 2

    def enter(self, state: Cover, row: int) -> None:
        """Strike out a row that was chosen."""
        self.left[row] = -np.inf


def spread(targets: NDArray[np.floating], keys: NDArray[np.uint64]) -> float:
    """Give the radius at which the kernel tells the targets apart: their median distance divided by √2.

    Between unrelated unit vectors (texts, image embeddings) the distance is √2, so this is the σ = 1 published for
    unit-norm embeddings, and it carries over to features of any scale. Measured between the 500 targets of smallest
    key, copies left out; 1.0 when all are equal. Shapes: targets [T, D], keys uint64 [T]. Cost: O(D) per pair.

    >>> round(spread(np.array([[0.0], [3.0], [4.0]]), np.arange(3, dtype=np.uint64)), 4)
    2.1213
    """
    sample = targets[_smallest(keys, SPREAD_SAMPLE)]
    distance = pairwise(sample, sample)
    apart = distance[distance > 0]
    return float(np.median(apart) / np.sqrt(2.0)) if len(apart) else 1.0


def spacing(targets: NDArray[np.floating], keys: NDArray[np.uint64]) -> float:
    """Give the median distance from a target to the nearest target that is no copy of it; 0 when all are equal.

    Measured from the 100 targets of smallest key to all. Shapes: targets [T, D], keys uint64 [T]. Cost: O(100·T·D).

    >>> spacing(np.array([[0.0], [3.0], [4.0]]), np.arange(3, dtype=np.uint64))
    1.0
    """
    gaps = gap_to_others(targets[_smallest(keys, SPACING_SAMPLE)], targets)
    return float(np.median(gaps)) if np.isfinite(gaps).all() else 0.0


def _smallest(keys: NDArray[np.uint64], count: int) -> Rows:
    return np.argsort(keys, kind="stable")[:count]
