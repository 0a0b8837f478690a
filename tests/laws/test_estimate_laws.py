"""Laws that every estimator and rule obeys, on any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist._load import builtin
from querist.estimate.accuracy import accuracy, accuracy_at_any_time
from querist.estimate.active import active, chances
from querist.estimate.curve import fit_curve, gain, power_law
from querist.estimate.dawid_skene import dawid_skene, without_own
from querist.estimate.label_errors import confident_joint, suspicion
from querist.estimate.log_loss import log_loss
from querist.estimate.looks import alpha_at
from querist.estimate.lure import lure_interval, lure_sequence
from querist.estimate.macro import balanced_accuracy, macro_f1
from querist.estimate.proportion import exact, wilson
from querist.estimate.protocol import RANGES, History, Version
from querist.estimate.sample import Sample
from querist.estimate.sequence import mean_sequence, proportion_sequence
from querist.estimate.stopping import KIND, rule
from querist.scores.votes import Votes, majority

ESTIMATORS = [accuracy, accuracy_at_any_time, balanced_accuracy, macro_f1, log_loss]
CONFIDENCES = st.sampled_from([0.5, 0.9, 0.95, 0.9999])
seeds = st.integers(0, 2**32 - 1)


@st.composite
def counts(draw):
    """A count, its sample size and its pool, with or without end."""
    n = draw(st.integers(0, 60))
    pool = draw(st.none() | st.integers(max(n, 1), 3 * n + 5))
    return draw(st.integers(0, n)), n, pool


@st.composite
def samples(draw):
    """An audit sample of a random model, with all its trimmings or none."""
    rng = np.random.default_rng(draw(seeds))
    n, classes = draw(st.integers(0, 60)), draw(st.integers(1, 4))
    pool = draw(st.none() | st.integers(max(n, 1), 200))
    truth = rng.integers(classes, size=n)
    probs = rng.dirichlet(np.full(classes, draw(st.sampled_from([0.05, 1.0]))), size=n)
    said = np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0])), truth, rng.integers(classes, size=n))
    expected = rng.random(n) if draw(st.booleans()) else None
    q = None
    if pool is not None and draw(st.booleans()):
        q = np.clip(rng.random(n) / (pool - np.arange(n)) * 2, 1e-4, 1.0)
    return Sample(truth, said, classes=range(classes), pool=pool, probs=probs, expected=expected, mean_expected=0.4,
                  propensity=q)  # fmt: skip


class TestProportions:
    @given(counts(), CONFIDENCES)
    def test_an_interval_holds_the_share_and_lies_in_range(self, drawn, confidence):
        count, n, pool = drawn
        for interval in (wilson, exact, proportion_sequence):
            low, high = interval(count, n, confidence=confidence, pool=pool)
            assert 0 <= low <= high <= 1
            slack = 1e-9 if pool is None else 1 / pool  # a pool of 8 cannot have a share of 1/7
            assert n == 0 or low - slack <= count / n <= high + slack

    @given(counts())
    def test_more_confidence_never_shortens_an_interval(self, drawn):
        count, n, pool = drawn
        for interval in (wilson, exact, proportion_sequence):
            inner = interval(count, n, confidence=0.8, pool=pool)
            outer = interval(count, n, confidence=0.99, pool=pool)
            assert outer[0] <= inner[0] + 1e-12
            assert inner[1] <= outer[1] + 1e-12

    @given(counts())
    def test_counting_the_opposite_mirrors_the_interval(self, drawn):
        count, n, pool = drawn
        for interval in (wilson, exact, proportion_sequence):
            low, high = interval(count, n, pool=pool)
            assert interval(n - count, n, pool=pool) == pytest.approx((1 - high, 1 - low), abs=1e-9)

    @given(counts())
    def test_the_sequence_is_never_shorter_than_the_exact_interval_at_twice_the_error(self, drawn):
        """Looking once is the easier task: P(count) alone must exceed what the sequence asks for."""
        count, n, pool = drawn
        once, always = (
            exact(count, n, confidence=0.9, pool=pool),
            proportion_sequence(count, n, confidence=0.99, pool=pool),
        )
        assert always[1] - always[0] >= once[1] - once[0] - 1e-9

    @given(st.integers(1, 60), st.integers(1, 1000))
    def test_the_whole_pool_leaves_nothing_open(self, n, seed):
        count = seed % (n + 1)
        for interval in (wilson, exact, proportion_sequence):
            assert interval(count, n, pool=n) == pytest.approx((count / n, count / n))

    @given(st.floats(1e-6, 0.5))
    def test_what_the_looks_spend_adds_up_to_alpha(self, alpha):
        spent = sum(alpha_at(alpha, look) for look in range(1, 2000))
        assert 0.999 * alpha < spent < alpha


class TestMeans:
    @settings(max_examples=25, deadline=None)
    @given(seeds, st.integers(0, 40), CONFIDENCES)
    def test_betting_intervals_lie_in_range_and_hold_what_is_certain(self, seed, n, confidence):
        rng = np.random.default_rng(seed)
        losses, pool = rng.random(n).round(1), n + int(rng.integers(1, 50))
        q = np.clip(rng.random(n) * 2 / (pool - np.arange(n)), 1e-4, 1.0)
        known = losses.sum() / pool, (losses.sum() + pool - n) / pool
        for low, high in (
            mean_sequence(losses, confidence=confidence, pool=pool),
            lure_sequence(losses, q, pool=pool, confidence=confidence),
        ):
            assert 0 <= low <= high <= 1
            assert low >= known[0] - 0.0011
            assert high <= known[1] + 0.0011
        if n:
            low, high = lure_interval(losses, q, pool=pool, confidence=confidence)
            assert 0 <= low <= high <= 1

    @given(seeds, st.integers(1, 50))
    def test_chances_spend_the_budget_and_leave_nobody_out(self, seed, n):
        rng = np.random.default_rng(seed)
        budget = float(rng.uniform(0.1, n))
        chance = chances(rng.random(n) ** 3, budget=budget)
        assert (chance > 0).all()
        assert (chance <= 1).all()
        assert chance.sum() == pytest.approx(budget, rel=0.12)

    @given(seeds, st.integers(1, 30))
    def test_labelling_everything_gives_the_truth(self, seed, n):
        rng = np.random.default_rng(seed)
        losses, expected = rng.random(n), rng.random(n)
        value, error = active(losses, expected, np.ones(n), mean_expected=float(expected.mean()), pool=n)
        assert value == pytest.approx(losses.mean())
        assert error == 0


class TestEstimates:
    @settings(max_examples=60, deadline=None)
    @given(samples(), CONFIDENCES)
    @pytest.mark.parametrize("estimate", ESTIMATORS)
    def test_a_value_lies_in_its_interval_and_the_interval_in_its_range(self, estimate, sample, confidence):
        found = estimate(sample, confidence=confidence)
        low, high = RANGES.get(found.metric, (0.0, 1.0))
        assert low - 1e-9 <= found.low <= found.high <= high + 1e-9
        assert found.value is None or found.low - 1e-9 <= found.value <= found.high + 1e-9
        assert found.value is not None or (found.low, found.high) == (low, high)
        assert found.sentence.startswith(found.metric.replace("_", " "))

    @given(samples())
    def test_no_label_is_never_a_figure(self, sample):
        nothing = Sample(
            sample.truth[:0], sample.truth[:0], classes=sample.classes, probs=np.empty((0, len(sample.classes)))
        )
        for estimate in ESTIMATORS:
            assert estimate(nothing).value is None


@st.composite
def histories(draw):
    """A study that may change its label set half-way, skip audit items and let items arrive late."""
    rng = np.random.default_rng(draw(seeds))
    models, size = draw(st.integers(0, 9)), draw(st.integers(0, 60))
    change = draw(st.integers(0, 9))
    versions = []
    for t in range(models):
        classes = ("a", "b") if t < change else ("a", "b", "c")
        said = np.where(rng.random(size) < 0.1, -1, rng.integers(len(classes), size=size))
        sure = rng.random(size) if draw(st.booleans()) else None
        versions.append(Version(10 * (t + 1), said, sure, min(5 * t, size), 10.0 * t, classes))
    truth = rng.integers(-1, 2, size=draw(st.integers(0, size)))
    return History(tuple(versions), truth, draw(st.none() | st.just(size + 50)))


class TestRules:
    @pytest.mark.parametrize("name", builtin(KIND))
    @settings(max_examples=30, deadline=None)
    @given(histories())
    def test_a_rule_is_pure_and_says_one_sentence(self, name, history):
        one = rule(name)
        verdict = one(history)
        assert verdict == one(history)
        assert verdict.sentence
        assert "nan" not in verdict.sentence
        assert not verdict.sentence.endswith(".")

    @pytest.mark.parametrize("name", builtin(KIND))
    def test_nothing_stops_a_study_without_a_model(self, name):
        assert not rule(name)(History()).stop


class TestCurves:
    @given(seeds, st.integers(4, 8))
    def test_a_fit_rises_stays_below_one_and_is_no_worse_than_a_constant(self, seed, models):
        rng = np.random.default_rng(seed)
        labels, values = np.arange(1, models + 1) * 10.0, rng.random((5, models))
        a, b, c = power_law(labels, values).T
        assert (a <= 1 + 1e-9).all()
        assert (b >= 0).all()
        assert (c > 0).all()
        fitted = a[:, None] - b[:, None] * labels ** -c[:, None]
        constant = values.mean(axis=1, keepdims=True)
        assert (((values - fitted) ** 2).sum(axis=1) <= ((values - constant) ** 2).sum(axis=1) + 1e-9).all()

    @settings(max_examples=20, deadline=None)
    @given(seeds)
    def test_a_gain_is_never_negative(self, seed):
        rng = np.random.default_rng(seed)
        curve = fit_curve(np.arange(10.0, 60.0, 10.0), (rng.random((5, 40)) < 0.7).astype(float), rng)
        value, low, high = gain(curve, 50)
        assert -1e-9 <= low <= value <= high


@st.composite
def votes(draw):
    """Some people's labels of some items, with gaps."""
    rng = np.random.default_rng(draw(seeds))
    items, people, classes = draw(st.integers(1, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    item, person = np.nonzero(rng.random((items, people)) < 0.6)
    return Votes(item, person, rng.integers(classes, size=len(item)), items=items, people=people, classes=classes)


class TestPeople:
    @given(votes())
    def test_a_consensus_is_a_probability_and_its_fit_only_rises(self, said):
        found = dawid_skene(said)
        assert found.probs.sum(axis=1) == pytest.approx(np.ones(said.items))
        assert found.confusion.sum(axis=2) == pytest.approx(np.ones((said.people, said.classes)))
        assert all(b >= a - 1e-9 for a, b in zip(found.log_posterior, found.log_posterior[1:], strict=False))
        assert majority(said).sum(axis=1) == pytest.approx(np.ones(said.items))
        assert without_own(said, found).sum(axis=1) == pytest.approx(np.ones(len(said.item)))

    @given(seeds, st.integers(0, 20), st.integers(1, 4))
    def test_suspicion_lies_between_0_and_1_and_the_joint_counts_each_item_once(self, seed, n, classes):
        rng = np.random.default_rng(seed)
        labels, probs = rng.integers(classes, size=n), rng.dirichlet(np.ones(classes), size=n)
        scores = suspicion(labels, probs)
        assert ((scores >= 0) & (scores <= 1)).all()
        assert (confident_joint(labels, probs).sum(axis=1) <= np.bincount(labels, minlength=classes)).all()
