"""Metrics of an audit sample: which estimator, what they say when the labels carry no figure, whether they cover."""

from __future__ import annotations

import numpy as np
import pytest

from querist.errors import BadInput
from querist.estimate.accuracy import accuracy, accuracy_at_any_time
from querist.estimate.active import active, active_interval, chances
from querist.estimate.log_loss import log_loss
from querist.estimate.looks import alpha_at
from querist.estimate.lure import lure, lure_weights
from querist.estimate.macro import balanced_accuracy, macro_f1
from querist.estimate.powered import powered, powered_apart
from querist.estimate.proportion import exact, labels_needed, wilson
from querist.estimate.protocol import SURE_MISTAKE, Estimate, not_enough
from querist.estimate.sample import Sample
from querist.estimate.sequence import mean_sequence
from querist.tasks._scores import macro_f1 as plain_f1
from querist.tasks.classification import Classification

TWO = ("no", "yes")
ZERO = np.zeros(0, np.int64)


def audit(wrong, n, **more):
    """A sample of n items of two classes, of which the first are wrong."""
    truth = np.arange(n) % 2
    said = np.where(np.arange(n) < wrong, 1 - truth, truth)
    return Sample(truth, said, classes=TWO, **{"pool": 1000, **more})


def expected(n, level=0.5):
    return {"expected": np.linspace(0, 1, n), "mean_expected": level}


class TestChoice:
    @pytest.mark.parametrize(
        ("sample", "method"),
        [
            (audit(3, 29, **expected(29)), "exact"),
            (audit(4, 60, **expected(60)), "exact"),
            (audit(56, 60, **expected(60)), "exact"),
            (audit(20, 60), "exact"),
            (audit(20, 60, **expected(60)), "prediction-powered, asymptotic"),
            (audit(5, 20, propensity=np.full(20, 0.01)), "LURE with betting"),
            (audit(2, 60, propensity=np.full(60, 0.01)), "LURE with betting"),
            (audit(20, 60, propensity=np.full(60, 0.01)), "LURE, asymptotic"),
        ],
    )
    def test_the_rule_is_the_documented_one(self, sample, method):
        assert accuracy(sample).method == method

    def test_a_surer_interval_asks_for_more_outcomes(self):
        sample = audit(15, 100, **expected(100))
        assert accuracy(sample, confidence=0.95).method.startswith("prediction")
        assert accuracy(sample, confidence=0.9999).method == "exact"

    def test_telling_expectations_shorten_the_interval(self):
        rng = np.random.default_rng(0)
        f = rng.beta(0.5, 1.0, 1000)
        wrong = rng.random(1000) < f
        rows = rng.permutation(1000)[:150]
        truth, said = np.zeros(150, np.int64), wrong[rows].astype(np.int64)
        plain = Sample(truth, said, classes=TWO, pool=1000)
        sharp = Sample(truth, said, classes=TWO, pool=1000, expected=f[rows], mean_expected=f.mean())
        assert accuracy(sharp).width < 0.85 * accuracy(plain).width


class TestDegenerate:
    @pytest.mark.parametrize("estimate", [accuracy, accuracy_at_any_time, balanced_accuracy, macro_f1, log_loss])
    def test_no_audit_label(self, estimate):
        found = estimate(Sample(ZERO, ZERO, classes=TWO, pool=10, probs=np.empty((0, 2))))
        assert (found.value, found.n) == (None, 0)
        assert found.sentence == f"{found.metric.replace('_', ' ')}: not enough yet: no audit label yet"

    def test_one_class_only(self):
        one = np.zeros(40, np.int64)
        sample = Sample(one, one, classes=TWO, pool=100)
        found = balanced_accuracy(sample)
        assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
        assert found.sentence == "balanced accuracy: not enough yet: no audit label of 'yes' yet"
        assert macro_f1(sample).why == "no audit label and no prediction of 'yes' yet"
        assert accuracy(sample).low < 1

    def test_many_missing_classes_are_counted(self):
        one = np.zeros(4, np.int64)
        assert balanced_accuracy(Sample(one, one, classes=range(9))).why == "no audit label of 1, 2, 3 and 5 more yet"

    @pytest.mark.parametrize("wrong", [0, 100])
    def test_a_perfect_and_a_worthless_model_are_not_certain(self, wrong):
        sample = audit(wrong, 100, **expected(100))
        for estimate in (accuracy, accuracy_at_any_time, balanced_accuracy, macro_f1):
            assert 0 < estimate(sample).width < 0.2

    def test_a_perfect_model_may_still_have_a_sure_mistake_to_come(self):
        probs = np.full((200, 2), 1e-9)
        probs[np.arange(200), np.arange(200) % 2] = 1 - 1e-9
        found = log_loss(audit(0, 200, probs=probs))
        assert found.value < 1e-6
        assert found.high > 0.5
        assert found.method == "by betting"

    def test_a_model_that_can_be_wrong_and_sure_gets_no_asymptotic_log_loss(self):
        """Found on real data: with no such mistake in the sample, t intervals of the log loss covered 82 % at 90 %."""
        probs = np.full((200, 2), 0.5)
        tame = log_loss(audit(60, 200, probs=np.tile([[0.7, 0.3], [0.6, 0.4]], (100, 1))))
        probs[0] = 1 - 1e-12, 1e-12
        wild = log_loss(audit(60, 200, probs=probs))
        assert (tame.method, wild.method) == ("asymptotic", "by betting")

    @pytest.mark.parametrize("wrong", [0, 1])
    def test_a_pool_of_one_item_is_known_once_it_is_audited(self, wrong):
        found = accuracy(audit(wrong, 1, pool=1))
        assert (found.value, found.low, found.high) == (1 - wrong, 1 - wrong, 1 - wrong)
        assert accuracy(audit(0, 0, pool=1)).value is None

    def test_a_whole_pool_without_a_class_is_known_too(self):
        one = np.zeros(5, np.int64)
        found = balanced_accuracy(Sample(one, one, classes=TWO, pool=5))
        assert (found.value, found.width) == (1.0, 0.0)

    def test_means_over_classes_refuse_unequal_chances(self):
        sample = audit(5, 40, propensity=np.full(40, 0.01), probs=np.full((40, 2), 0.5))
        assert macro_f1(sample).why == "a mean over classes needs a uniform sample"
        assert log_loss(sample).why == "the log loss needs a uniform sample"
        assert log_loss(audit(5, 40)).why == "the learner gives no probabilities"


class TestValues:
    def test_they_are_those_of_the_task(self):
        rng = np.random.default_rng(1)
        truth, probs = rng.integers(3, size=80), rng.dirichlet(np.ones(3), 80)
        said = probs.argmax(axis=1)
        sample = Sample(truth, said, classes=(0, 1, 2), pool=500, probs=probs)
        task = Classification((0, 1, 2)).metrics(truth, {"probs": probs})
        for estimate in (accuracy, balanced_accuracy, macro_f1, log_loss):
            found = estimate(sample)
            assert found.value == pytest.approx(task[found.metric])
            assert found.low < found.value < found.high

    def test_a_predicted_class_that_does_not_occur_has_f1_of_zero(self):
        truth, said = np.array([0, 0, 0, 1]), np.array([0, 2, 0, 1])
        table = np.zeros((3, 3), np.int64)
        np.add.at(table, (truth, said), 1)
        assert macro_f1(Sample(truth, said, classes=range(3))).value == pytest.approx(plain_f1(table))

    def test_a_log_loss_is_capped_at_a_sure_mistake(self):
        sample = Sample(np.array([1]), np.array([0]), classes=TWO, probs=np.array([[1.0, 0.0]]))
        assert sample.log_losses.tolist() == pytest.approx([SURE_MISTAKE])


class TestWords:
    def test_facts_are_json_with_the_sentence(self):
        facts = Estimate("labels_saved", None, 2.0, float("inf"), 40, 0.9, "none", "so far").facts()
        assert facts["high"] is None
        assert facts["sentence"] == "labels saved: not enough yet: so far"

    def test_an_endless_interval_says_at_least(self):
        found = Estimate("labels_saved", 3.0, 2.0, float("inf"), 40, 0.9, "extrapolated")
        assert found.sentence == "labels saved 3 (at least 2, 90 % confidence, 40 audit labels, extrapolated)"

    def test_not_enough_has_the_whole_range(self):
        assert not_enough("log_loss", 3, 0.9, "no").high == SURE_MISTAKE
        assert not_enough("accuracy", 3, 0.9, "no").width == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (lambda: wilson(1, 2, confidence=1.0), "confidence must lie between 0 and 1, both excluded: got 1.0"),
            (lambda: exact(3, 2), "a count must lie between 0 and the 2 labels it is out of: got 3"),
            (lambda: exact(1, 20, pool=10), "20 labels cannot come from a pool of 10 items"),
            (lambda: labels_needed(0.0), "the error to prove must lie between 0 and 1"),
            (lambda: alpha_at(0.05, 0), "looks are counted from 1: got 0"),
            (lambda: mean_sequence(np.array([0.5, 1.5])), "losses must lie between 0 and 1: row 1 is 1.5"),
            (
                lambda: lure_weights(np.array([0.5, 0.0]), pool=5),
                "must lie between 0 (excluded) and 1: row 1 is 0.0",
            ),
            (lambda: lure(np.empty(0), np.empty(0), pool=5), "LURE needs at least one loss"),
            (lambda: lure_weights(np.ones(3), pool=2), "3 draws without replacement cannot come from a pool of 2"),
            (
                lambda: powered(np.ones(2), np.ones(2), mean_expected=0, pool=9),
                "prediction-powered inference needs 3 losses and as many expected: got 2 and 2",
            ),
            (
                lambda: powered_apart(np.ones(3), np.ones(3), np.ones(1)),
                "3 losses, as many expected, and 2 other items: got 3, 3 and 1",
            ),
            (lambda: chances(np.ones(3), budget=4), "the budget must lie between 0 and the 3 items of the pool: got 4"),
            (lambda: chances(np.array([np.nan]), budget=1), "uncertainty must be finite and 0 or more"),
            (
                lambda: active(np.ones(2), np.ones(1), np.ones(2), mean_expected=0, pool=9),
                "each of 2 losses needs its expected loss",
            ),
            (lambda: Sample(np.array([2]), np.array([0]), classes=TWO), "codes must be below the 2 classes"),
            (lambda: Sample(np.array([-1]), np.array([0]), classes=TWO), "leave items without an answer out"),
            (lambda: Sample(np.array([0]), ZERO, classes=TWO), "predicted must have one entry for each of the 1 audit"),
            (
                lambda: Sample(ZERO, ZERO, classes=TWO, propensity=np.empty(0)),
                "a sample with unequal chances needs the size of its pool",
            ),
            (lambda: audit(0, 9, pool=5), "9 audit labels cannot come from a pool of 5 items"),
        ],
    )
    def test_a_message_says_what_where_and_got(self, call, text):
        with pytest.raises(BadInput) as caught:
            call()
        assert text in str(caught.value)


POOL, STUDIES = 400, 300


@pytest.fixture(scope="module")
def scene():
    """A fixed pool: expected losses, and a model that is wrong in a fifth of it."""
    rng = np.random.default_rng(7)
    f = rng.beta(0.5, 2.0, POOL)
    truth = rng.integers(2, size=POOL)
    said = np.where(rng.random(POOL) < f, 1 - truth, truth)
    probs = np.empty((POOL, 2))
    probs[np.arange(POOL), said], probs[np.arange(POOL), 1 - said] = 1 - f / 2, f / 2
    return truth, said, f, probs


def drawn(scene, rows, q=None):
    truth, said, f, probs = scene
    return Sample(truth[rows], said[rows], classes=TWO, pool=POOL, probs=probs[rows], expected=f[rows],
                  mean_expected=float(f.mean()), propensity=q)  # fmt: skip


@pytest.mark.parametrize("estimate", [accuracy, balanced_accuracy, macro_f1, log_loss])
@pytest.mark.parametrize("n", [20, 120])
def test_intervals_of_a_uniform_sample_cover(scene, estimate, n):
    whole, rng = estimate(drawn(scene, np.arange(POOL))), np.random.default_rng(n)
    found = [estimate(drawn(scene, rng.permutation(POOL)[:n]), confidence=0.9) for _ in range(STUDIES)]
    cover = np.mean([one.low <= whole.value <= one.high for one in found])
    assert cover >= 0.9 - 2.5 * (0.09 / STUDIES) ** 0.5


@pytest.mark.parametrize("others", [40, 2000])
def test_the_interval_with_other_items_covers_and_is_no_longer(others):
    """Labelled and other items of a world without end, where confidence tells the errors."""
    rng, hits, widths = np.random.default_rng(others), [], []
    for _ in range(400):
        f = rng.beta(0.5, 2.0, 100 + others)
        truth, said = np.zeros(100, np.int64), (rng.random(100) < f[:100]).astype(np.int64)
        plain = Sample(truth, said, classes=TWO)
        sharp = Sample(truth, said, classes=TWO, expected=f[:100], others=f[100:])
        found = accuracy(sharp, confidence=0.9)
        hits.append(found.low <= 0.8 <= found.high)
        widths.append((found.width, accuracy(plain, confidence=0.9).width))
    assert np.mean(hits) >= 0.9 - 2.5 * (0.09 / 400) ** 0.5
    assert np.mean(widths, axis=0)[0] < (0.95 if others == 40 else 0.85) * np.mean(widths, axis=0)[1]


@pytest.mark.parametrize("n", [20, 120])
def test_intervals_of_weighted_draws_cover(scene, n):
    rng, weight = np.random.default_rng(n), np.sqrt(scene[2] + 0.02)
    right = float((scene[0] == scene[1]).mean())
    hits = []
    for _ in range(STUDIES):
        rows = np.argsort(rng.exponential(size=POOL) / weight)[:n]
        q = weight[rows] / (weight.sum() - np.cumsum(weight[rows]) + weight[rows])
        found = accuracy(drawn(scene, rows, q), confidence=0.9)
        hits.append(found.low <= right <= found.high)
    assert np.mean(hits) >= 0.9 - 2.5 * (0.09 / STUDIES) ** 0.5


def test_the_interval_of_active_inference_covers(scene):
    truth, said, f, _ = scene
    rng, wrong = np.random.default_rng(5), (truth != said).astype(float)
    chance = chances(np.sqrt(f * (1 - f)), budget=100)
    hits, values = [], []
    for _ in range(STUDIES):
        rows = np.flatnonzero(rng.random(POOL) < chance)
        value, error = active(wrong[rows], f[rows], chance[rows], mean_expected=float(f.mean()), pool=POOL)
        low, high = active_interval(value, error, n=len(rows), confidence=0.9)
        hits.append(low <= wrong.mean() <= high)
        values.append(value)
    assert np.mean(hits) >= 0.9 - 2.5 * (0.09 / STUDIES) ** 0.5
    assert np.mean(values) == pytest.approx(wrong.mean(), abs=4 * np.std(values) / STUDIES**0.5)


def test_reading_after_every_label_covers_all_at_once(scene):
    right = float((scene[0] == scene[1]).mean())
    rng, missed = np.random.default_rng(11), 0
    for _ in range(60):
        order = rng.permutation(POOL)
        ends = [accuracy_at_any_time(drawn(scene, order[:n]), confidence=0.8) for n in range(1, 121)]
        missed += any(not one.low <= right <= one.high for one in ends)
    assert missed / 60 <= 0.2


def test_the_naive_accuracy_of_uncertain_picks_would_be_false(scene):
    """What the estimators are for: the same picks taken for a uniform sample miss nearly always."""
    rng, weight = np.random.default_rng(2), scene[2] + 1e-3
    right = float((scene[0] == scene[1]).mean())
    hits = []
    for _ in range(50):
        rows = np.argsort(rng.exponential(size=POOL) / weight)[:120]
        found = accuracy(Sample(scene[0][rows], scene[1][rows], classes=TWO, pool=POOL), confidence=0.9)
        hits.append(found.low <= right <= found.high)
    assert np.mean(hits) < 0.3
