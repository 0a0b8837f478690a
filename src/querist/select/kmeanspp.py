"""k-means++ seeding: each pick is drawn in proportion to its squared distance from the picks before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist._arrays import Floats, Rows
from querist.view import Selection


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
    rest = _copies(picked, ties)
    fill = rest[: n - len(picked)]
    rows = np.concatenate([np.array(picked, np.intp), fill])
    uniform = 1.0 / (len(rest) - np.arange(len(fill)))
    return Selection(rows, np.append(value, np.zeros(len(fill))), np.append(propensity, uniform))


def proportional(weight: Floats, rng: np.random.Generator) -> int:
    """Draw one row in proportion to its weight; weight [N] ≥ 0, not all 0; O(N).

    >>> proportional(np.array([0.0, 2.0, 0.0]), np.random.default_rng(0))
    1
    """
    total = np.cumsum(weight)
    at = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    return at if at < len(weight) else int(np.flatnonzero(weight)[-1])


def _copies(picked: list[int], ties: Floats) -> Rows:
    """Order the rows not yet picked by their keyed numbers, which makes each equally likely."""
    order = np.argsort(-ties, kind="stable")
    return order[~np.isin(order, picked)]
