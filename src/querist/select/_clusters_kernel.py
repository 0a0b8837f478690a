"""How typical rows are of their cluster, compiled: the k nearest members are kept in order as they are met."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows
from querist._parallel import in_threads
from querist.select._gap_kernel import rough_gap, roughness, squared_gap
from querist.select.distance import packed


class Near(NamedTuple):
    """How many members count, and by how much a rough gap may exceed the gap; one above ``most`` says nothing."""

    k: int
    scale: float
    most: float


def typicality(rows: NDArray[np.floating], members: NDArray[np.floating], *, k: int, own: Rows) -> Floats:
    """Compute what ``clusters.typicality`` does."""
    out = np.zeros(len(rows))
    if k:
        kind = np.result_type(packed(rows[:1]), packed(members[:1]))
        doubt = roughness(rows.shape[1], kind)
        near = Near(k, 1.0 / (1.0 - doubt) if doubt < 0.5 else np.inf, float(np.finfo(kind).max) / 2)
        both = np.ascontiguousarray(rows, dtype=kind), np.ascontiguousarray(members, dtype=kind)
        in_threads(_typicality, len(rows), *both, own, near, out)
    return out


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _typicality(start: int, stop: int, rows: Array, members: Array, own: Rows, near: Near, out: Floats) -> None:
    width, k, found = rows.shape[1], near.k, np.empty(near.k)
    for row in range(start, stop):
        found[:], limit, mine = np.inf, np.inf, own[row]
        for at in range(len(members)):
            rough = rough_gap(rows, row * width, members, at * width, width)
            if rough > limit or at == mine:
                continue
            gap = squared_gap(rows, row * width, members, at * width, width)
            if gap < found[k - 1]:
                _insert(found, gap)
                limit = found[k - 1] * near.scale
                limit = limit if limit < near.most else np.inf
        total = 0.0
        for gap in found:
            total += np.sqrt(gap)
        out[row] = 1.0 / (1e-5 + total / k)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _insert(found: Floats, gap: float) -> None:
    """Put a number in its place among numbers in order; the last falls out."""
    at = len(found) - 1
    while at > 0 and found[at - 1] > gap:
        found[at] = found[at - 1]
        at -= 1
    found[at] = gap
