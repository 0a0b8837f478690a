"""The linear learner: scaling, classes without labels, warm starts, wide sparse rows, messages."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from querist.errors import BadEvidence, BadInput, BadLabel
from querist.learners import _features, _project
from querist.learners._constant import Constant
from querist.learners._features import moments
from querist.learners._project import projection
from querist.learners.linear import Linear, LinearPredictor, softmax
from querist.testing.learners import check, make_sample, train

ALL = frozenset({"probs", "draws", "embed", "head"})


def linear(sample: Any, learner: Linear | None = None, **options: Any) -> LinearPredictor:
    model = train(learner or Linear(), sample, **options)
    assert isinstance(model, LinearPredictor)
    return model


def test_the_head_on_the_embedding_gives_the_probabilities() -> None:
    sample = make_sample()
    evidence = linear(sample).predict(sample.pool, ALL)
    head = evidence["head"]
    np.testing.assert_allclose(softmax(evidence["embed"] @ head.weight.T + head.bias), evidence["probs"], atol=1e-12)


def test_the_embedding_is_standardised_by_the_pool_not_by_the_labelled_rows() -> None:
    sample = make_sample()
    embed = linear(sample.only(0, 1)).predict(sample.pool, {"embed"})["embed"]
    np.testing.assert_allclose(embed.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(embed.std(axis=0), 1, atol=1e-12)
    raw = linear(sample, Linear(standardise=False)).predict(sample.pool, {"embed"})["embed"]
    np.testing.assert_array_equal(raw, sample.pool)


def test_the_embedding_keeps_single_precision() -> None:
    sample = make_sample()
    single = type(sample)(sample.pool.astype(np.float32), sample.rows, sample.codes)
    assert linear(single).predict(single.pool, {"embed"})["embed"].dtype == np.float32


def test_sparse_rows_are_not_centred() -> None:
    sample = make_sample(sparse=True)
    embed = linear(sample).predict(sample.pool, {"embed"})["embed"]
    np.testing.assert_array_equal(embed, sample.pool.toarray())


def test_draws_spread_around_the_probabilities() -> None:
    sample = make_sample()
    evidence = linear(sample, Linear(draws=2000, C=0.05)).predict(sample.pool, {"probs", "draws"})
    assert evidence["draws"].shape == (60, 2000, 3)
    assert np.abs(evidence["draws"].mean(axis=1) - evidence["probs"]).max() < 0.15
    assert evidence["draws"].std(axis=1).max() > 0.05


def test_draws_are_the_same_whether_asked_for_whole_or_in_parts() -> None:
    sample = make_sample(features=80)
    model = linear(sample)
    parts = [model.predict(sample.pool[part], {"draws"})["draws"] for part in (slice(0, 13), slice(13, 60))]
    whole = model.predict(sample.pool, {"draws"})["draws"]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_uncertainty_grows_away_from_the_labels() -> None:
    sample = make_sample()
    near, far = sample.pool[sample.rows].mean(axis=0), np.full(5, 50.0)
    draws = linear(sample).predict(np.stack([near, far]), {"draws"})["draws"]
    best = draws.argmax(axis=2)
    disagreement = [1 - max(np.bincount(row, minlength=3)) / 50 for row in best]
    assert disagreement[1] > 0
    assert np.isfinite(draws).all()


@pytest.mark.parametrize("classes", [3, 4, 10])
def test_a_class_without_labels_weighs_one_label_shared_by_all_classes(classes: int) -> None:
    sample = make_sample().only(0, 1)
    model = linear(sample, classes=classes)
    probs = model.predict(sample.pool[sample.rows], {"probs"})["probs"]
    unseen = probs[:, 2:]
    origin = model.predict(sample.pool.mean(axis=0)[None], {"probs"})["probs"][0, 2:]
    # the intercept's own equation: what a class is given over labels and pseudo-labels adds up to its pseudo-label
    pseudo = (classes - 2) / classes
    np.testing.assert_allclose(unseen.sum(axis=0) + pseudo * origin, 1 / classes, atol=1e-4)
    assert (unseen > 0).all()
    assert (probs.argmax(axis=1) == sample.codes).mean() > 0.9


def test_a_class_without_labels_shows_in_the_draws() -> None:
    sample = make_sample().only(0, 1)
    draws = linear(sample).predict(sample.pool, {"draws"})["draws"]
    assert draws[:, :, 2].std(axis=1).min() > 0
    check({"draws": draws}, 60)


@given(counts=st.lists(st.integers(0, 6), min_size=2, max_size=5), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_any_mix_of_labels_gives_valid_evidence(counts: list[int], seed: int) -> None:
    codes = np.repeat(np.arange(len(counts)), counts)
    x = np.random.default_rng(seed).normal(size=(len(codes) + 5, 3))
    model = Linear(draws=4).fit(
        x[: len(codes)], codes, classes=len(counts), rng=np.random.default_rng(seed), pool=x
    )  # fmt: skip
    check(model.predict(x, ALL), len(x))
    assert isinstance(model, LinearPredictor) == ((np.array(counts) > 0).sum() >= 2)


def test_before_two_classes_have_labels_the_draws_are_those_of_the_shares() -> None:
    sample = make_sample().only(1)
    model = train(Linear(draws=20_000), sample)
    assert isinstance(model, Constant)
    draws = model.predict(sample.pool[:1], {"draws"})["draws"][0]
    labels = len(sample.codes)
    alpha = np.array([1.0, labels + 1.0, 1.0])
    np.testing.assert_allclose(draws.mean(axis=0), alpha / alpha.sum(), atol=0.003)
    variance = alpha * (alpha.sum() - alpha) / (alpha.sum() ** 2 * (alpha.sum() + 1))
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.1)


def test_a_warm_start_ends_at_the_same_optimum() -> None:
    sample = make_sample(features=40)
    cold = linear(sample)
    fewer = linear(type(sample)(sample.pool, sample.rows[:20], sample.codes[:20]))
    warm = linear(sample, warm=fewer)
    np.testing.assert_allclose(warm.weight, cold.weight, atol=1e-6)
    already = train(Linear(max_iter=1), sample, warm=cold)
    assert isinstance(already, LinearPredictor)
    assert already.notes == ()
    assert train(Linear(max_iter=1), sample).notes != ()  # type: ignore[attr-defined]


def test_a_warm_start_of_another_width_is_not_used() -> None:
    sample = make_sample()
    other = linear(make_sample(features=3))
    np.testing.assert_array_equal(linear(sample, warm=other).weight, linear(sample).weight)


def test_an_early_end_is_noted() -> None:
    notes = linear(make_sample(), Linear(max_iter=1)).notes
    assert len(notes) == 1
    assert notes[0].startswith("linear: the optimum was not reached, the largest slope is ")
    assert notes[0].endswith("raise max_iter, standardise the features, or lower C")
    assert linear(make_sample()).notes == ()


def test_moments_are_those_of_numpy() -> None:
    pool = np.random.default_rng(0).normal(3e4, 5, size=(3000, 7)).astype(np.float32)
    mean, scale = moments(pool)
    np.testing.assert_allclose(mean, pool.mean(axis=0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(scale, pool.std(axis=0, dtype=np.float64), rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9, -1e-9])
def test_a_constant_column_has_scale_one(value: float) -> None:
    assert moments(np.full((1000, 1), value))[1].tolist() == [1.0]


def test_moments_are_remembered_only_while_nobody_can_change_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    measure = _features._measure
    monkeypatch.setattr(_features, "_measure", lambda pool: calls.append(1) or measure(pool))  # type: ignore[func-returns-value]
    pool = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    moments(pool)
    pool[0] = 100.0
    np.testing.assert_array_equal(moments(pool)[0], pool.mean(axis=0))
    assert len(calls) == 2
    view = pool[:]
    view.flags.writeable = False
    moments(view), moments(view)
    assert len(calls) == 4, "a read-only view of a writable array can still change"
    pool.flags.writeable = False
    first, second = moments(pool), moments(pool)
    assert first is second
    assert len(calls) == 5
    key = id(pool)
    del view, pool
    gc.collect()
    assert key not in _features._known


def wide(rows: int = 40) -> csr_matrix:
    rng = np.random.default_rng(0)
    return csr_matrix(np.where(rng.random((rows, 700)) < 0.02, rng.random((rows, 700)), 0.0))


def test_wide_sparse_rows_are_embedded_by_their_leading_directions() -> None:
    pool = wide(200)
    directions = projection(pool)
    assert directions.shape == (700, 128)
    np.testing.assert_allclose(directions.T @ directions, np.eye(128), atol=1e-9)
    kept = np.linalg.norm(pool @ directions) ** 2
    best = (np.linalg.svd(pool.toarray(), compute_uv=False)[:128] ** 2).sum()
    assert kept > 0.995 * best


def test_the_directions_depend_on_the_pool_alone_and_are_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_project, "_found", type(_project._found)())
    pool = wide()
    first = projection(pool)
    assert first.shape == (700, 40)
    assert projection(pool.copy()) is first
    monkeypatch.setattr(_project, "_found", type(_project._found)())
    np.testing.assert_array_equal(projection(pool), first)
    pool.data[0] += 1.0
    assert projection(pool) is not first
    for i in range(6):
        projection(wide(10 + i))
    assert len(_project._found) == 4


@pytest.mark.parametrize("rows", [0, 3])
def test_wide_rows_without_content_have_an_embedding_all_the_same(rows: int) -> None:
    assert projection(csr_matrix((rows, 600))).tolist() == [[0.0]] * 600


def test_wide_sparse_rows_give_all_evidence_and_a_head_that_agrees() -> None:
    pool, codes = wide(), np.arange(40) % 3
    model = Linear().fit(pool[:30], codes[:30], classes=3, rng=np.random.default_rng(0), pool=pool)
    evidence = model.predict(pool, ALL)
    check(evidence, 40)
    assert evidence["embed"].shape == (40, 40)
    head = evidence["head"]
    # 40 rows have 40 directions, so that here the approximation is exact
    np.testing.assert_allclose(softmax(evidence["embed"] @ head.weight.T + head.bias), evidence["probs"], atol=1e-9)
    parts = [model.predict(pool[part], {"embed"})["embed"] for part in (slice(0, 9), slice(9, 40))]
    np.testing.assert_allclose(np.concatenate(parts), evidence["embed"], atol=1e-12)
    empty = Linear().fit(pool[:0], codes[:0], classes=3, rng=np.random.default_rng(0), pool=pool)
    assert empty.predict(pool, ALL)["head"].weight.shape == (3, 40)


def test_a_pool_that_is_not_finite_is_refused() -> None:
    pool = np.zeros((5, 2))
    pool[3, 1] = np.nan
    with pytest.raises(BadEvidence, match="features must be finite: row 3 holds nan; drop the item or fill the gap"):
        Linear().fit(pool[:2], np.array([0, 1]), classes=2, rng=np.random.default_rng(0), pool=pool)


def test_features_too_large_for_the_model_are_refused() -> None:
    sample = make_sample()
    small = type(sample)(sample.pool * 1e-3, sample.rows, sample.codes)
    model = linear(small, Linear(standardise=False, C=1e6))
    with pytest.raises(BadEvidence, match="logits must be finite: the features are too large; standardise them"):
        model.predict(1.7e308 * np.sign(model.weight[:1]), {"probs"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"C": 0}, "C must be a positive, finite number: got 0"),
        ({"C": float("inf")}, "C must be a positive, finite number: got inf"),
        ({"C": "1"}, "C must be a positive, finite number: got '1'"),
        ({"draws": 0}, "draws must be a whole number, 1 or more: got 0"),
        ({"draws": 2.5}, "draws must be a whole number, 1 or more: got 2.5"),
        ({"max_iter": 0}, "max_iter must be a whole number, 1 or more: got 0"),
        ({"max_iter": "9"}, "max_iter must be a whole number, 1 or more: got '9'"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Linear(**options)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 3], r"class codes must lie in 0 … 2: row 1 holds 3"),
        ([-1, 0], r"class codes must lie in 0 … 2: row 0 holds -1"),
        ([0], r"there must be one class code per item, 2: got 1"),
    ],
)
def test_codes_that_are_none_are_refused(codes: list[int], message: str) -> None:
    with pytest.raises(BadLabel, match=message):
        Linear().fit(np.zeros((2, 2)), np.array(codes), classes=3, rng=np.random.default_rng(0))


@pytest.mark.parametrize("classes", [3, 40])
def test_softmax_is_stable_and_sums_to_one(classes: int) -> None:
    logits = np.random.default_rng(0).normal(size=(5, 2, classes)) * 500
    top = np.exp(logits - logits.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(softmax(logits.copy()), top / top.sum(axis=-1, keepdims=True), atol=1e-15)


def test_a_few_labels_of_digits_are_enough_for_a_good_model() -> None:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    model = Linear().fit(x[rows[:100]], y[rows[:100]], classes=10, rng=np.random.default_rng(0), pool=x)
    best = model.predict(x[rows[100:]], {"probs"})["probs"].argmax(axis=1)
    assert (best == y[rows[100:]]).mean() > 0.87


@pytest.mark.parametrize(("width", "sparse"), [(4, False), (60, False), (400, False), (1100, True)])
def test_draws_do_not_depend_on_the_order_of_the_labels(width: int, sparse: bool) -> None:
    """Whichever way they are drawn: in all features or in the span of the labels, from a factor or by solving."""
    rng = np.random.default_rng(0)
    items: Any = rng.normal(size=(90, width))
    items = csr_matrix(items / np.linalg.norm(items, axis=1, keepdims=True)) if sparse else items
    codes, turn = np.arange(90) % 40, rng.permutation(90)
    fit = [
        Linear(draws=3).fit(x, y, classes=40, rng=np.random.default_rng(1), pool=items)
        for x, y in ((items, codes), (items[turn], codes[turn]))
    ]
    one, other = (model.predict(items, {"draws"})["draws"] for model in fit)
    np.testing.assert_allclose(one, other, atol=1e-5)
