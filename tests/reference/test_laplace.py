"""The linear learner against scikit-learn, finite differences and the exact Laplace posterior."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from querist.learners import _laplace
from querist.learners._newton import Optimum, Problem, evaluate, gradient, minimise
from querist.learners._span import span_of
from querist.learners.linear import Linear, LinearPredictor

Floats = NDArray[np.float64]


def standardised(x: Floats) -> Floats:
    scale = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(scale == 0, 1, scale)


def digits(labels: int) -> tuple[Floats, NDArray[np.int64], NDArray[np.intp]]:
    x, y = load_digits(return_X_y=True)
    return x, y.astype(np.int64), np.random.default_rng(5).permutation(len(y))[:labels]


def fit(learner: Linear, x: Floats, y: NDArray[np.int64], pool: Floats | None = None) -> LinearPredictor:
    rng = np.random.default_rng(0)
    model = learner.fit(x, y, classes=int(y.max()) + 1, rng=rng, pool=pool)
    assert isinstance(model, LinearPredictor)
    return model


def clouds(classes: int, *, rows: int, features: int, seed: int = 0) -> tuple[Floats, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    return rng.normal(size=(rows, features)) + rng.normal(size=(classes, features))[y], y


@pytest.mark.parametrize("labels", [40, 150, 400])
@pytest.mark.parametrize("C", [0.1, 1.0])
def test_probabilities_are_those_of_scikit_learn_at_its_optimum(labels: int, C: float) -> None:
    x, y, rows = digits(labels)
    expected = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(standardised(x)[rows], y[rows])
    got = fit(Linear(C=C), x[rows], y[rows], pool=x).predict(x, {"probs"})["probs"]
    assert len(set(y[rows])) == 10
    np.testing.assert_allclose(got, expected.predict_proba(standardised(x)), atol=1e-5)


@pytest.mark.parametrize("C", [0.1, 1.0, 30.0])
def test_two_classes_have_the_optimum_of_one_weight_vector(C: float) -> None:
    x, y = clouds(2, rows=50, features=4)
    expected = LogisticRegression(C=C, tol=1e-12, max_iter=10_000).fit(x, y).predict_proba(x)
    got = fit(Linear(C=C, standardise=False), x, y).predict(x, {"probs"})["probs"]
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_more_features_than_labels_repeated_rows_and_sparse_rows_change_nothing() -> None:
    from scipy.sparse import csr_matrix

    x, y = clouds(3, rows=24, features=60)
    x, y = np.concatenate([x, x[:9]]), np.concatenate([y, y[:9]])
    expected = LogisticRegression(tol=1e-12, max_iter=10_000).fit(x, y).predict_proba(x)
    for items in (x, csr_matrix(x)):
        got = fit(Linear(C=1.0, standardise=False), items, y).predict(items, {"probs"})["probs"]
        np.testing.assert_allclose(got, expected, atol=1e-6)


def small_problem(classes: int = 3) -> tuple[Problem, Optimum]:
    x, y = clouds(classes, rows=30, features=2)
    problem = Problem(np.column_stack([x, np.ones(30)]), np.eye(classes)[:, y] * np.linspace(0.5, 1.5, 30), 0.7)
    return problem, minimise(problem, problem.start(), max_iter=100)


def value_at(problem: Problem, theta: Floats) -> float:
    return evaluate(problem, theta, theta @ problem.columns).value


def test_the_gradient_is_that_of_finite_differences_and_zero_at_the_optimum() -> None:
    problem, optimum = small_problem()
    theta, step = np.random.default_rng(1).normal(size=(3, 3)), 1e-6
    got = gradient(problem, evaluate(problem, theta, theta @ problem.columns))
    for place in np.ndindex(3, 3):
        change = np.zeros((3, 3))
        change[place] = step
        slope = (value_at(problem, theta + change) - value_at(problem, theta - change)) / (2 * step)
        assert got[place] == pytest.approx(slope, abs=1e-6)
    at_optimum = gradient(problem, evaluate(problem, optimum.theta, optimum.theta @ problem.columns))
    assert np.abs(at_optimum).max() < 1e-5
    assert optimum.converged


def test_the_hessian_is_that_of_finite_differences() -> None:
    problem, _ = small_problem()
    theta, step = np.random.default_rng(1).normal(size=(3, 3)), 1e-5
    got = _laplace.hessian(problem, evaluate(problem, theta, theta @ problem.columns).probs, problem.penalty)
    for at, place in enumerate(np.ndindex(3, 3)):
        change = np.zeros((3, 3))
        change[place] = step
        ends = [gradient(problem, evaluate(problem, t, t @ problem.columns)) for t in (theta + change, theta - change)]
        np.testing.assert_allclose(got[at], ((ends[0] - ends[1]) / (2 * step)).ravel(), atol=1e-6)


def test_the_hessian_is_summed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, optimum = small_problem()
    whole = _laplace.hessian(problem, optimum.probs, problem.penalty)
    monkeypatch.setattr("querist._arrays.BLOCK_BYTES", 1000)
    np.testing.assert_allclose(_laplace.hessian(problem, optimum.probs, problem.penalty), whole, atol=1e-12)


def flat_draws(model: LinearPredictor) -> Floats:
    """Flatten the draws of (weight, intercept), [K, P], without what the softmax cannot see."""
    weights, biases = model.posterior.draws
    weights, biases = (part - part.mean(axis=1, keepdims=True) for part in (weights, biases))
    return np.concatenate([weights.reshape(len(weights), -1), biases], axis=1)


def seen_covariance(model: LinearPredictor, classes: int, width: int) -> Floats:
    """Give the exact covariance [P, P] in the same coordinates, from the Hessian in the full space."""
    centre = np.eye(classes) - 1 / classes
    project = np.block([
        [np.kron(centre, np.eye(width)), np.zeros((classes * width, classes))],
        [np.zeros((classes, classes * width)), centre],
    ])  # fmt: skip
    return np.asarray(project @ model.posterior.covariance() @ project)


@pytest.mark.parametrize("method", ["factored", "solved"])
@pytest.mark.parametrize(("classes", "rows"), [(3, 30), (3, 5), (2, 30)])
def test_draws_have_the_mean_and_covariance_of_the_posterior(
    method: str, classes: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_laplace, "FACTORED", 3000 if method == "factored" else 0)
    x, y = clouds(classes, rows=rows, features=7)
    count = 10_000
    model = fit(Linear(standardise=False, draws=count), x, y)
    draws, covariance = flat_draws(model), seen_covariance(model, classes, 7)
    weight, bias = (part - part.mean(axis=0) for part in (model.weight, model.bias))
    spread = np.sqrt(np.diag(covariance))
    error = (draws.mean(axis=0) - np.concatenate([weight.ravel(), bias])) / spread
    assert np.abs(error).max() < 5 / np.sqrt(count)
    difference = (np.cov(draws.T) - covariance) / np.outer(spread, spread)
    assert np.abs(difference).max() < 6 / np.sqrt(count)


def test_fewer_labels_than_features_leave_the_posterior_of_the_full_space() -> None:
    x, y = clouds(3, rows=5, features=7)
    model = fit(Linear(standardise=False), x, y)
    rows = np.column_stack([x, np.ones(5)])
    problem = Problem(rows, np.eye(3)[:, y], 1.0)
    optimum = minimise(problem, problem.start(), max_iter=100)
    precision = np.append(np.ones(7), _laplace.BIAS_PRECISION)
    full = np.linalg.inv(_laplace.hessian(problem, optimum.probs, precision))
    order = [*(c * 8 + d for c in range(3) for d in range(7)), 7, 15, 23]
    np.testing.assert_allclose(model.posterior.covariance(), full[np.ix_(order, order)], atol=1e-6)


def test_two_classes_have_the_posterior_of_logistic_regression() -> None:
    x, y = clouds(2, rows=40, features=3)
    count = 20_000
    model = fit(Linear(C=2.0, standardise=False, draws=count), x, y)
    p = model.predict(x, {"probs"})["probs"][:, 1]
    rows = np.column_stack([x, np.ones(40)])
    precision = np.diag([0.5, 0.5, 0.5, _laplace.BIAS_PRECISION / 2])
    expected = np.linalg.inv((rows.T * (p * (1 - p))) @ rows + precision)
    draws = model.predict(x, {"draws"})["draws"]
    logits = np.log(draws[:, :, 1] / draws[:, :, 0])
    spread = np.sqrt(np.einsum("nd,de,ne->n", rows, expected, rows))
    np.testing.assert_allclose(logits.std(axis=1), spread, rtol=6 / np.sqrt(2 * count))
    np.testing.assert_allclose(logits.mean(axis=1), np.log(p / (1 - p)), atol=5 * spread.max() / np.sqrt(count))


def test_the_head_carries_the_covariance_in_its_own_order() -> None:
    x, y = clouds(3, rows=30, features=4)
    model = fit(Linear(covariance=True, draws=20_000), x, y)
    head = model.predict(x, {"head"})["head"]
    assert head.covariance is not None
    assert head.covariance.shape == (15, 15)
    weights, biases = model.posterior.draws
    got = np.concatenate([weights.reshape(len(weights), -1), biases], axis=1).std(axis=0)
    np.testing.assert_allclose(got, np.sqrt(np.diag(head.covariance)), rtol=0.04)
    assert fit(Linear(), x, y).predict(x, {"head"})["head"].covariance is None


def test_a_span_is_orthonormal_and_keeps_inner_products() -> None:
    x = clouds(3, rows=9, features=30)[0]
    x = np.concatenate([x, x[:4], np.zeros((1, 30))])
    coordinates, span = span_of(x)
    assert coordinates.shape == (14, 9)
    np.testing.assert_allclose(coordinates @ coordinates.T, x @ x.T, atol=1e-9)
    basis = span.lift(np.eye(9))
    np.testing.assert_allclose(basis @ basis.T, np.eye(9), atol=1e-9)
    np.testing.assert_allclose(span.lift(coordinates), x, atol=1e-9)
    np.testing.assert_allclose(span.lower(x), coordinates, atol=1e-9)


def test_rows_of_zeros_leave_only_the_intercept() -> None:
    y = np.array([0, 0, 1], np.int64)
    model = fit(Linear(standardise=False), np.zeros((3, 5)), y)
    np.testing.assert_allclose(model.predict(np.ones((1, 5)), {"probs"})["probs"], [[2 / 3, 1 / 3]], atol=1e-6)
    assert model.predict(np.ones((1, 5)), {"draws"})["draws"].shape == (1, 50, 2)
