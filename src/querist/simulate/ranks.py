"""Ranks over data sets: do the strategies differ at all, which of them differ, and how far is each from the best?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from querist._arrays import Floats

LEVEL = 0.05


class RankTest(NamedTuple):
    """Friedman's test over data sets, and the gap between mean ranks from which two strategies differ."""

    datasets: int
    statistic: float
    p: float
    critical_difference: float
    """Nemenyi's, at 5 % over all pairs."""


def rank_test(areas: Floats) -> RankTest | None:
    """Test whether strategies rank alike; None with fewer than three strategies or two data sets.

    Formula: Friedman's chi-squared statistic of the ranks, corrected for ties; critical difference
    q·√(k(k + 1) / (6·N)), q the 5 % point of the studentised range over √2, of k strategies on N data sets. The p value
    is that of chi-squared with k − 1 degrees, rough below ten data sets. Shapes: areas [N, k], more is better.
    Source: Friedman 1937; Nemenyi 1963; Demšar 2006.

    >>> found = rank_test(np.array([[0.1, 0.2, 0.3]] * 12))
    >>> found.statistic, round(found.p, 6), round(found.critical_difference, 3)
    (24.0, 6e-06, 0.957)
    """
    datasets, count = areas.shape
    if datasets < 2 or count < 3:
        return None
    from scipy.stats import friedmanchisquare, studentized_range

    critical = float(studentized_range.ppf(1 - LEVEL, count, inf)) / sqrt(2) * sqrt(count * (count + 1) / 6 / datasets)
    if (areas == areas[:, :1]).all():
        return RankTest(datasets, 0.0, 1.0, critical)
    statistic, p = friedmanchisquare(*areas.T)
    return RankTest(datasets, float(statistic), float(p), critical)


def alike(ranks: Sequence[float], critical_difference: float) -> list[tuple[int, int]]:
    """List the longest runs of ranks, in rising order, whose ends are no further apart than the critical difference.

    Gives (first, last) positions; a rank that is alike to no other is in none.

    >>> alike([1.0, 1.5, 2.6, 4.0], 1.2)
    [(0, 1), (1, 2)]
    """
    runs: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = max(i for i, other in enumerate(ranks) if other - rank <= critical_difference)
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs


def regrets(areas: Mapping[tuple[str, str], Mapping[int, float]], strategies: Sequence[str]) -> dict[str, Floats]:
    """Give for each strategy how far its area lies below the best one's in every run that all strategies have.

    A run is a seed on a data set. Rising; the share of values up to τ is the performance profile at τ.
    Shapes: [runs] each. Source: Dolan & Moré 2002, of differences, since areas have no zero.

    >>> areas = {("ant", "a"): {0: 0.9, 1: 0.5}, ("ant", "b"): {0: 0.7, 1: 0.5}}
    >>> regrets(areas, ["a", "b"])["b"].round(3).tolist()
    [0.0, 0.2]
    """
    gaps: dict[str, list[float]] = {name: [] for name in strategies}
    for dataset in dict.fromkeys(d for d, _ in areas):
        own = [areas.get((dataset, name), {}) for name in strategies]
        for seed in sorted(set(own[0]).intersection(*own[1:])):
            best = max(area[seed] for area in own)
            for name, area in zip(strategies, own, strict=True):
                gaps[name].append(best - area[seed])
    return {name: np.sort(np.array(values)) for name, values in gaps.items()}
