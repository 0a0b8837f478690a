"""Stop when consecutive models predict the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from querist.estimate.protocol import History, Verdict
from querist.estimate.stopping._agreement import both, kappa


@dataclass(frozen=True)
class StabilisingPredictions:
    """Stop when the agreement of consecutive models on the stop set stays high.

    Formula: the mean of the last k values of Cohen's kappa between consecutive models exceeds ``kappa``; a model that
    predicts one class only agrees with nothing. 0.98 is bold, 0.995 careful. If kappa > T, the F measures of two models
    differ by at most 4(1 − T)/T. Slow drifts pass: join it with ``expected-gain``. Cost: O(k·S). Source: Bloodgood &
    Vijay-Shanker 2009; the bound, Bloodgood & Grothendieck 2013.

    >>> StabilisingPredictions()(History()).sentence
    'not enough yet: 0 models of the 4 that are compared'
    """

    kappa: float = 0.99
    k: int = 3

    def __call__(self, history: History) -> Verdict:
        """Compare the last k + 1 models."""
        versions = history.comparable()[-self.k - 1 :]
        if len(versions) <= self.k:
            return Verdict(False, f"not enough yet: {len(versions)} models of the {self.k + 1} that are compared")
        pairs = (both(first, second) for first, second in pairwise(versions))
        found = [kappa(first, second) for first, second in pairs]
        known = [value for value in found if value is not None]
        if len(known) < len(found):
            return Verdict(False, "not enough yet: a model predicts one class only, or nothing")
        mean = sum(known) / len(known)
        if mean > self.kappa:
            return Verdict(True, f"predictions are stable: kappa {mean:.3f} over the last {self.k} models")
        return Verdict(False, f"predictions still change: kappa {mean:.3f} over the last {self.k} models")
