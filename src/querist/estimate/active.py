"""The mean loss of a pool when each item is labelled with a chance of its own: active statistical inference."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate._checks import check_chances, check_confidence
from querist.estimate.protocol import Interval

MIX = 0.5
FLOOR = 0.1


def chances(uncertainty: Floats, *, budget: float, mix: float = MIX) -> Floats:
    """Give each item of a pool the chance to be labelled, more where the loss is uncertain; float64 [N].

    Formula: π = (1 − τ) η u + τ b/N, u the expected standard deviation of (l − f), η such that Σ π = b; clipped to
    [b/(10 N), 1], what is clipped shared by the others. Shapes: uncertainty [N], 0 or more → [N]. Range: (0, 1]. Cost:
    O(N). Raises BadInput. Source: Zrnic & Candès 2024.

    >>> chances(np.array([0.0, 0.0, 0.5, 0.5]), budget=1).round(4).tolist()
    [0.125, 0.125, 0.375, 0.375]
    """
    u = np.asarray(uncertainty, np.float64)
    if not len(u) or not 0 < budget <= len(u):
        raise BadInput(f"the budget must lie between 0 and the {len(u)} items of the pool: got {budget}")
    if not (np.isfinite(u) & (u >= 0)).all():
        raise BadInput("uncertainty must be finite and 0 or more")
    even = np.full(len(u), budget / len(u))
    own = u * (budget / u.sum()) if u.sum() > 0 else even
    return _fill((1 - mix) * own + mix * even, budget)


def _fill(chance: Floats, budget: float) -> Floats:
    """Cap chances at 1 and give what is over to the others in proportion; floor them at a tenth of even chances."""
    least = FLOOR * budget / len(chance)
    for _ in range(len(chance)):
        full = chance >= 1
        left, over = budget - full.sum(), chance[~full].sum()
        chance = np.where(full, 1.0, chance * (left / over if over > 0 else 1.0))
        if not (chance > 1 + 1e-12).any():
            break
    return np.clip(chance, min(least, 1.0), 1.0)


def active(losses: Floats, expected: Floats, chance: Floats, *, mean_expected: float, pool: int) -> tuple[float, float]:
    """Estimate the mean loss of a pool from items labelled independently with known chances; value, standard error.

    Formula: θ = F + (1/N) Σ_labelled (l_i − f_i)/π_i, unbiased whatever the expectations f; its variance on this pool
    is estimated by (1/N²) Σ_labelled (1 − π_i) (l_i − f_i)²/π_i². Shapes: losses, expected, chance [n] of the labelled
    items; ``mean_expected`` F over all N. Cost: O(n). Raises BadInput. Source: Zrnic & Candès 2024; Robins, Rotnitzky &
    Zhao 1994; the variance after Horvitz & Thompson 1952.

    >>> value, error = active(np.array([1.0]), np.array([0.5]), np.array([0.5]), mean_expected=0.25, pool=4)
    >>> round(value, 4), round(error, 4)
    (0.5, 0.1768)
    """
    loss, f, p = (np.asarray(part, np.float64) for part in (losses, expected, chance))
    check_chances(p, len(loss), "chance")
    if len(f) != len(loss) or len(loss) > pool:
        raise BadInput(
            f"each of {len(loss)} losses needs its expected loss, and a pool at least as large: got {len(f)}"
        )
    off = (loss - f) / p
    return float(mean_expected + off.sum() / pool), float(np.sqrt(((1 - p) * off**2).sum()) / pool)


def active_interval(value: float, error: float, *, n: int, confidence: float = 0.95) -> Interval:
    """Give the approximate interval around ``active``: ± t quantile with n − 1 degrees of freedom, within [0, 1].

    Asymptotic: from about 30 labels, and 5 of each outcome, on. (0, 1) below 2 labels.

    >>> [round(end, 3) for end in active_interval(0.5, 0.05, n=100)]
    [0.401, 0.599]
    """
    check_confidence(confidence)
    if n < 2:
        return 0.0, 1.0
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    return min(max(0.0, value - half), 1.0), max(min(1.0, value + half), 0.0)
