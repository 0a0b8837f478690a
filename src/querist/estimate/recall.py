"""Recall of a search for one class: what was found, what is left, and when to stop reading."""

from __future__ import annotations

from math import ceil, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate._checks import check_confidence
from querist.estimate.proportion import exact
from querist.estimate.protocol import Estimate, Interval, Verdict, not_enough

RATIO = 6.0
"""How many times flatter the gain curve must be after its knee than before it."""
FEW_FOUND = 150
"""Members found below which the knee must be sharper, by one for each that is missing."""


def members_needed(recall: float = 0.95, *, confidence: float = 0.9) -> int:
    """Give the fewest random members that certify a recall when the search has found every one of them.

    Formula: the smallest r with recall^r ≤ 1 − confidence. Cost: O(1). Raises BadInput. Source: Lewis, Yang & Frieder
    2021.

    >>> members_needed(0.95), members_needed(0.8)
    (45, 11)
    """
    check_confidence(confidence)
    check_recall(recall)
    return ceil(log(1 - confidence) / log(recall))


def certified(found: int, members: int, *, recall: float = 0.95, confidence: float = 0.9) -> Verdict:
    """Stop when the search has found every one of the members that a random sample held before it began.

    ``found`` of ``members``: those that the search would have read by now, the sample itself never read by it nor
    trained on. With ``members_needed`` members or more, reading stops at a recall below ``recall`` with probability at
    most recall^members ≤ 1 − confidence, whatever the model does and however often one looks: the members are a random
    part of the class, and the last of them is one place in the order of reading. Cost: O(1). Raises BadInput.
    Source: Cormack & Grossman 2016 (target method); Lewis, Yang & Frieder 2021.

    >>> certified(44, 45).sentence
    'go on: the search has found 44 of 45 members drawn at random; all of them certify a recall of 95 %'
    """
    fewest = members_needed(recall, confidence=confidence)
    aim = f"a recall of {100 * recall:g} %"
    if members < fewest:
        return Verdict(False, f"not enough yet: the random sample holds {members} members; {aim} needs {fewest}")
    got = f"the search has found {found} of {members} members drawn at random"
    if found < members:
        return Verdict(False, f"go on: {got}; all of them certify {aim}")
    return Verdict(True, f"stop: {got}: {aim} or more ({100 * confidence:g} % confidence)")


def knee(relevant: ArrayLike) -> Verdict:
    """Stop when reading has become much less rewarding; no guarantee.

    Formula: of the curve of members found R(k) after k items, take the knee i farthest above the line to its end s;
    stop when ρ = (R(i) / i) / ((1 + R(s) − R(i)) / (s − i)) reaches 6, or 156 − R(s) below 150 members. Shapes:
    relevant bool [s], in the order of reading. Cost: O(s). Source: Cormack & Grossman 2016, without their least number
    of 1,000 items.

    >>> knee([True] * 200 + [False] * 100).sentence
    'stop: reading finds 100.0 times fewer since item 200 (200 found; the knee rule, which guarantees no recall)'
    """
    curve = np.cumsum(np.asarray(relevant, bool))
    if not len(curve) or not curve[-1]:
        return Verdict(False, "not enough yet: nothing was found so far")
    at, ratio = _knee(curve)
    bound = RATIO + FEW_FOUND - min(int(curve[-1]), FEW_FOUND)
    told = f"{curve[-1]} found; the knee rule, which guarantees no recall"
    if ratio >= bound:
        return Verdict(True, f"stop: reading finds {ratio:.1f} times fewer since item {at} ({told})")
    return Verdict(False, f"go on: reading finds {ratio:.1f} times fewer since item {at}, {bound:g} are due ({told})")


def _knee(curve: NDArray[np.int64]) -> tuple[int, float]:
    """Find the place farthest above the chord of a gain curve, and the ratio of the slopes before and after it."""
    size, places = len(curve), np.arange(1, len(curve) + 1)
    at = int((curve * size - curve[-1] * places).argmax()) + 1
    if at == size:
        return at, 1.0
    after = (1 + curve[-1] - curve[at - 1]) / (size - at)
    return at, float(curve[at - 1] / at / after)


def recall_of(found: int, members: int, *, confidence: float = 0.95) -> Estimate:
    """Estimate the recall of a search from the members of a random sample that it would have read.

    Formula: found / members, with the exact interval of Clopper & Pearson for one look. Cost: O(1). Raises BadInput.

    >>> recall_of(43, 45).sentence
    'recall 95.6 % (84.9 to 99.5 %, 95 % confidence, 45 audit labels, exact, members drawn at random)'
    """
    if not members:
        return not_enough("recall", 0, confidence, "the random sample holds no member yet")
    low, high = exact(found, members, confidence=confidence)
    name = "exact, members drawn at random"
    return Estimate("recall", found / members, low, high, members, confidence, name)


def left_of(found: int, recall: Estimate) -> Interval:
    """Give the interval of how many members are unread, from the members found and the recall's interval.

    Formula: found · (1/recall − 1) at both ends. Range: [0, ∞]. Cost: O(1).

    >>> [round(end) for end in left_of(500, recall_of(43, 45))]
    [3, 89]
    """
    high = float("inf") if recall.low <= 0 else found * (1 / recall.low - 1)
    return found * (1 / recall.high - 1), high


def expected_left(probs: Floats) -> Estimate:
    """Estimate how many members are unread by the model's own probabilities; approximate, and blind to its mistakes.

    Formula: Σ p over the unread rows, ± 2 √Σ p (1 − p). Shapes: probs [N]. Range: [0, N]. Cost: O(N).
    Source: Yang, Lewis & Frieder 2021.

    >>> found = expected_left(np.array([0.5, 0.5, 0.02]))
    >>> round(found.value, 2), round(found.high, 2)
    (1.02, 2.46)
    """
    middle, spread = float(probs.sum()), 2 * float((probs * (1 - probs)).sum()) ** 0.5
    high = min(middle + spread, float(len(probs)))
    return Estimate("left", middle, max(middle - spread, 0.0), high, 0, 0.95, "the model's own probabilities")


def depth_of(relevant: ArrayLike, total: int, *, recall: float = 0.95) -> int | None:
    """Count the items read until a share of all members was found; None where it never was.

    Shapes: relevant [s], in the order of reading, bool or how many each brought. Cost: O(s). Raises BadInput.

    >>> depth_of([True, False, True, True], 4, recall=0.5)
    3
    """
    check_recall(recall)
    curve = np.cumsum(np.asarray(relevant, np.int64))
    due = ceil(recall * total - 1e-9)
    at = int(np.searchsorted(curve, due))
    return at + 1 if at < len(curve) else None


def work_saved(depth: int, pool: int, *, recall: float = 0.95) -> float:
    """Compute the work saved over sampling at a recall, WSS@95 for 0.95.

    Formula: (N − depth) / N − (1 − recall). Range: [recall − 1, recall]. Cost: O(1). Source: Cohen et al. 2006.

    >>> round(work_saved(150, 1000), 3)
    0.8
    """
    check_recall(recall)
    return (pool - depth) / pool - (1 - recall)


def check_recall(recall: float) -> None:
    """Refuse a recall that is not strictly between 0 and 1."""
    if not 0 < recall < 1:
        raise BadInput(f"the recall to reach must lie between 0 and 1, both excluded: got {recall}; 0.95 is 95 %")
