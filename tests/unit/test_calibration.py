"""Temperatures found by cross-fitting, and what a study does with them."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

import querist
from querist import Study
from querist.learners import resolve
from querist.learners._parts import for_parts_of
from querist.learners.calibration import (
    TEMPERATURES,
    Tempered,
    cross_fitted,
    deal,
    log_softmax,
    logits,
    softmax,
    temperature,
    tempered,
)


def _blobs(rng: np.random.Generator, rows: int = 60, apart: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(0, 3, rows)
    return rng.normal(size=(rows, 4)) + apart * np.eye(3, 4)[codes], codes.astype(np.int64)


def _fitted(name: str, items: np.ndarray, codes: np.ndarray, pool: np.ndarray) -> Tempered:
    learner = resolve(name)[0]
    model = learner.fit(items, codes, classes=3, rng=np.random.default_rng(0), pool=pool)
    return tempered(learner, model, (items, codes), pool=pool, classes=3, rng=np.random.default_rng(0))


def test_a_sure_model_that_is_wrong_half_the_time_is_cooled_to_what_it_is_worth():
    values, codes = np.tile([[10.0, -10.0]], (4_000, 1)), np.tile([0, 0, 0, 1], 1_000)
    found = temperature(values, codes, np.ones(4_000))
    # the best T has softmax(20 / T) = 3/4, so T = 20 / log 3 = 18.2: outside the grid, whose end is 16
    assert found == 16.0
    assert temperature(values, codes, np.tile([1.0, 1.0, 1.0, 0.001], 1_000)) < 8


def test_few_labels_move_the_temperature_less_than_many():
    values = np.tile([[2.0, -2.0]], (8, 1))
    few = temperature(values, np.array([0, 0, 0, 1] * 2), np.ones(8))
    many = temperature(np.tile(values, (500, 1)), np.array([0, 0, 0, 1] * 1_000), np.ones(4_000))
    assert 1 <= few < many == 4.0  # softmax(4 / T) = 3/4 at T = 3.64


def test_a_model_of_noise_is_brought_near_to_uniform():
    sure = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        items, _ = _blobs(rng)
        noise = rng.integers(0, 3, len(items)).astype(np.int64)
        made = _fitted("linear(C=100)", items, noise, items)
        of = [
            predictor.predict(items, frozenset({"probs"}))["probs"].max(axis=1) for predictor in (made.predictor, made)
        ]
        sure.append([p.mean() - 1 / 3 for p in of])
    raw, tamed = np.mean(sure, axis=0)
    assert tamed < 0.6 * raw
    assert made.temperature == inf or made.temperature >= 2


def test_uniform_probabilities_say_that_the_model_knows_nothing():
    items, codes = _blobs(np.random.default_rng(0))
    made = Tempered(resolve("linear")[0].fit(items, codes, classes=3, rng=np.random.default_rng(0), pool=items), inf)
    assert made.predict(items, frozenset({"probs"}))["probs"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["linear", "sklearn:SVC", "sklearn:SVC(C=10)", "sklearn:GaussianNB"])
def test_tempering_keeps_the_order_of_the_classes(name):
    rng = np.random.default_rng(4)
    items, codes = _blobs(rng, apart=1.5)
    pool, _ = _blobs(rng, rows=200, apart=1.5)
    made = _fitted(name, items, codes, pool)
    assert 0 < made.temperature < inf
    evidence = made.predict(pool, made.provides)
    assert set(evidence) == made.provides >= {"probs", "embed"}
    raw = logits({k: v for k, v in evidence.items() if k == "decision"} or made.predictor.predict(pool, {"probs"}))
    assert (evidence["probs"].argmax(1) == raw.argmax(1)).all()
    assert evidence["probs"].sum(axis=1) == pytest.approx(1.0)


def test_two_classes_of_decision_values():
    learner = resolve("sklearn:SVC")[0]
    rng = np.random.default_rng(5)
    items = rng.normal(size=(40, 2)) + 2.0 * (np.arange(40) % 2)[:, None]
    codes = (np.arange(40) % 2).astype(np.int64)
    model = learner.fit(items, codes, classes=2, rng=rng, pool=items)
    made = tempered(learner, model, (items, codes), pool=items, classes=2, rng=rng)
    probs = made.predict(items, frozenset({"probs"}))["probs"]
    assert probs.shape == (40, 2)
    assert (probs.argmax(1) == codes).mean() > 0.8


def test_labels_in_dense_parts_of_the_pool_weigh_more():
    # two labels are wrong; they stand for nearly nothing, or for nearly all of the pool
    rng = np.random.default_rng(6)
    items = np.concatenate([rng.normal(0, 0.3, (20, 1)), rng.normal(4, 0.3, (20, 1)), [[8.0]], [[8.1]]])
    codes = np.concatenate([np.zeros(20), np.ones(20), [0, 0]]).astype(np.int64)
    learner = resolve("linear(standardise=false)")[0]

    def found(pool):
        model = learner.fit(items, codes, classes=2, rng=np.random.default_rng(0), pool=pool)
        return tempered(learner, model, (items, codes), pool=pool, classes=2, rng=np.random.default_rng(0)).temperature

    near, far = np.repeat(items[:40], 20, axis=0), np.full((800, 1), 8.05)
    assert found(np.concatenate([items, near])) < found(np.concatenate([items, far]))


def test_each_label_is_predicted_by_a_model_that_never_saw_it():
    seen = []

    class Spy:
        eats = "features"
        provides = frozenset({"probs"})

        def fit(self, items, targets, *, classes, rng, pool=None, warm=None):
            seen.append(set(items.ravel().tolist()))
            return self

        def predict(self, items, needs):
            assert not seen[-1] & set(items.ravel().tolist())
            return {"probs": np.full((len(items), 2), 0.5)}

    items, codes = np.arange(11.0)[:, None], np.array([0, 1] * 5 + [0])
    out = cross_fitted(Spy(), (items, codes), pool=items, classes=2, rng=np.random.default_rng(0))
    assert len(seen) == 5
    assert out.shape == (11, 2)


def test_folds_hold_each_class_in_turn():
    codes = np.array([0] * 10 + [1] * 5)
    fold = deal(codes, np.random.default_rng(0))
    assert np.bincount(fold[:10]).tolist() == [2] * 5
    assert sorted(fold[10:].tolist()) == [0, 1, 2, 3, 4]


def test_softmax_of_huge_logits_is_finite():
    values = np.array([[1e5, -1e5, 0.0]])
    assert softmax(values).tolist() == [[1.0, 0.0, 0.0]]
    assert np.isfinite(log_softmax(values)).all()


def test_a_class_that_is_ruled_out_gets_less_than_the_rest():
    assert logits({"probs": np.array([[0.8, 0.2, 0.0]])}).tolist() == [
        pytest.approx([np.log(0.8), np.log(0.2), np.log(0.2) - 1])
    ]


def test_one_label_says_nothing():
    learner = resolve("linear")[0]
    items = np.arange(6.0)[:, None]
    model = learner.fit(items[:1], np.array([0]), classes=2, rng=np.random.default_rng(0), pool=items)
    made = tempered(learner, model, (items[:1], np.array([0])), pool=items, classes=2, rng=np.random.default_rng(0))
    assert made.temperature == inf
    assert max(TEMPERATURES) == 16.0


def test_a_study_tempers_for_auto_when_asked_and_its_answers_stay_the_model_s():
    rng = np.random.default_rng(7)
    items, codes = _blobs(rng, rows=90)
    names = ["a", "b", "c"]
    picks = []
    for strategy in ("auto(calibrate=true)", "auto"):
        study = Study.create(None, items, labels=names, learner="linear(C=3000)", strategy=strategy, batch=5)
        truth = dict(zip(study.pool.ids, (names[c] for c in codes), strict=True))
        for query in study.ask(12):
            study.tell(query.id, truth[query.id])
        study.step()
        picks.append([q.acquisition for q in study.ask(5)])
        assert study.predict(items)["probs"].max() > 0.99
    assert picks[0] != picks[1]


def test_auto_works_on_decision_values_in_a_study():
    rng = np.random.default_rng(8)
    items, codes = _blobs(rng, rows=60)
    study = Study.create(None, items, labels=["a", "b", "c"], learner="sklearn:SVC", strategy="auto", batch=6)
    for query in study.ask():
        study.tell(query.id, "abc"[codes[study.pool.rows([query.id])[0]]])
    assert study.step().strategy == "auto"


def test_wrappers_pass_the_wish_for_tempered_probabilities_on():
    assert querist.load is not None
    from querist.strategies.subsample import Subsample

    assert Subsample(of="auto(calibrate=true)").calibrated
    assert not Subsample(of="auto").calibrated
    assert not Subsample(of="margin").calibrated


@pytest.mark.torch
class TestNetworksOfAPartOfTheLabels:
    """Whoever stops by held-out labels stops so in every fold, also where a fold alone would be too small for it."""

    @pytest.fixture(autouse=True)
    def _with_torch(self):
        pytest.importorskip("torch")

    def epochs(self, count):
        items, codes = _blobs(np.random.default_rng(7), rows=count)
        seen = []
        learner = resolve("torch(epochs=2)")[0]
        learner = replace(learner, progress=seen.append)
        cross_fitted(learner, (items, codes), pool=items, classes=3, rng=np.random.default_rng(0))
        return [epoch.held_out is not None for epoch in seen]

    def test_as_one_of_all_labels_would(self):
        assert self.epochs(102) == [True] * 10
        assert self.epochs(60) == [False] * 10

    @pytest.mark.parametrize("outer", ["dropout", "ensemble", "bnn", "laplace"])
    def test_below_a_wrapper_too(self, outer):
        codes = np.arange(100) % 10
        inner = resolve(for_parts_of(resolve(f"{outer}(base='torch(epochs=3)')")[0], codes).base)[0]
        assert (inner.epochs, inner.fewest_held) == (3, 1)

    def test_others_stay_as_they_are(self):
        for learner in (resolve("linear")[0], resolve("laplace(base='linear')")[0], resolve("torch(held_out=0.0)")[0]):
            assert for_parts_of(learner, np.arange(100) % 10) is learner
