"""Model change and expected error against brute force: loops over labels, and real refits for every one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import LogisticRegression

import querist
from querist import Head, _arrays
from querist.errors import BadEvidence, BadInput
from querist.learners.committee import bag
from querist.learners.linear import Linear
from querist.scores import expected_error
from querist.view import Selection

Points = NDArray[np.float64]
Codes = NDArray[np.int64]
SEEDS = st.integers(0, 10_000)


def choose(rule: str, n: int, **rows: Any) -> Selection:
    return querist.choose(rule, n, seed=0, **rows)


def scores(rule: str, **rows: Any) -> Points:
    """Score every row: the values of a batch of all, put back in place."""
    chosen = choose(rule, len(rows["embed"]), **rows)
    return chosen.value[np.argsort(chosen.rows)]


# egl-layer


@given(SEEDS, st.booleans())
def test_egl_layer_is_the_expected_norm_of_the_gradient_by_the_last_weights(seed: int, bias: bool) -> None:
    rng = np.random.default_rng(seed)
    probs, embed = rng.dirichlet(np.ones(4), 8), rng.normal(size=(8, 3))
    expected = np.zeros(8)
    for i in range(8):
        h = np.append(embed[i], 1.0) if bias else embed[i]
        for y in range(4):
            expected[i] += probs[i, y] * np.linalg.norm(np.outer(probs[i] - np.eye(4)[y], h))
    assert scores(f"egl-layer(bias={bias})", probs=probs, embed=embed) == pytest.approx(expected, rel=1e-12)


def test_egl_layer_leaves_out_the_intercept_that_egl_counts() -> None:
    given_ = {"probs": np.array([[0.5, 0.5]]), "embed": np.array([[3.0, 4.0]])}
    assert scores("egl-layer", **given_)[0] == pytest.approx(5 * 0.5**0.5)
    assert scores("egl", **given_)[0] == pytest.approx(26**0.5 * 0.5**0.5)
    assert scores("egl-layer(bias=True)", **given_) == scores("egl", **given_)


def test_defect_7_egl_layer_is_euclidean_and_not_a_sum_of_sizes() -> None:
    value = scores("egl-layer", probs=np.array([[0.5, 0.5]]), embed=np.array([[3.0, 4.0]]))[0]
    assert value == pytest.approx(5 * 0.5**0.5)
    assert value < 7 * 1.0  # what the sum of absolute values would be


# emcm


@given(SEEDS, st.sampled_from([1, 3]), st.booleans())
def test_emcm_is_the_mean_change_over_members(seed: int, classes: int, bias: bool) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.dirichlet(np.ones(classes), (7, 5)) if classes > 1 else rng.normal(size=(7, 5, 1)) * 9
    embed = rng.normal(size=(7, 3))
    expected = np.zeros(7)
    for i in range(7):
        h, mean = np.append(embed[i], 1.0) if bias else embed[i], draws[i].mean(axis=0)
        for member in draws[i]:
            expected[i] += np.linalg.norm(np.outer(member - mean, h)) / 5
    view = querist.View.of({"draws": draws, "embed": embed}, ids=[str(i) for i in range(7)])
    rule = querist._query.resolve(f"emcm(bias={bias})")[0]
    assert rule.score(view, querist.view.Draw(0)) == pytest.approx(expected, rel=1e-12)


def test_emcm_of_mean_and_variance_is_that_of_normal_members() -> None:
    mean, variance, embed = 2.0, 9.0, np.array([[3.0, 4.0]])
    off = quad(lambda f: abs(f - mean) * norm.pdf(f, mean, variance**0.5), -40, 44, limit=200)[0]
    value = scores("emcm", mean_var=np.array([[mean, variance]]), embed=embed)[0]
    assert value == pytest.approx(5 * off, rel=1e-8)


def test_defect_2_a_bootstrap_sample_is_as_large_as_the_labelled_set() -> None:
    labels = np.array([0, 1, 1, 0, 1])
    assert len(bag(labels, np.random.default_rng(0))) == len(labels)


# eer-01, eer-log: a real refit for every candidate and label


class Softmax:
    """A softmax regression by plain Newton steps on the whole parameter matrix, in scikit-learn's terms."""

    def __init__(self, rows: Points, labels: Codes, strength: float) -> None:
        x, truth = np.column_stack([rows, np.ones(len(rows))]), np.eye(labels.max() + 1)[labels]
        self.prior = (2.0 if truth.shape[1] == 2 else 1.0) / strength
        self.penalty = np.tile(np.append(np.full(rows.shape[1], self.prior), 0.0), truth.shape[1])
        self.theta = np.zeros((truth.shape[1], x.shape[1]))
        for _ in range(50):
            p = self._probs(x, self.theta)
            slope = ((p - truth).T @ x).ravel() + self.penalty * self.theta.ravel()
            if np.abs(slope).max() < 1e-11:
                break
            bend = np.einsum("nc,cd->ncd", p, np.eye(p.shape[1])) - np.einsum("nc,nd->ncd", p, p)
            full = np.einsum("ncd,nj,nk->cjdk", bend, x, x).reshape(len(slope), -1) + np.diag(self.penalty)
            step, pace = np.linalg.lstsq(full, slope, rcond=1e-13)[0].reshape(self.theta.shape), 1.0
            while self._loss(x, truth, self.theta - pace * step) > self._loss(x, truth, self.theta) and pace > 1e-9:
                pace /= 2
            self.theta = self.theta - pace * step

    @staticmethod
    def _probs(x: Points, theta: Points) -> Points:
        odds = np.exp(x @ theta.T - (x @ theta.T).max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _loss(self, x: Points, truth: Points, theta: Points) -> float:
        logits = x @ theta.T
        data = np.logaddexp.reduce(logits, axis=1) - (truth * logits).sum(axis=1)
        return float(data.sum() + 0.5 * self.penalty @ theta.ravel() ** 2)

    def predict_proba(self, rows: Points) -> Points:
        return self._probs(np.column_stack([rows, np.ones(len(rows))]), self.theta)

    @property
    def head(self) -> Head:
        return Head(self.theta[:, :-1], self.theta[:, -1], prior=self.prior)


class ScikitLearn:
    """scikit-learn's, to the last digit it gives; its head has one logit for two classes."""

    def __init__(self, rows: Points, labels: Codes, strength: float) -> None:
        fit = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(rows, labels)
        self.predict_proba = fit.predict_proba
        self.head = Head(fit.coef_, fit.intercept_, prior=1 / strength)


def loss_of(rule: str, probs: Points) -> Points:
    if rule == "eer-01":
        return 1 - probs.max(axis=1)
    return -(probs * np.log(np.where(probs > 0, probs, 1.0))).sum(axis=1)


def by_refits(rule: str, pool: Points, asked: Points, labels: Codes, model: Any, strength: float = 1.0) -> Points:
    """Score by the definition: refit with (x, y) for every label y, and average over the rest of the pool."""
    base = model(asked, labels, strength).predict_proba(pool)
    out = np.zeros(len(pool))
    for i in range(len(pool)):
        rest = np.delete(pool, i, axis=0)
        for place, y in enumerate(np.unique(labels)):
            after = model(np.concatenate([asked, pool[[i]]]), np.append(labels, y), strength)
            out[i] -= base[i, place] * loss_of(rule, after.predict_proba(rest)).mean()
    return out


def sample(seed: int, classes: int, features: int, n: int = 9, known: int = 8) -> tuple[Points, Points, Codes]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, known - classes)])
    centres = rng.normal(size=(classes, features))
    asked = centres[labels] + rng.normal(size=(known, features))
    return rng.normal(size=(n, features)) * 1.5, asked, labels


def evidence(pool: Points, asked: Points, labels: Codes, model: Any = Softmax, strength: float = 1.0) -> dict[str, Any]:
    """Give what a strategy of expected error needs, with the head of a fitted model."""
    head = model(asked, labels, strength).head
    return {"embed": pool, "head": head, "labelled": {"embed": asked}, "labels": labels}


@pytest.mark.parametrize("rule", ["eer-01", "eer-log"])
@given(
    seed=SEEDS, classes=st.integers(2, 4), features=st.sampled_from([1, 2, 5, 15]), strength=st.sampled_from([1, 30])
)
@settings(max_examples=6)
def test_eer_equals_real_refits(rule: str, seed: int, classes: int, features: int, strength: float) -> None:
    pool, asked, labels = sample(seed, classes, features)
    expected = by_refits(rule, pool, asked, labels, Softmax, strength)
    assert scores(rule, **evidence(pool, asked, labels, Softmax, strength)) == pytest.approx(
        expected, rel=1e-7, abs=1e-9
    )


@pytest.mark.parametrize(("load", "rule"), [(load_breast_cancer, "eer-log"), (load_wine, "eer-01")])
def test_the_best_50_are_those_of_refitting_in_order(load: Any, rule: str) -> None:
    rows, labels = load(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(rows))[:105]
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    pool, asked, known = rows[order[30:]], rows[order[:30]], labels[order[:30]]
    chosen = choose(rule, 50, **evidence(pool, asked, known, ScikitLearn))
    expected = by_refits(rule, pool, asked, known, ScikitLearn)
    assert chosen.rows.tolist() == np.argsort(-expected)[:50].tolist()


def linear_scores(pool: Points, asked: Points, labels: Codes, classes: int) -> Points:
    """Score by refits of querist's own learner, which gives a place to classes that nobody has seen."""
    rng = np.random.default_rng(0)
    learner = Linear(standardise=False)

    def probs(rows: Points, codes: Codes, at: Points) -> Points:
        return np.asarray(learner.fit(rows, codes, classes=classes, rng=rng).predict(at, {"probs"})["probs"])

    base, out = probs(asked, labels, pool), np.zeros(len(pool))
    for i in range(len(pool)):
        for y in range(classes):
            after = probs(np.concatenate([asked, pool[[i]]]), np.append(labels, y), np.delete(pool, i, axis=0))
            out[i] -= base[i, y] * loss_of("eer-log", after).mean()
    return out


@pytest.mark.parametrize("classes", [3, 5])
@pytest.mark.parametrize("features", [2, 12])
def test_a_class_without_a_label_is_learnt_as_the_linear_learner_does(classes: int, features: int) -> None:
    pool, asked, labels = sample(1, 2, features, known=6)
    model = Linear(standardise=False).fit(asked, labels, classes=classes, rng=np.random.default_rng(0))
    given_ = model.predict(pool, {"embed", "head"})
    value = scores("eer-log", **given_, labelled={"embed": asked}, labels=labels)
    assert value == pytest.approx(linear_scores(pool, asked, labels, classes), rel=1e-5)


def test_the_learner_names_the_prior_of_its_head() -> None:
    _, asked, labels = sample(0, 3, 4, known=12)
    head = (
        Linear(C=0.25, standardise=False)
        .fit(asked, labels, classes=3, rng=np.random.default_rng(0))
        .predict(asked, {"head"})["head"]
    )
    probs = np.exp(asked @ head.weight.T + head.bias)
    probs /= probs.sum(axis=1, keepdims=True)
    assert head.prior == 4.0
    # at the optimum the prior balances the data
    assert head.prior * head.weight == pytest.approx((np.eye(3)[labels] - probs).T @ asked, abs=1e-5)


def test_a_head_with_one_logit_is_one_with_two() -> None:
    given_ = evidence(*sample(3, 2, 3), ScikitLearn)
    one = given_["head"]
    two = Head(np.concatenate([-one.weight, one.weight]) / 2, np.concatenate([-one.bias, one.bias]) / 2, prior=2.0)
    assert scores("eer-log", **given_) == pytest.approx(scores("eer-log", **{**given_, "head": two}), rel=1e-9)


def test_the_prior_of_the_strategy_beats_that_of_the_head_and_1_stands_in() -> None:
    given_ = evidence(*sample(4, 3, 3))
    bare = {**given_, "head": Head(given_["head"].weight, given_["head"].bias)}
    assert scores("eer-log", **bare).tolist() == scores("eer-log", **given_).tolist()
    assert scores("eer-log(prior=9)", **given_).tolist() == scores("eer-log(prior=9)", **bare).tolist()
    assert scores("eer-log(prior=9)", **given_).tolist() != scores("eer-log", **given_).tolist()


def test_defect_6_the_error_is_measured_on_the_rest_of_the_pool_only() -> None:
    """Not on the labelled rows, and not on the row itself."""
    pool, asked, labels = sample(5, 2, 2)
    given_ = evidence(pool, asked, labels)
    for i in range(len(pool)):
        rest = {"embed": np.delete(pool, i, axis=0)}
        alone = scores("eer-log", **{**given_, "embed": pool[[i]]}, targets=rest)
        assert alone[0] == pytest.approx(scores("eer-log", **given_)[i], rel=1e-9)


def test_a_row_that_is_alone_leaves_no_error() -> None:
    pool, asked, labels = sample(5, 2, 2, n=1)
    assert scores("eer-log", **evidence(pool, asked, labels)).tolist() == [0.0]


def test_defect_8_the_class_itself_plays_no_part_in_the_sum() -> None:
    pool, asked, labels = sample(6, 3, 3)
    given_, order = evidence(pool, asked, labels), np.array([2, 0, 1])
    head = Head(given_["head"].weight[order], given_["head"].bias[order], prior=1.0)
    renamed = {**given_, "head": head, "labels": np.argsort(order)[labels]}
    assert scores("eer-log", **renamed) == pytest.approx(scores("eer-log", **given_), rel=1e-9)


def test_defect_9_codes_of_labels_may_have_gaps() -> None:
    """Class 1 of three has no label; its place is kept, and the others stay where they are."""
    pool, asked, labels = sample(7, 2, 2, known=6)
    gap = np.where(labels == 1, 2, labels)
    model = Linear(standardise=False).fit(asked, gap, classes=3, rng=np.random.default_rng(0))
    value = scores("eer-log", **model.predict(pool, {"embed", "head"}), labelled={"embed": asked}, labels=gap)
    assert value == pytest.approx(linear_scores(pool, asked, gap, 3), rel=1e-5)


def test_pending_answers_are_no_labels_and_no_targets() -> None:
    pool, asked, labels = sample(8, 2, 3)
    given_ = evidence(pool, asked, labels)
    more = {"embed": np.concatenate([asked, np.full((1, 3), 7.0)])}
    pending = {**given_, "labelled": more, "labels": np.append(labels, -1)}
    assert scores("eer-log", **pending).tolist() == scores("eer-log", **given_).tolist()


@pytest.mark.parametrize("features", [3, 20])
def test_blocks_make_no_difference(features: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given_ = evidence(*sample(9, 3, features))
    whole = scores("eer-log", **given_)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    monkeypatch.setattr(expected_error, "CACHE_BYTES", 1)
    assert scores("eer-log", **given_) == pytest.approx(whole, rel=1e-10)


def test_certain_models_and_far_rows_give_finite_scores() -> None:
    pool, asked, labels = sample(10, 3, 3)
    pool[0] *= 1e4
    head = Head(np.eye(3) * 1e3, np.array([0.0, 50.0, -50.0]), prior=1e-6)
    for rule in ("eer-01", "eer-log"):
        value = scores(rule, embed=pool, head=head, labelled={"embed": asked * 1e3}, labels=labels)
        assert np.isfinite(value).all()
        assert (value <= 0).all()


def test_messages() -> None:
    given_ = evidence(*sample(11, 3, 3))
    with pytest.raises(BadEvidence, match=r"^labels must be codes of the 3 classes of the head, from 0: got 4$"):
        choose("eer-log", 1, **{**given_, "labels": np.append(given_["labels"][:-1], 4)})
    with pytest.raises(BadInput, match=r"^prior must be a positive number: got 0$"):
        choose("eer-01(prior=0)", 1, **given_)
    message = (
        r"^strategy 'eer-log' needs 0\.0 GiB for matrices of 10 parameters, \(classes − 1\) × features: got "
        r"max_bytes=100; reduce the embedding, for example with PCA, or raise max_bytes$"
    )
    with pytest.raises(BadInput, match=message):
        choose("eer-log(max_bytes=100)", 1, **given_)
