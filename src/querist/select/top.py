"""The best row of a step, with ties settled by keyed numbers."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats, Rows

# Matrix products round differently at the edge of a block, so equal rows differ in the last digits: those are ties.
TIE = 1e-9


def leaders(values: Floats) -> Rows:
    """Give the rows within a relative 1e-9 of the greatest value; O(N).

    >>> leaders(np.array([1.0, 3.0, 3.0 - 1e-12])).tolist()
    [1, 2]
    """
    best = values.max()
    return np.flatnonzero(values >= best - TIE * abs(best))


def foremost(values: Floats, ties: Floats) -> int:
    """Give the row of greatest value; of several leaders, the one with the largest tie number.

    Shapes: values [N], ties [N] distinct; −inf marks rows that may not be chosen. Cost: O(N).

    >>> foremost(np.array([1.0, 3.0, 3.0 - 1e-12]), np.array([0.9, 0.1, 0.2]))
    2
    """
    level = leaders(values)
    return int(level[ties[level].argmax()])
