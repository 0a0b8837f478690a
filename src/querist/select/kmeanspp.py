"""k-means++ seeding: each pick is drawn in proportion to its squared distance from the picks before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist._arrays import Array, Floats, Rows
from querist.select.distance import packed
from querist.view import Selection

COMPILED = 2**26
"""Numbers n·N·(C + D) from which compiled loops repay loading the compiler; NumPy takes 0.1 s for as many."""


def kmeanspp(
    squared: Callable[[int], Floats], first: int, *, n: int, ties: Floats, rng: np.random.Generator
) -> Selection:
    """Choose n rows by D² sampling: P(x) ∝ min over the chosen c of d(x, c)².

    ``squared(c)`` gives the squared distance of every row to row c [N], so the space may stay implicit. Chosen rows
    have probability exactly 0. When only copies of chosen rows remain, the rest follows in the order of the keyed
    numbers ``ties``, so the loop ends.

    Shapes: ties [N] → Selection of n rows with the squared distance of each at its pick (0 for the first) and the
    probability of each given those before (1 for the first). Needs 1 ≤ n ≤ N.
    Cost: n calls of ``squared`` and O(n·N). Source: Arthur & Vassilvitskii 2007.

    >>> x = np.array([0.0, 0.0, 3.0])
    >>> chosen = kmeanspp(lambda c: (x - x[c]) ** 2, 0, n=3, ties=np.ones(3), rng=np.random.default_rng(0))
    >>> chosen.rows.tolist(), chosen.value.tolist()
    ([0, 2, 1], [0.0, 9.0, 0.0])
    """
    picked, value, propensity = [first], [0.0], [1.0]
    left = np.array(squared(first), dtype=np.float64)
    while len(picked) < n:
        left[picked] = 0.0
        total = left.sum()
        if total <= 0:
            break
        row = proportional(left, rng)
        picked.append(row)
        value.append(left[row])
        propensity.append(left[row] / total)
        np.minimum(left, squared(row), out=left)
    rows = _filled(np.array(picked, np.intp), n, ties)
    others = len(ties) - np.arange(len(picked), n)
    return Selection(rows, np.append(value, np.zeros(len(others))), np.append(propensity, 1.0 / others))


def kmeanspp_of_gradients(
    factors: tuple[Array, Array], first: int, *, n: int, ties: Floats, rng: np.random.Generator
) -> Selection:
    """Choose n rows as ``kmeanspp`` does in the space of BADGE's gradients (p − e_ŷ) ⊗ h, for large pools.

    ``factors`` are probs [N, C] and embed [N, D]. Rows are drawn by rejection on old distances, in a compiled loop:
    the distribution of ``kmeanspp``, another stream of chance. The sum of all distances is never known, so propensities
    are None. Cost: O(N·(C + D)) and a small share of O(n·N·(C + D)); memory O(N·C).

    >>> probs, embed = np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]]), np.array([[2.0], [2.0], [1.0]])
    >>> kmeanspp_of_gradients((probs, embed), 0, n=3, ties=np.ones(3), rng=np.random.default_rng(0)).rows.tolist()
    [0, 2, 1]
    """
    from querist.select import _kmeanspp_kernel as compiled

    space = compiled.gradients(packed(factors[0]), packed(factors[1]))
    picked, value = compiled.sample(space, first, n=n, rng=rng)
    return Selection(_filled(picked, n, ties), np.append(value, np.zeros(n - len(value))))


def proportional(weight: Floats, rng: np.random.Generator) -> int:
    """Draw one row in proportion to its weight; weight [N] ≥ 0, not all 0; O(N).

    >>> proportional(np.array([0.0, 2.0, 0.0]), np.random.default_rng(0))
    1
    """
    total = np.cumsum(weight)
    at = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    return at if at < len(weight) else int(np.flatnonzero(weight)[-1])


def _filled(picked: Rows, n: int, ties: Floats) -> Rows:
    """Fill up with rows not yet picked, by their keyed numbers, which makes each equally likely."""
    if len(picked) == n:
        return picked
    order = np.argsort(-ties, kind="stable")
    return np.concatenate([picked, order[~np.isin(order, picked)][: n - len(picked)]])
