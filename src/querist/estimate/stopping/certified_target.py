"""Stop when the audit proves that the error is low enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist.estimate.looks import alpha_at
from querist.estimate.proportion import labels_needed, upper_bound
from querist.estimate.protocol import History, Verdict


@dataclass(frozen=True)
class CertifiedTarget:
    """Stop when the error is at most ``error`` with the stated confidence, however often one looks.

    Formula: the exact upper bound of the error of the current model, from the audit answers that were there when it was
    trained, at confidence 1 − α_t, α_t = 6α/(π² t²); looks t are counted over the models that had audit labels enough
    to succeed at all. It stops wrongly in at most 1 − confidence of the studies. Cost: O(n log N). Source: Clopper &
    Pearson 1934; hypergeometric for a finite pool.

    >>> CertifiedTarget()(History()).sentence
    'not enough yet: 0 audit labels; an error of at most 5 % needs 69 or more'
    """

    error: float = 0.05
    confidence: float = 0.95

    def __call__(self, history: History) -> Verdict:
        """Bound the error of the current model."""
        alpha = 1 - self.confidence
        fewest = labels_needed(self.error, confidence=1 - alpha_at(alpha, 1), pool=history.pool)
        able = [version for version in history.versions if version.audited >= fewest]
        if not history.versions or not able or able[-1] is not history.versions[-1]:
            known = history.versions[-1].audited if history.versions else 0
            need = f"an error of at most {100 * self.error:g} % needs {fewest} or more"
            return Verdict(False, f"not enough yet: {known} audit labels; {need}")
        right = _right_then(history)
        wrong, level = int(len(right) - right.sum()), 1 - alpha_at(alpha, len(able))
        high = upper_bound(wrong, len(right), confidence=level, pool=history.pool)
        found = f"the error is at most {100 * high:.1f} % ({100 * self.confidence:g} % confidence, {len(right)} labels)"
        return Verdict(high <= self.error, found + ("" if high <= self.error else f", not {100 * self.error:g} %"))


def _right_then(history: History) -> np.typing.NDArray[np.bool_]:
    """Score the current model on the answers that were there when it was trained: later ones would be another look."""
    last = history.versions[-1]
    return History(history.versions, history.truth[: last.audited]).right(last)
