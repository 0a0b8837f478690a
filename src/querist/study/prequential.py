"""Accuracy so far: each audit item is scored by the model that was there before its label, and trains the next one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.estimate.looks import alpha_at
from querist.estimate.proportion import wilson
from querist.estimate.protocol import Codes, Estimate, Version, not_enough

NAME = "accuracy_so_far"


def scored(versions: tuple[Version, ...], truth: Codes) -> NDArray[np.bool_]:
    """Tell for each audit answer whether the model before it was right; bool [n], items without an answer left out.

    A model scores the answers that were not there when it was trained, up to those of the next one.

    >>> first = Version(10, np.array([0, 0, 0]), audited=0)
    >>> second = Version(12, np.array([1, 1, 1]), audited=2)
    >>> scored((first, second), np.array([0, 1, 1])).tolist()
    [True, False, True]
    """
    said = np.full(len(truth), -1, np.int64)
    for version in versions:
        rest = slice(version.audited, min(len(truth), len(version.predicted)))
        said[rest] = version.predicted[rest]
    use = (truth >= 0) & (said >= 0)
    return np.asarray(said[use] == truth[use])


def so_far(versions: tuple[Version, ...], truth: Codes, *, look: int, confidence: float = 0.95) -> Estimate:
    """Estimate how often the models of a study were right on items of its pool, each before it had seen the label.

    Formula: the share, with Wilson's interval at 1 − α_t. It is the mean over all models so far, weighted by the audit
    items that each scored: below the accuracy of the current one while models still improve. Approximate: items that
    different models score are right with different probabilities, and their sum varies less than equal ones would.
    Cost: O(V + n). Source: prequential scoring, Dawid 1984; the interval, Wilson 1927; the variance, Hoeffding 1956.
    """
    right = scored(versions, truth)
    if not len(right):
        return not_enough(NAME, 0, confidence, "no audit label yet")
    low, high = wilson(float(right.sum()), len(right), confidence=1 - alpha_at(1 - confidence, max(look, 1)))
    return Estimate(NAME, float(right.mean()), low, high, len(right), confidence, "prequential, approximate")
