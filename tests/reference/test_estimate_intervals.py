"""Intervals against enumeration on tiny pools, SciPy's distributions, and published values."""

from __future__ import annotations

from itertools import combinations, permutations, product
from math import comb

import numpy as np
import pytest
from scipy import stats

from querist.estimate.lure import lure, lure_interval, lure_sequence, lure_weights
from querist.estimate.powered import powered
from querist.estimate.proportion import exact, labels_needed, upper_bound, wilson
from querist.estimate.sequence import mean_sequence, proportion_sequence


class TestProportion:
    @pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (10, 10), (45, 60)])
    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    def test_wilson_and_clopper_pearson_are_those_of_scipy(self, count, n, confidence):
        test = stats.binomtest(count, n)
        for ours, method in ((wilson, "wilson"), (exact, "exact")):
            theirs = test.proportion_ci(confidence, method=method)
            assert ours(count, n, confidence=confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

    @pytest.mark.parametrize(("pool", "n"), [(1, 1), (7, 3), (12, 12), (40, 17)])
    def test_the_finite_interval_inverts_the_hypergeometric_test(self, pool, n):
        for count in range(n + 1):
            low, high = exact(count, n, pool=pool)
            kept = [
                marked / pool
                for marked in range(count, pool - n + count + 1)
                if stats.hypergeom.cdf(count, pool, marked, n) >= 0.025
                and stats.hypergeom.sf(count - 1, pool, marked, n) >= 0.025
            ]
            assert (low, high) == pytest.approx((min(kept), max(kept)))

    @pytest.mark.parametrize("pool", [5, 23])
    @pytest.mark.parametrize("confidence", [0.8, 0.95])
    def test_the_finite_interval_covers_for_every_number_of_errors(self, pool, confidence):
        for n, marked in product(range(pool + 1), range(pool + 1)):
            counts = np.arange(max(0, n - pool + marked), min(n, marked) + 1)
            mass = stats.hypergeom.pmf(counts, pool, marked, n)
            ends = [exact(int(count), n, confidence=confidence, pool=pool) for count in counts]
            inside = [low - 1e-9 <= marked / pool <= high + 1e-9 for low, high in ends]
            assert mass[inside].sum() >= confidence - 1e-9

    def test_59_right_labels_prove_five_percent(self):
        assert labels_needed(0.05) == 59
        assert upper_bound(0, 59) <= 0.05 < upper_bound(0, 58)

    @pytest.mark.parametrize("pool", [10, 100, 900])
    def test_labels_needed_is_the_smallest_number_that_does(self, pool):
        enough = [n for n in range(pool + 1) if upper_bound(0, n, pool=pool) <= 0.1]
        assert labels_needed(0.1, pool=pool) == enough[0]


def orders(pool):
    """Every order of a tiny pool, equally likely."""
    return np.array(list(permutations(range(pool))))


class TestSequences:
    @pytest.mark.parametrize("marked", range(7))
    @pytest.mark.parametrize("confidence", [0.5, 0.9])
    def test_the_hypergeometric_sequence_covers_at_all_times_together(self, marked, confidence):
        pool = 6
        losses = (np.arange(pool) < marked)[orders(pool)]
        paths = np.unique(losses, axis=0)  # equal losses: each distinct order is as likely as any other
        missed = 0
        for path in paths:
            counts = np.cumsum(path)
            ends = [proportion_sequence(int(k), n, confidence=confidence, pool=pool) for n, k in enumerate(counts, 1)]
            missed += any(not low - 1e-9 <= marked / pool <= high + 1e-9 for low, high in ends)
        assert missed / len(paths) <= 1 - confidence + 1e-9

    def test_the_hypergeometric_sequence_is_the_prior_over_the_posterior(self):
        pool, n, count, alpha = 9, 5, 2, 0.05
        likelihood = {m: comb(m, count) * comb(pool - m, n - count) / comb(pool, n) for m in range(pool + 1)}
        mean = sum(likelihood.values()) / (pool + 1)
        kept = [m / pool for m, value in likelihood.items() if value > alpha * mean]
        assert proportion_sequence(count, n, pool=pool) == pytest.approx((min(kept), max(kept)))

    @pytest.mark.parametrize("losses", [[0.0, 0.1, 0.2, 0.9, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0], [0.5] * 5])
    @pytest.mark.parametrize("confidence", [0.5, 0.9])
    def test_betting_without_replacement_covers_at_all_times_together(self, losses, confidence):
        values, pool = np.array(losses), len(losses)
        missed = 0
        for order in orders(pool):
            drawn = values[order]
            ends = [mean_sequence(drawn[:n], confidence=confidence, pool=pool) for n in range(1, pool + 1)]
            missed += any(not low - 1e-9 <= values.mean() <= high + 1e-9 for low, high in ends)
        assert missed / 120 <= 1 - confidence

    def test_the_binomial_sequence_covers_at_all_times_together(self):
        rng = np.random.default_rng(0)
        counts = np.cumsum(rng.random((400, 60)) < 0.2, axis=1)
        missed = 0
        table = {(n, k): proportion_sequence(k, n, confidence=0.8) for n in range(1, 61) for k in range(n + 1)}
        for path in counts:
            ends = [table[n, int(k)] for n, k in enumerate(path, 1)]
            missed += any(not low <= 0.2 <= high for low, high in ends)
        assert missed / 400 <= 0.2


def draws(weight, m):
    """Every order of m of the items drawn by weight, with its probability and the chance of each pick."""
    for order in permutations(range(len(weight)), m):
        left, chances = weight.sum(), []
        for item in order:
            chances.append(weight[item] / left)
            left -= weight[item]
        yield np.array(order), float(np.prod(chances)), np.minimum(np.array(chances), 1.0)


class TestLure:
    weight = np.array([1.0, 2.0, 0.5, 3.0, 1.5])
    losses = np.array([0.0, 1.0, 0.3, 0.0, 1.0])

    @pytest.mark.parametrize("m", [1, 2, 4, 5])
    def test_it_is_unbiased_over_every_order(self, m):
        found = [(p, lure(self.losses[rows], q, pool=5)) for rows, p, q in draws(self.weight, m)]
        assert sum(p for p, _ in found) == pytest.approx(1)
        assert sum(p * value for p, value in found) == pytest.approx(self.losses.mean())

    def test_uniform_chances_give_the_mean(self):
        q = 1 / (10 - np.arange(4))
        assert lure_weights(q, pool=10) == pytest.approx(np.ones(4))

    def test_the_terms_add_up_to_the_estimate(self):
        """The interval rests on LURE as a weighted sum of terms that are each unbiased."""
        for rows, _, q in draws(self.weight, 3):
            low, high = lure_interval(self.losses[rows], q, pool=5, confidence=1e-9)
            value = lure(self.losses[rows], q, pool=5)
            assert (low, high) == pytest.approx((max(0, value), min(1, value)), abs=1e-6) or not 0 <= value <= 1

    @pytest.mark.parametrize("confidence", [0.5, 0.9])
    def test_its_betting_interval_covers_at_all_times_together(self, confidence):
        losses = np.array([0.0, 1.0, 0.0, 0.0, 1.0])
        missed = 0.0
        for rows, p, q in draws(self.weight, 5):
            ends = [lure_sequence(losses[rows[:n]], q[:n], pool=5, confidence=confidence) for n in range(1, 6)]
            missed += p * any(not low - 1e-9 <= 0.4 <= high + 1e-9 for low, high in ends)
        assert missed <= 1 - confidence


class TestPowered:
    def test_it_is_the_regression_estimator(self):
        """Cochran: the value of the fitted line at the mean of the pool."""
        rng = np.random.default_rng(3)
        expected = rng.random(50)
        losses = (rng.random(50) < expected).astype(float)
        line = stats.linregress(expected, losses)
        value, _ = powered(losses, expected, mean_expected=0.41, pool=5000)
        assert value == pytest.approx(line.intercept + line.slope * 0.41)

    def test_useless_expectations_change_nothing(self):
        losses = np.tile([0.0, 1.0, 1.0], 20)
        value, (low, high) = powered(losses, np.full(60, 0.3), mean_expected=0.7, pool=10**9)
        half = stats.t.ppf(0.975, 58) * losses.std() * (60 / 58) ** 0.5 / 60**0.5
        assert (value, low, high) == pytest.approx((2 / 3, 2 / 3 - half, 2 / 3 + half))

    def test_the_mean_over_every_sample_is_near_the_truth(self):
        losses, expected = np.array([0, 0, 1, 1, 1, 0.0]), np.array([0.1, 0.2, 0.6, 0.9, 0.7, 0.3])
        values = [
            powered(losses[list(rows)], expected[list(rows)], mean_expected=expected.mean(), pool=6)[0]
            for rows in combinations(range(6), 4)
        ]
        assert np.mean(values) == pytest.approx(0.5, abs=0.03)
