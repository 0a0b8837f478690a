"""Scores of copies are equal, whatever the block that a matrix product computed them in."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats

BITS = 36


def rounded(scores: Floats) -> Floats:
    """Round to 36 binary digits, a relative 1.5·10⁻¹¹: far above the rounding of a product, far below what matters.

    A matrix product treats the rows at the edge of a block in another order, so that copies of a row differ in the
    last digits. Once rounded they tie, and the keyed draw decides, as it must. Cost: O(N).

    >>> rounded(np.array([1 / 3, 1 / 3 + 1e-15, 0.0])).round(6).tolist()
    [0.333333, 0.333333, 0.0]
    >>> len(set(rounded(np.array([1 / 3, 1 / 3 + 1e-15]))))
    1
    """
    mantissa, exponent = np.frexp(scores)
    return np.asarray(np.ldexp(np.round(np.ldexp(mantissa, BITS)), exponent - BITS))
