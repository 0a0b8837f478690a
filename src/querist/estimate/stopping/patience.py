"""Stop when the accuracy has not risen for some models."""

from __future__ import annotations

from dataclasses import dataclass

from querist.estimate.protocol import History, Verdict
from querist.estimate.sample import FEW


@dataclass(frozen=True)
class Patience:
    """Stop when none of the last k models is better on the audit than the best before by more than ``gain``.

    All are scored on the same audit items, of which there must be 30. A rule of thumb: it compares without regard to
    chance. Cost: O(V·n). Source: early stopping, Prechelt 1998.

    >>> Patience()(History()).sentence
    'not enough yet: 0 models and 0 audit labels, of 6 and 30'
    """

    k: int = 5
    gain: float = 0.0

    def __call__(self, history: History) -> Verdict:
        """Compare the last k models with those before."""
        right = history.outcomes()
        models, n = right.shape
        if models <= self.k or n < FEW:
            have = f"{models} models and {n} audit labels"
            return Verdict(False, f"not enough yet: {have}, of {self.k + 1} and {FEW}")
        accuracy = right.mean(axis=1)
        rise = float(accuracy[-self.k :].max() - accuracy[: -self.k].max())
        points = f"{100 * rise:+.2f} points of accuracy over the last {self.k} models"
        if rise > self.gain:
            return Verdict(False, f"it still rises: {points}")
        return Verdict(True, f"it rises no more: {points}")
