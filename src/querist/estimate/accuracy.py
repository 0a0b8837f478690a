"""The accuracy of a model on its pool, by the estimator that the labels carry."""

from __future__ import annotations

import numpy as np

from querist.estimate.lure import lure, lure_interval, lure_sequence
from querist.estimate.powered import powered, powered_apart, within
from querist.estimate.proportion import exact
from querist.estimate.protocol import Estimate, Interval, not_enough
from querist.estimate.sample import Sample
from querist.estimate.sequence import proportion_sequence

NAME = "accuracy"


def accuracy(sample: Sample, *, confidence: float = 0.95) -> Estimate:
    """Estimate the accuracy, choosing the estimator by a rule that is fixed beforehand.

    ============================================  ====================================================
    the sample                                    the estimator and its interval
    ============================================  ====================================================
    no label                                      none: not enough yet
    unequal chances, few labels or few outcomes   LURE, with the interval of weighted betting (exact)
    unequal chances                               LURE, with its normal interval
    uniform, few labels, outcomes, no expected    the share, with the hypergeometric interval (exact)
    uniform                                       power-tuned prediction-powered inference
    ============================================  ====================================================

    Few labels are less than 30, few outcomes less than 5 right or wrong ones (at 95 %; see ``Sample.normal``). Cost:
    O(n log N), by betting O(1000·n). Source: see the estimators.

    >>> right = np.zeros(20, np.int64)
    >>> found = accuracy(Sample(right, right, classes=("a", "b"), pool=1000))
    >>> found.value, found.low, found.method
    (1.0, 0.834, 'exact')
    """
    if not len(sample):
        return not_enough(NAME, 0, confidence, "no audit label yet")
    method, error, ends = _error(sample, confidence)
    return _estimate(error, ends, sample, confidence=confidence, method=method)


def _error(sample: Sample, confidence: float) -> tuple[str, float, Interval]:
    wrong = sample.wrong
    if sample.propensity is not None:
        return _weighted(sample, confidence)
    if sample.expected is not None and sample.mean_expected is not None and sample.normal(confidence):
        mean, pool = sample.mean_expected, sample.pool
        value, ends = powered(wrong, sample.expected, mean_expected=mean, pool=pool, confidence=confidence)
        return "prediction-powered, asymptotic", value, ends
    if sample.expected is not None and sample.others is not None and sample.normal(confidence):
        value, ends = powered_apart(wrong, sample.expected, sample.others, confidence=confidence)
        return "prediction-powered, asymptotic", value, within(value, ends)
    ends = exact(int(wrong.sum()), len(sample), confidence=confidence, pool=sample.pool)
    return "exact", float(wrong.mean()), ends


def _weighted(sample: Sample, confidence: float) -> tuple[str, float, Interval]:
    wrong, q = sample.wrong, np.asarray(sample.propensity, np.float64)
    pool = int(sample.pool or 0)
    value = lure(wrong, q, pool=pool)
    if sample.normal(confidence):
        return "LURE, asymptotic", value, lure_interval(wrong, q, pool=pool, confidence=confidence)
    low, high = lure_sequence(wrong, q, pool=pool, confidence=confidence)
    return "LURE with betting", value, (low, high)


def accuracy_at_any_time(sample: Sample, *, confidence: float = 0.95) -> Estimate:
    """Estimate the accuracy of one fixed model with an interval that holds after every audit label at once.

    Formula: ``proportion_sequence`` on a uniform sample, ``lure_sequence`` on one with unequal chances. Cost: O(log N),
    by betting O(1000·n). Source: Waudby-Smith & Ramdas 2020; Shekhar 2023.

    >>> right = np.zeros(20, np.int64)
    >>> round(accuracy_at_any_time(Sample(right, right, classes=("a", "b"), pool=1000)).low, 3)
    0.742
    """
    n = len(sample)
    if not n:
        return not_enough(NAME, 0, confidence, "no audit label yet")
    if sample.propensity is not None:
        pool = int(sample.pool or 0)
        low, high = lure_sequence(sample.wrong, sample.propensity, pool=pool, confidence=confidence)
        error = lure(sample.wrong, sample.propensity, pool=pool)
    else:
        count = int(sample.wrong.sum())
        low, high = proportion_sequence(count, n, confidence=confidence, pool=sample.pool)
        error = count / n
    return _estimate(error, (low, high), sample, confidence=confidence, method="at any time")


def _estimate(error: float, ends: Interval, sample: Sample, *, confidence: float, method: str) -> Estimate:
    """Turn an error into an accuracy within [0, 1], the value within the interval."""
    low, high = (float(np.clip(1 - end, 0.0, 1.0)) for end in reversed(ends))
    return Estimate(NAME, float(np.clip(1 - error, low, high)), low, high, len(sample), confidence, method)
