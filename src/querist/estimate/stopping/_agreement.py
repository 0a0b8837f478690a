"""How much two models agree on the stop set."""

from __future__ import annotations

import numpy as np

from querist.estimate.protocol import Codes, Version


def both(first: Version, second: Version) -> tuple[Codes, Codes]:
    """Give the predictions of two models on the items that both of them predicted."""
    n = min(len(first.predicted), len(second.predicted))
    one, two = first.predicted[:n], second.predicted[:n]
    use = (one >= 0) & (two >= 0)
    return one[use], two[use]


def kappa(first: Codes, second: Codes) -> float | None:
    """Compute Cohen's kappa between two predictions; None where both name one class only, which proves nothing.

    Formula: (p_o − p_e)/(1 − p_e), p_o the share of equal predictions, p_e what their class shares alone would give.
    Range: [−1, 1]. Cost: O(S + C). Source: Cohen 1960.

    >>> round(kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])), 4)
    0.5
    """
    if not len(first):
        return None
    size = int(max(first.max(), second.max())) + 1
    shares = np.bincount(first, minlength=size) @ np.bincount(second, minlength=size) / len(first) ** 2
    if shares >= 1:
        return None
    return float(((first == second).mean() - shares) / (1 - shares))
