"""Stop when no prediction changes any more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from querist.estimate.protocol import History, Verdict
from querist.estimate.stopping._agreement import both


@dataclass(frozen=True)
class ClassificationChange:
    """Stop when the last k models changed no prediction on the stop set.

    A model that predicts one class only would stop at once, so at least ``least`` labels and two predicted classes are
    asked for. Cost: O(k·S). Source: Zhu, Wang, Hovy & Ma 2010.

    >>> ClassificationChange()(History()).sentence
    'not enough yet: 0 models of the 2 that are compared'
    """

    k: int = 1
    least: int = 30

    def __call__(self, history: History) -> Verdict:
        """Count the changes over the last k models."""
        versions = history.comparable()[-self.k - 1 :]
        if len(versions) <= self.k:
            return Verdict(False, f"not enough yet: {len(versions)} models of the {self.k + 1} that are compared")
        if versions[-1].labels < self.least:
            return Verdict(False, f"not enough yet: {versions[-1].labels} of at least {self.least} labels")
        pairs = [both(first, second) for first, second in pairwise(versions)]
        if min(len(np.unique(second)) for _, second in pairs) < 2:
            return Verdict(False, "not enough yet: a model predicts one class only, or nothing")
        changes = sum(int((first != second).sum()) for first, second in pairs)
        models = "the last model" if self.k == 1 else f"the last {self.k} models"
        if changes:
            verb = "prediction" if changes == 1 else "predictions"
            return Verdict(False, f"{models} changed {changes} {verb} on the stop set")
        return Verdict(True, f"{models} changed no prediction on the stop set")
