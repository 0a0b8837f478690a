"""Metrics of classification, in NumPy: a simulation computes them once a round."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats

BINS = 15
SPECIFICITY = 0.95
"""The share of the negatives that are to be told from the positives, of ``sensitivity``."""

Counts = NDArray[np.int64]
"""A confusion matrix [C, C]: row the truth, column the prediction."""


def accuracy(counts: Counts) -> float:
    """Compute the share of right predictions; [0, 1].

    >>> accuracy(np.array([[1, 0], [1, 2]]))
    0.75
    """
    return float(np.trace(counts) / counts.sum())


def balanced_accuracy(counts: Counts) -> float:
    """Compute the mean recall over the classes that occur in the truth; [0, 1].

    >>> balanced_accuracy(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]]))
    0.75
    """
    size = counts.sum(axis=1)
    return float(np.mean(np.diag(counts)[size > 0] / size[size > 0]))


def macro_f1(counts: Counts) -> float:
    """Compute the mean of F1 = 2·TP / (2·TP + FP + FN) over the classes that occur in truth or prediction; [0, 1].

    >>> round(macro_f1(np.array([[1, 0, 0], [1, 2, 0], [0, 0, 0]])), 4)
    0.7333
    """
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(2.0 * np.diag(counts)[both > 0] / both[both > 0]))


def log_loss(truth: NDArray[np.int64], probs: Floats) -> float:
    """Compute the mean of −log p of the true class, in nats; [0, 36.04].

    Probabilities are clipped to [ε, 1 − ε], ε = 2.2e-16 (float64), so that one sure mistake costs 36.04, not infinity.

    >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]])), 4)
    18.3684
    """
    tiny = np.finfo(np.float64).eps
    return float(-np.log(np.clip(probs[np.arange(len(truth)), truth], tiny, 1 - tiny)).mean())


def ece(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Compute the expected calibration error of the predicted class over bins of equal mass; [0, 1].

    Formula: Σ_b n_b/N · |share right in b − mean confidence in b|, the rows sorted by confidence and cut into ``bins``
    runs whose sizes differ by one at most. Rows of equal confidence share their mean outcome, so that their order does
    not matter. Cost O(N log N). Source: Naeini 2015; bins of equal mass: Nguyen & O'Connor 2015.

    >>> round(ece(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False]), bins=2), 4)
    0.1
    """
    level, where, size = np.unique(confidence, return_inverse=True, return_counts=True)
    outcome = np.bincount(where, right.astype(np.float64)) / size
    gap = np.repeat(outcome - level, size)
    bins = min(bins, len(gap))
    starts = np.arange(bins) * len(gap) // bins
    return float(np.abs(np.add.reduceat(gap, starts)).sum() / len(gap))


def auroc(truth: NDArray[np.int64], probs: Floats) -> float | None:
    """Compute the area under the ROC curve; [0, 1], 0.5 for chance.

    Formula: P(p of a positive > p of a negative) + ½·P(equal), of the last of two classes; of more classes the mean
    over those that occur, each against all others. None where the truth holds one class alone.
    Cost: O(C·N log N). Source: Hanley & McNeil 1982; Provost & Domingos 2001 (the mean, here without weights).

    >>> auroc(np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]))
    0.75
    """
    areas = []
    for positive, score in _against_rest(truth, probs):
        _, where, size = np.unique(score, return_inverse=True, return_counts=True)
        rank = (np.cumsum(size) - (size - 1) / 2)[where]  # the mean rank of equal scores, from 1
        count = int(positive.sum())
        above = rank[positive].sum() - count * (count + 1) / 2
        areas.append(above / (count * (len(truth) - count)))
    return float(np.mean(areas)) if areas else None


def sensitivity(truth: NDArray[np.int64], probs: Floats) -> float | None:
    """Compute the share of positives found where at least 95 % of the negatives are left alone; [0, 1].

    The positives are the last of two classes; of more classes the mean over those that occur, each against all others.
    A threshold is one of the probabilities said; of those that leave enough negatives alone the lowest counts. None
    where the truth holds one class alone. Cost: O(C·N log N).

    >>> sensitivity(np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]))
    0.5
    """
    shares = []
    for positive, score in _against_rest(truth, probs):
        allowed = (1.0 - SPECIFICITY) * (~positive).sum()
        wrong = np.sort(score[~positive])[::-1]
        # positives above the first negative that is one too many; those beside it would take it with them
        bar = wrong[min(int(allowed + 1e-9), len(wrong) - 1)]
        shares.append(float((score[positive] > bar).mean()))
    return float(np.mean(shares)) if shares else None


def _against_rest(truth: NDArray[np.int64], probs: Floats) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """Give for each class that counts which rows are positive, and the probability that each is."""
    classes = (1,) if probs.shape[1] == 2 else range(probs.shape[1])
    for code in classes:
        positive = truth == code
        if 0 < positive.sum() < len(truth):
            yield positive, probs[:, code]
