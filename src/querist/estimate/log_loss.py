"""The log loss of a model on its pool, from a uniform sample."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats
from querist.estimate.protocol import SURE_MISTAKE, Estimate, Interval, not_enough
from querist.estimate.sample import Sample
from querist.estimate.sequence import mean_sequence


def log_loss(sample: Sample, *, confidence: float = 0.95) -> Estimate:
    """Estimate the mean of −log p of the true class, in nats.

    Formula: the mean ± t s √((1 − n/N)/n), asymptotic, where no single mistake matters much: from 30 labels with 10
    right and 10 wrong ones on, and R/n ≤ s/√n, R the largest loss that the model's probabilities allow on the audited
    items, so that the worst mistake that was not seen would move the mean by one standard error at most. Else the
    interval is that of betting on losses up to 36.04, the cost of one sure mistake: exact, and wide. Range: [0, 36.04].
    Cost: O(n·C), by betting O(1000·n). Source: Waudby-Smith & Ramdas 2023.

    >>> probs = np.tile([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], (20, 1))
    >>> truth = np.tile([0, 1, 1], 20)
    >>> found = log_loss(Sample(truth, probs.argmax(axis=1), classes=("a", "b"), pool=1000, probs=probs))
    >>> found.sentence
    'log loss 0.646 (0.542 to 0.75, 95 % confidence, 60 audit labels, asymptotic)'
    """
    name, losses = "log_loss", sample.log_losses
    if losses is None:
        return not_enough(name, len(sample), confidence, "the learner gives no probabilities")
    if sample.propensity is not None:
        return not_enough(name, len(sample), confidence, "the log loss needs a uniform sample")
    if not len(losses):
        return not_enough(name, 0, confidence, "no audit label yet")
    normal = sample.normal(confidence, few=10) and _tame(losses, sample.probs)
    low, high = _normal(losses, sample.pool, confidence) if normal else _betting(losses, sample.pool, confidence)
    method = "asymptotic" if normal else "by betting"
    value = min(max(float(losses.mean()), low), high)
    return Estimate(name, value, low, high, len(losses), confidence, method)


def _tame(losses: Floats, probs: Floats | None) -> bool:
    """Tell whether the worst mistake that could have been missed hardly moves the mean."""
    if probs is None:
        return False
    worst = min(-float(np.log(max(float(probs.min()), 1e-300))), SURE_MISTAKE)
    return bool(worst / len(losses) <= losses.std(ddof=1) / len(losses) ** 0.5)


def _normal(losses: Floats, pool: int | None, confidence: float) -> Interval:
    from scipy.special import stdtrit

    n = len(losses)
    left = 1.0 if pool is None else 1 - n / pool
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * float(losses.std(ddof=1)) * (left / n) ** 0.5
    mean = float(losses.mean())
    return max(0.0, mean - half), min(SURE_MISTAKE, mean + half)


def _betting(losses: Floats, pool: int | None, confidence: float) -> Interval:
    low, high = mean_sequence(np.minimum(losses / SURE_MISTAKE, 1.0), confidence=confidence, pool=pool)
    return low * SURE_MISTAKE, high * SURE_MISTAKE
