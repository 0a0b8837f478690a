"""scikit-activeml: its public functions on arrays where there are any, else its query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from skactiveml import pool
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import _core_set
from sklearn.linear_model import LogisticRegression

from speed.peers import Call, Inputs, highest


def _scores(method: str) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        probs = inputs["probs"]
        return lambda: highest(pool.uncertainty_scores(probs, method=method), inputs.n)

    return prepare


def _bald(inputs: Inputs) -> Call:
    members = np.ascontiguousarray(inputs["draws"].swapaxes(0, 1))
    return lambda: highest(pool.average_kl_divergence(members), inputs.n)


def _batchbald(inputs: Inputs) -> Call:
    members = np.ascontiguousarray(inputs["draws"].swapaxes(0, 1))
    samples = 10_000 // inputs["draws"].shape[2]

    def call() -> np.ndarray:
        gains = pool.batch_bald(members, inputs.n, n_MC_samples=samples, random_state=inputs.seed)
        return np.nanargmax(gains, axis=1)

    return call


def _all_rows(inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    rows = np.concatenate([inputs["embed"], inputs["labelled_embed"]])
    labels = np.full(len(rows), np.nan)
    labels[len(inputs["embed"]) :] = inputs.arrays.get("labelled_labels", 0)
    return rows, labels


def _k_center(inputs: Inputs) -> Call:
    rows, labels = _all_rows(inputs)
    return lambda: _core_set.k_greedy_center(rows, labels, batch_size=inputs.n, random_state=inputs.seed)[0]


def _strategy(build: Callable[[Inputs], Any]) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        rows, labels = _all_rows(inputs)
        return lambda: build(inputs).query(rows, labels, batch_size=inputs.n)

    return prepare


def _maxherding(inputs: Inputs) -> Any:
    width = {"gamma": 1.0 / inputs.options["sigma"] ** 2}
    return pool.MaxHerding(normalize_samples=False, metric_dict=width, random_state=inputs.seed)


def _probcover(inputs: Inputs) -> Any:
    return pool.ProbCover(n_classes=10, deltas=[inputs.options["delta"]], random_state=inputs.seed)


def _eer(inputs: Inputs) -> Call:
    rows, labels = _all_rows(inputs)
    rows, candidates = rows.astype(np.float64), np.arange(len(inputs["embed"]))
    model = SklearnClassifier(LogisticRegression(C=1.0), classes=np.unique(inputs["labelled_labels"]))
    rule = pool.MonteCarloEER(method="log_loss", random_state=inputs.seed)
    return lambda: rule.query(rows, labels, model, candidates=candidates, batch_size=inputs.n)


TASKS = {
    "entropy": _scores("entropy"),
    "margin": _scores("margin_sampling"),
    "least-confidence": _scores("least_confident"),
    "bald": _bald,
    "batchbald": _batchbald,
    "k-center": _k_center,
    "maxherding": _strategy(_maxherding),
    "probcover": _strategy(_probcover),
    "typiclust": _strategy(lambda inputs: pool.TypiClust(random_state=inputs.seed)),
    "eer-log": _eer,
}
