"""Learning curves, labels saved, and the rules that say when to stop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from querist.errors import BadInput, UnknownName
from querist.estimate.curve import fit_curve, forecast, gain
from querist.estimate.looks import alpha_at
from querist.estimate.proportion import labels_needed
from querist.estimate.protocol import History, Version
from querist.estimate.saved import labels_saved, random_curve, random_subsets
from querist.estimate.stopping import rule
from querist.estimate.stopping._agreement import kappa
from querist.estimate.stopping.all_of import AllOf
from querist.estimate.stopping.any_of import AnyOf
from querist.estimate.stopping.budget import Budget
from querist.estimate.stopping.certified_target import CertifiedTarget
from querist.estimate.stopping.classification_change import ClassificationChange
from querist.estimate.stopping.expected_gain import ExpectedGain
from querist.estimate.stopping.overall_uncertainty import OverallUncertainty
from querist.estimate.stopping.patience import Patience
from querist.estimate.stopping.stabilising_predictions import StabilisingPredictions


def versions(*flips, size=1000, labels=30, **more):
    """Models over a stop set of two even classes; each entry is how many predictions differ from the first model."""
    start = np.arange(size) % 2
    made = [np.where(np.arange(size) < flip, 1 - start, start) for flip in flips]
    return tuple(Version(labels * (t + 1), said, **more) for t, said in enumerate(made))


def audited(accuracies, n=200, labels=30):
    """Models scored on n audit items, the later ones right where the earlier ones were and on more."""
    truth = np.arange(n) % 2
    said = [np.where(np.arange(n) < share * n, truth, 1 - truth) for share in accuracies]
    made = tuple(Version(labels * (t + 1), one, audited=n) for t, one in enumerate(said))
    return History(made, truth, pool=100_000)


class TestStable:
    def test_kappa_is_that_of_scikit_learn(self):
        rng = np.random.default_rng(0)
        one, two = rng.integers(3, size=90), rng.integers(3, size=90)
        assert kappa(one, two) == pytest.approx(cohen_kappa_score(one, two))

    def test_it_stops_after_three_agreements_in_a_row(self):
        stop = StabilisingPredictions()
        assert not stop(History(versions(300, 0, 1, 2))).stop
        verdict = stop(History(versions(300, 0, 1, 2, 3)))
        assert verdict.stop
        assert verdict.sentence == "predictions are stable: kappa 0.998 over the last 3 models"

    def test_it_goes_on_while_predictions_change(self):
        verdict = StabilisingPredictions()(History(versions(0, 20, 0, 20)))
        assert not verdict.stop
        assert verdict.sentence == "predictions still change: kappa 0.960 over the last 3 models"

    def test_models_of_one_class_agree_on_nothing(self):
        same = tuple(Version(10 * t, np.zeros(50, np.int64)) for t in range(1, 6))
        verdict = StabilisingPredictions()(History(same))
        assert not verdict.stop
        assert verdict.sentence == "not enough yet: a model predicts one class only, or nothing"

    def test_a_changed_label_set_starts_the_count_again(self):
        old, new = versions(0, 0, 0, 0, classes=("a", "b")), versions(0, 0, classes=("a", "b", "c"))
        assert StabilisingPredictions()(History(old)).stop
        verdict = StabilisingPredictions()(History(old + new))
        assert verdict.sentence == "not enough yet: 2 models of the 4 that are compared"

    def test_a_label_set_that_comes_back_does_not_bring_old_models_back(self):
        first, other = versions(0, 0, 0, classes=("a", "b")), versions(0, classes=("a", "b", "c"))
        assert len(History(first + other + first[:1]).comparable()) == 1

    def test_items_that_came_later_are_left_out(self):
        late = np.full(200, -1)
        made = [Version(v.labels, np.concatenate([v.predicted, late])) for v in versions(0, 0, 0)]
        last = Version(120, np.concatenate([versions(0)[0].predicted, np.ones(200, np.int64)]))
        assert StabilisingPredictions()(History((*made, last))).stop


class TestOthers:
    def test_classification_change_counts_flips(self):
        assert (
            ClassificationChange()(History(versions(0, 3))).sentence
            == "the last model changed 3 predictions on the stop set"
        )
        assert ClassificationChange()(History(versions(0, 0))).stop
        assert not ClassificationChange()(History(versions(0, 0, labels=10))).stop
        assert not ClassificationChange(k=2)(History(versions(5, 0, 0))).stop

    def test_overall_uncertainty_averages_the_stop_set(self):
        sure = History(versions(0, uncertainty=np.full(1000, 0.01)))
        unsure = History(versions(0, uncertainty=np.full(1000, 0.3)))
        assert OverallUncertainty()(sure).sentence == "the model is sure: mean uncertainty 0.010 is below 0.05"
        assert OverallUncertainty()(sure).stop
        assert not OverallUncertainty()(unsure).stop
        assert OverallUncertainty()(History(versions(0))).sentence.endswith("its uncertainty is not known")

    def test_a_budget_counts_labels_and_cost(self):
        history = History((Version(50, np.zeros(1, np.int64), cost=120.0),))
        assert Budget(labels=50)(history).stop
        assert not Budget(labels=51)(history).stop
        assert Budget(labels=51, cost=100)(history).sentence == "a cost of 120 of 100"
        assert Budget(labels=51, cost=100)(history).stop
        assert not Budget()(history).stop
        with pytest.raises(BadInput, match="the budget of labels must be above 0: got 0"):
            Budget(labels=0)

    def test_patience_wants_a_rise(self):
        assert Patience(k=3)(audited([0.7, 0.8, 0.8, 0.8, 0.8])).stop
        assert not Patience(k=3)(audited([0.7, 0.8, 0.8, 0.8, 0.81])).stop
        assert Patience(k=3, gain=0.02)(audited([0.7, 0.8, 0.8, 0.8, 0.81])).stop

    def test_expected_gain_stops_on_the_flat_part_only(self):
        flat = ExpectedGain()(audited([0.5, 0.88, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]))
        steep = ExpectedGain()(audited([0.5, 0.55, 0.6, 0.65, 0.7, 0.75]))
        assert flat.stop
        assert "less than the 1.00 that they must bring" in flat.sentence
        assert not steep.stop
        assert not ExpectedGain(price=1e-9)(audited([0.5, 0.88, 0.9, 0.9, 0.905, 0.91])).stop

    def test_and_or(self):
        spent, unspent = Budget(labels=10), Budget(labels=10_000)
        history = History(versions(0))
        assert not AllOf((spent, unspent))(history).stop
        assert AllOf((spent, unspent))(history).sentence == "30 of 10000 labels"
        assert AnyOf((spent, unspent))(history).stop
        assert AnyOf((unspent, unspent))(history).sentence == "30 of 10000 labels; 30 of 10000 labels"

    def test_rules_by_name(self):
        assert rule() == AllOf((StabilisingPredictions(), ExpectedGain()))
        assert rule("patience(k=2) or budget(labels=9) and patience") == AnyOf(
            (Patience(k=2), AllOf((Budget(labels=9), Patience())))
        )
        with pytest.raises(UnknownName, match="did you mean 'patience'"):
            rule("patiense")
        with pytest.raises(BadInput, match="cannot read the stopping rule"):
            rule("")


class TestCertified:
    def certificate(self, wrong, n, models=1, pool=None):
        truth = np.zeros(n, np.int64)
        said = (np.arange(n) < wrong).astype(np.int64)
        made = tuple(Version(10 * (t + 1), said, audited=n) for t in range(models))
        return CertifiedTarget()(History(made, truth, pool))

    def test_it_needs_more_than_a_single_look_would(self):
        first = labels_needed(0.05, confidence=1 - alpha_at(0.05, 1))
        assert first == 69 > labels_needed(0.05)
        assert not self.certificate(0, first - 1).stop
        assert self.certificate(0, first).stop
        assert not self.certificate(1, first).stop

    def test_each_look_asks_for_more(self):
        assert self.certificate(0, 100, models=1).stop
        assert self.certificate(0, 100, models=2).stop is True
        assert not self.certificate(0, 100, models=3).stop
        assert self.certificate(0, 150, models=3).stop

    def test_a_small_pool_needs_fewer(self):
        assert self.certificate(0, 50, pool=80).stop
        assert not self.certificate(0, 50).stop

    def test_later_answers_are_another_look(self):
        truth = np.zeros(200, np.int64)
        made = (Version(10, np.zeros(200, np.int64), audited=40),)
        assert CertifiedTarget()(History(made, truth)).sentence.startswith("not enough yet: 40 audit labels")

    def test_it_is_seldom_wrong_however_often_one_looks(self):
        """A model whose error is just above the target, looked at after every 20 audit labels."""
        rng, wrong = np.random.default_rng(0), 0
        for _ in range(200):
            truth, said = np.zeros(400, np.int64), (rng.random(400) < 0.051).astype(np.int64)
            made = [Version(t, said, audited=20 * t) for t in range(1, 21)]
            wrong += any(CertifiedTarget()(History(tuple(made[:t]), truth)).stop for t in range(1, 21))
        assert wrong / 200 <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5


class TestCurve:
    sizes = np.array([20, 40, 60, 80, 100, 140, 180, 220.0])

    def outcomes(self, rng, n=300, sizes=None):
        """Audit outcomes of models on a known power law; an item's luck is its own, the same for all models."""
        sizes = self.sizes if sizes is None else sizes
        luck = rng.random(n)
        return (luck < (0.95 - 2.0 * sizes**-0.6)[:, None]).astype(float)

    def test_a_forecast_covers_the_truth(self):
        hits, truth = 0, 0.95 - 2.0 * 320**-0.6
        for seed in range(60):
            rng = np.random.default_rng(seed)
            found = forecast(fit_curve(self.sizes, self.outcomes(rng), rng), 100, rng)
            assert found.low <= found.value <= found.high
            hits += found.low <= truth <= found.high
        assert hits / 60 >= 0.9 - 2.5 * 0.3 / 60**0.5

    def test_the_gain_has_a_sharper_interval_than_the_level(self):
        """What all models share, a lucky audit sample, falls out of their difference."""
        rng = np.random.default_rng(0)
        curve = fit_curve(self.sizes, self.outcomes(rng), rng)
        value, low, high = gain(curve, 100)
        truth = 2.0 * (220**-0.6 - 320**-0.6)
        assert low <= truth <= high
        assert high - low < forecast(curve, 100, rng).width
        assert value < gain(curve, 1000)[0]

    @pytest.mark.parametrize(("models", "items"), [(3, 100), (8, 29), (0, 0)])
    def test_few_models_or_labels_give_no_curve(self, models, items):
        rng = np.random.default_rng(0)
        curve = fit_curve(self.sizes[:models], self.outcomes(rng, items, self.sizes[:models]), rng)
        assert curve is None
        found = forecast(curve, 50, rng)
        assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
        assert found.why == "a forecast needs 4 models and 30 audit labels"

    def test_refusals(self):
        rng = np.random.default_rng(0)
        with pytest.raises(BadInput, match="right must have one row for each of the 2 models: got"):
            fit_curve(np.ones(2), np.ones((3, 40)), rng)
        with pytest.raises(BadInput, match="a learning curve starts at 1 label"):
            fit_curve(np.array([0.0, 1.0]), np.ones((2, 40)), rng)


class TestSaved:
    def test_it_finds_the_factor_on_a_known_curve(self):
        rng, sizes = np.random.default_rng(1), np.array([20, 35, 50, 65, 80.0])
        luck = rng.random(2000)
        random = (luck < (0.95 - 2.0 * sizes**-0.6)[:, None]).astype(float)
        now = luck < 0.95 - 2.0 * 200**-0.6  # as good as 200 random labels
        found = labels_saved(sizes, random, now, 100, rng)
        assert found.low <= 2.0 <= found.high
        assert found.value == pytest.approx(2.0, rel=0.3)

    @pytest.mark.parametrize(("labels", "now", "told"), [(400, 0.95, False), (400, 0.7, True), (20, 0.87, True)])
    def test_a_flat_curve_has_no_factor(self, labels, now, told):
        """Random labels level off at .95: the same accuracy with more says nothing of the choice, a lower one does."""
        rng, sizes = np.random.default_rng(1), np.array([10, 20, 30, 40, 50.0])
        luck = (np.arange(200) + 0.5) / 200
        random = (luck < (0.95 - 8.0 * sizes**-2.0)[:, None]).astype(float)
        found = labels_saved(sizes, random, luck < now, labels, rng)
        assert (found.value is not None) == told
        if not told:
            assert found.why == "half as many labels, or random ones, do as well as far as 200 audit labels can tell"

    def test_an_accuracy_out_of_reach_has_a_lower_end_only(self):
        rng = np.random.default_rng(1)
        random = (np.arange(200) < np.array([100, 101, 100, 101, 100])[:, None]).astype(float)
        found = labels_saved(np.arange(10, 60, 10.0), random, np.arange(200) < 190, 50, rng)
        assert found.value is None
        assert "random labels are not expected to get there" in found.sentence

    def test_not_enough(self):
        rng = np.random.default_rng(0)
        assert labels_saved(np.empty(0), np.empty((0, 10)), np.ones(10, bool), 5, rng).value is None
        assert (
            labels_saved(np.empty(0), np.empty((0, 40)), np.ones(40, bool), 0, rng).why == "no label was asked for yet"
        )
        assert random_subsets(29, rng) == []

    def test_models_are_scored_on_what_they_did_not_see(self):
        rng = np.random.default_rng(0)
        subsets = random_subsets(40, rng)
        right = np.zeros((len(subsets), 40), bool)
        for row, rows in enumerate(subsets):
            right[row, rows] = True  # right on its own training items only: worth nothing
        sizes, shares = random_curve(subsets, right)
        assert sizes.tolist() == [8, 14, 20, 26, 32]
        assert not shares.any()
        with pytest.raises(BadInput, match="right must have one row for each of the 20 models"):
            random_curve(subsets, right[1:])
