"""Looking more than once: how the error probability is spent over the looks."""

from __future__ import annotations

from math import pi

from querist.errors import BadInput


def alpha_at(alpha: float, look: int) -> float:
    """Give the error probability that look 1, 2, 3 … may spend.

    Formula: α_t = 6α / (π² t²); over all looks without end they add up to α, so that intervals at confidence 1 − α_t
    hold all at once with probability 1 − α (the union bound: the looks may depend on each other in any way, and be at
    different models). Range: (0, α]. Cost: O(1). Raises BadInput.

    >>> [round(alpha_at(0.05, look), 4) for look in (1, 2, 3)]
    [0.0304, 0.0076, 0.0034]
    """
    if look < 1:
        raise BadInput(f"looks are counted from 1: got {look}")
    return 6 * alpha / (pi * look) ** 2
