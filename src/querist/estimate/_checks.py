"""Checks that the estimators share."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput


def check_confidence(confidence: float) -> None:
    """Refuse a confidence that is no probability strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, both excluded: got {confidence}; 0.95 is usual")


def check_counts(count: float, n: float, pool: int | None) -> None:
    """Refuse counts that cannot be: more successes than labels, or more labels than items."""
    if not 0 <= count <= n:
        raise BadInput(f"a count must lie between 0 and the {n} labels it is out of: got {count}")
    if pool is not None and n > pool:
        raise BadInput(f"{n} labels cannot come from a pool of {pool} items: pool must be at least {n}")


def check_losses(losses: Floats, pool: int | None, high: float = 1.0) -> None:
    """Refuse losses that are not finite, outside [0, high], or more than the pool has items."""
    check_counts(0, len(losses), pool)
    wrong = ~((losses >= 0) & (losses <= high))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadInput(f"losses must lie between 0 and {high:g}: row {row} is {losses[row]}")


def check_chances(chances: Floats, count: int, name: str) -> None:
    """Refuse probabilities of another length than the losses, or outside (0, 1]."""
    if len(chances) != count:
        raise BadInput(f"{name} must have one entry for each of the {count} losses: got {len(chances)}")
    wrong = ~((chances > 0) & (chances <= 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadInput(f"{name} must lie between 0 (excluded) and 1: row {row} is {chances[row]}")
