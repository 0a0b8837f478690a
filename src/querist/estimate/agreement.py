"""How far people agree on the items that they share: Krippendorff's alpha, and pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from querist._arrays import Floats
from querist.estimate.proportion import wilson

LEAST = 20
"""Fewest items that two people labelled: below, the interval hardly says anything and covers too seldom."""
MOST_PAIRS = 20


@dataclass(frozen=True)
class Pair:
    """Two people: the items that both labelled, the share on which they agree, with an interval, and Cohen's kappa.

    ``kappa`` is None where both always say the same single class: there is nothing to agree on by chance or otherwise.
    """

    who: str
    other: str
    items: int
    share: float
    low: float
    high: float
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """How far people agree: ``alpha`` is 1 where they always do, 0 where they do as often as by chance.

    ``alpha`` and its ends are None where the items do not carry a figure; ``share`` is the mean share of pairs of
    people that agree on an item.
    """

    items: int
    people: int
    share: float | None
    alpha: float | None
    low: float | None
    high: float | None
    pairs: tuple[Pair, ...] = ()

    @property
    def sentence(self) -> str:
        """The agreement in plain words.

        >>> Agreement(40, 2, 0.9, 0.8, 0.61, 0.9).sentence
        'people agree on 90.0 % of 40 shared items: alpha 0.80 (0.61 to 0.90, 95 % confidence, approximate)'
        >>> Agreement(3, 2, None, None, None, None).sentence
        'agreement: not enough yet: 3 of 20 items that two people labelled'
        """
        if self.share is None:
            return f"agreement: not enough yet: {self.items} of {LEAST} items that two people labelled"
        said = f"people agree on {100 * self.share:.1f} % of {self.items} shared items"
        if self.alpha is None:
            return f"{said}: alpha is not defined, for only one class was ever named"
        return f"{said}: alpha {self.alpha:.2f} ({self.low:.2f} to {self.high:.2f}, 95 % confidence, approximate)"

    def facts(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "pairs": [asdict(pair) for pair in self.pairs], "sentence": self.sentence}


def agreement(said: Sequence[Mapping[str, int]], *, classes: int, confidence: float = 0.95) -> Agreement:
    """Tell how far people agree from who said which class (its code) of each item that two or more people labelled.

    Formula: α = 1 − D_o/D_e; D_o is the mean over answers of the share of the others' answers on the item that differ,
    D_e the same over all answers at once. The interval is Wilson's of D_o, over the Kish size of the items, with D_e
    taken as known: approximate. Range: α ≤ 1. Not enough below 20 items. Cost: O(answers + items·C). Source:
    Krippendorff 2004; Wilson 1927; Cohen 1960.

    >>> found = agreement([{"ann": i % 2, "bob": i % 2 if i else 1} for i in range(40)], classes=2)
    >>> round(found.alpha, 3), round(found.low, 3), round(found.high, 3), found.pairs[0].items
    (0.951, 0.745, 0.991, 40)
    """
    shared = [one for one in said if len(one) > 1]
    people = len({who for one in shared for who in one})
    if len(shared) < LEAST:
        return Agreement(len(shared), people, None, None, None, None)
    counts = np.zeros((len(shared), classes))
    for at, one in enumerate(shared):
        np.add.at(counts[at], list(one.values()), 1)
    size = counts.sum(axis=1)
    differs = 1 - (counts * (counts - 1)).sum(axis=1) / (size * (size - 1))
    weight = size / size.sum()
    share = float(1 - differs.mean())
    alpha, low, high = _alpha(float(weight @ differs), counts.sum(axis=0), 1 / float((weight**2).sum()), confidence)
    return Agreement(len(shared), people, share, alpha, low, high, _pairs(shared, confidence))


def _alpha(
    observed: float, totals: Floats, size: float, confidence: float
) -> tuple[float, float, float] | tuple[None, None, None]:
    n = totals.sum()
    expected = float(1 - (totals * (totals - 1)).sum() / (n * (n - 1)))
    if expected <= 0:
        return None, None, None
    low, high = wilson(observed * size, size, confidence=confidence)
    return 1 - observed / expected, 1 - high / expected, 1 - low / expected


def _pairs(shared: Sequence[Mapping[str, int]], confidence: float) -> tuple[Pair, ...]:
    """List the pairs that share most items first, twenty at most."""
    both: dict[tuple[str, str], Counter[tuple[int, int]]] = {}
    for one in shared:
        for who, other in combinations(sorted(one), 2):
            both.setdefault((who, other), Counter())[one[who], one[other]] += 1
    ranked = sorted(both.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    return tuple(_pair(*names, table, confidence) for names, table in ranked[:MOST_PAIRS])


def _pair(who: str, other: str, table: Counter[tuple[int, int]], confidence: float) -> Pair:
    n = table.total()
    same = sum(number for (one, two), number in table.items() if one == two)
    low, high = wilson(same, n, confidence=confidence)
    first, second = Counter[int](), Counter[int]()
    for (one, two), number in table.items():
        first[one] += number
        second[two] += number
    chance = sum(first[label] * second[label] for label in first) / n**2
    kappa = None if chance >= 1 else (same / n - chance) / (1 - chance)
    return Pair(who, other, n, same / n, low, high, kappa)
