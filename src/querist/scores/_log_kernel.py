"""A logarithm for compiled loops, which a processor can take of many numbers at a time.

Numba calls the logarithm of the system one number after the other; this one is a polynomial, so that a plain loop over
an array becomes vector instructions. Every rounding is written down, none is left to the compiler: the same bits on
every processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from querist._arrays import Array

TINY = np.float32(2.0**-126)
"""The least normal number in single precision; xlogx takes the logarithm of this for all that is below."""
ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
LOG2 = np.float32(np.log(2.0))
ROOT_HALF, MANTISSA, MANTISSA_BITS = np.int32(0x3F3504F3), np.int32(0x007FFFFF), np.int32(23)
# (log(1 + f) − f + f²/2) / f³ for f from √½ − 1 to √2 − 1, lowest power first: the polynomial of degree 6 with the
# least largest relative error of log(1 + f), 3·10⁻⁸, found by iterated reweighted least squares
Q0, Q1, Q2, Q3, Q4, Q5, Q6 = (
    np.float32(q)
    for q in (
        0.3333390951156616, -0.2500133812427521, 0.19963063299655914, -0.1657758504152298,
        0.14914767444133759, -0.14267489314079285, 0.08700438588857651,
    )
)  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]
def fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Compute a·b + c in single precision, rounded once: one instruction, which Numba has no other name for."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    one = types.float32
    return one(one, one, one), build


@njit(nogil=True, inline="always")  # type: ignore[untyped-decorator]
def log32(x: Any) -> Any:
    """Compute log x of a normal positive number in single precision, to 1.2 units in the last place of all up to 1.

    x = 2ᵉ·(1 + f) with 1 + f from √½ to √2, read off the bits; then log x = e·log 2 + f − f²/2 + f³·Q(f).
    """
    bits = np.int32(np.float32(x).view(np.int32) - ROOT_HALF)
    e = np.float32(bits >> MANTISSA_BITS)
    f = np.int32((bits & MANTISSA) + ROOT_HALF).view(np.float32) - ONE
    q = fused(fused(fused(Q6, f, Q5), f, Q4), f, Q3)
    q = fused(fused(fused(q, f, Q2), f, Q1), f, Q0)
    return fused(e, LOG2, fused(f * f, fused(q, f, -HALF), f))


@njit(nogil=True)  # type: ignore[untyped-decorator]
def xlogx32(values: Array, into: Array) -> None:
    """Compute p·log p of every number in single precision, 0·log 0 = 0; values [M] ≥ 0 of any precision, into [≥ M].

    Error: below 2·10⁻⁷ of p·log p, and of 10⁻³⁶ where p is below the least normal number.
    """
    for i in range(len(values)):
        p = np.float32(values[i])
        into[i] = p * log32(p if p > TINY else TINY)
