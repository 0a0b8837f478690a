"""Fast estimates of scores on large pools, each with a bound on its error.

They read NumPy arrays of at least ``WORTH`` numbers that lie by row in memory, in float32 or float64; all else gives
None, and is scored in full. The bounds are those of rounding in single precision, doubled: u = 2⁻²⁴ per operation, the
logarithm to 1.2 units in the last place, sums of w numbers as in ``sum_rows`` to 16 + log₂ w additions.
"""

from __future__ import annotations

from importlib import import_module
from math import log, log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Rows
from querist._check import strict_tolerance
from querist._parallel import WORTH, in_threads

UNIT = 2.0**-24
OF_A_TERM = 5
"""Roundings of p·log p: of p, of its logarithm, of the product."""
OF_A_SUM = 16
OF_TWO = 8 * UNIT
"""Both probabilities, and what is made of them, a number up to 1."""


class Estimate(NamedTuple):
    """Scores in single precision [N], and a bound on how far each lies from the score itself.

    ``sound`` is the evidence that was read if every distribution in it is one, else None: then the check has been done.
    """

    values: NDArray[np.float32]
    error: float
    sound: Array | None = None

    def take(self, rows: Rows) -> Estimate:
        """Take some rows."""
        return self._replace(values=self.values[rows])


def entropy(probs: Array) -> Estimate | None:
    """Estimate ``uncertainty.entropy``; probs [N, C]."""
    return _run("uncertainty", "entropy", probs, error_of_entropy(probs.shape[1], probs.shape[1]))


def least_confidence(probs: Array) -> Estimate | None:
    """Estimate ``uncertainty.least_confidence``; probs [N, C]."""
    return _run("uncertainty", "least_confidence", probs, OF_TWO)


def margin(probs: Array) -> Estimate | None:
    """Estimate ``uncertainty.margin``; probs [N, C]."""
    return _run("uncertainty", "margin", probs, OF_TWO)


def ratio(probs: Array) -> Estimate | None:
    """Estimate ``uncertainty.ratio``; probs [N, C]."""
    return _run("uncertainty", "ratio", probs, OF_TWO)


def bald(draws: Array) -> Estimate | None:
    """Estimate ``bayes.bald``, and ``committee.kl_consensus``, which equals it; draws [N, K, C]."""
    _, members, classes = draws.shape
    return _run(
        "committee", "bald", draws, error_of_consensus(members, classes) + error_of_entropy(classes, members * classes)
    )


def consensus_entropy(draws: Array) -> Estimate | None:
    """Estimate ``committee.consensus_entropy``; draws [N, K, C]."""
    _, members, classes = draws.shape
    return _run("committee", "consensus_entropy", draws, error_of_consensus(members, classes))


def vote_entropy(draws: Array) -> Estimate | None:
    """Estimate ``committee.vote_entropy``; draws [N, K, C]."""
    _, members, classes = draws.shape
    # the share of a class is the sum of K votes one after the other
    return _run("committee", "vote_entropy", draws, error_of_consensus(2**members, classes))


def readable(rows: Array) -> bool:
    """Tell whether a compiled loop can read an array, and whether it is large enough to be worth one.

    >>> readable(np.zeros((3, 2)))
    False
    """
    return compilable(rows) and rows.size >= WORTH


def compilable(rows: Array) -> bool:
    """Tell whether a compiled loop can read an array of several classes.

    >>> compilable(np.zeros((3, 2))), compilable(np.zeros((3, 2), order="F")), compilable(np.zeros((3, 2), int))
    (True, False, False)
    """
    single = isinstance(rows, np.ndarray) and rows.dtype in (np.float32, np.float64)
    return single and rows.flags.c_contiguous and rows.shape[-1] > 1


def _run(file: str, kernel: str, rows: Array, error: float) -> Estimate | None:
    if not readable(rows):
        return None
    score = getattr(import_module(f"querist.scores._{file}_kernel"), kernel)
    values = np.empty(len(rows), np.float32)
    bad = in_threads(score, len(rows), rows, values, strict_tolerance(rows))
    return Estimate(values, error, sound=None if any(bad) else rows)


def error_of_entropy(classes: int, terms: int) -> float:
    """Bound the error of an entropy, or a mean of them, that is the sum of so many terms."""
    return 2 * UNIT * (OF_A_TERM + OF_A_SUM + log2(terms)) * (log(classes) + 1)


def error_of_consensus(members: int, classes: int) -> float:
    """Bound the error of the entropy of a mean: a relative error r of p changes −Σ p log p by r·(1 + log C) at most."""
    return error_of_entropy(classes, classes) + 2 * UNIT * (2 + log2(members)) * (log(classes) + 1)
