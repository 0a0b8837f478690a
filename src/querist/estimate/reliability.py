"""Whether a model is as sure as it is right: the reliability plot and its calibration error, from audit items alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.estimate.proportion import wilson
from querist.estimate.sample import FEW
from querist.tasks._scores import ece

BINS = 10
FILL = 10
"""Items of a bin at least, so that a share is worth a look: fewer items, fewer bins."""
DRAWS = 400


@dataclass(frozen=True)
class Bin:
    """Items of about equal confidence: its mean, the share that is right, with an interval, and their number."""

    confidence: float
    right: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """The bins, least sure first; ``ece`` is the calibration error, in [0, 1].

    ``by_chance`` is the error that a model which is exactly as sure as it is right would show on as many items: with
    few of them it is far from 0.
    """

    bins: tuple[Bin, ...]
    ece: float
    by_chance: float
    n: int

    @property
    def sentence(self) -> str:
        """The error in plain words.

        >>> Reliability((), 0.081, 0.05, 60).sentence
        'calibration error 8.1 % (60 audit labels; a perfectly calibrated model would show 5.0 %)'
        """
        by_chance = f"a perfectly calibrated model would show {100 * self.by_chance:.1f} %"
        return f"calibration error {100 * self.ece:.1f} % ({self.n} audit labels; {by_chance})"

    def facts(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "bins": [asdict(one) for one in self.bins], "sentence": self.sentence}


def reliability(
    confidence: Floats, right: NDArray[np.bool_], rng: np.random.Generator, *, level: float = 0.95
) -> Reliability | None:
    """Compare the probability of the predicted class with how often it is right; None below 30 items.

    Formula: the items sorted by confidence, in bins of equal mass: ten, or fewer so that each has 10 items; the error
    is Σ_b n_b/n · |share right − mean confidence|. ``by_chance`` is its mean over 400 draws of outcomes with these
    probabilities. The intervals of the bins are Wilson's. Shapes: confidence [n] in [0, 1], right [n].
    Cost: O(400·n log n). Source: Naeini 2015; bins of equal mass, Nguyen & O'Connor 2015; the draws, Bröcker & Smith
    2007; Wilson 1927.

    >>> sure = np.repeat([0.6, 0.9], 20)
    >>> found = reliability(sure, np.arange(40) % 10 > 0, np.random.default_rng(0))
    >>> round(found.ece, 3), round(found.by_chance, 3), len(found.bins)
    (0.15, 0.072, 4)
    """
    n = len(confidence)
    if n < FEW:
        return None
    order = np.argsort(confidence, kind="stable")
    sure, hit = np.asarray(confidence, np.float64)[order], np.asarray(right, bool)[order]
    count = min(BINS, n // FILL)
    parts = np.split(np.arange(n), (np.arange(1, count) * n) // count)
    bins = tuple(_bin(sure[part], hit[part], level) for part in parts)
    draws = rng.random((DRAWS, n)) < sure
    by_chance = float(np.mean([ece(sure, one, bins=count) for one in draws]))
    return Reliability(bins, ece(sure, hit, bins=count), by_chance, n)


def _bin(sure: Floats, hit: NDArray[np.bool_], level: float) -> Bin:
    low, high = wilson(float(hit.sum()), len(hit), confidence=level)
    return Bin(float(sure.mean()), float(hit.mean()), low, high, len(hit))
