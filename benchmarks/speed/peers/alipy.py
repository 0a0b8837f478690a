"""ALiPy, with the names that Python has dropped since put back."""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Callable

collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]

import numpy as np  # noqa: E402
from alipy import query_strategy  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from speed.peers import Call, Inputs  # noqa: E402


def _uncertainty(measure: str) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        probs = np.array(inputs["probs"])  # it writes into them
        rule, rows = query_strategy.QueryInstanceUncertainty(measure=measure), np.arange(len(probs))
        return lambda: rule.select_by_prediction_mat(rows, probs, batch_size=inputs.n)

    return prepare


def _all_rows(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.concatenate([inputs["embed"], inputs["labelled_embed"]])
    pool = np.arange(len(inputs["embed"]))
    return rows, pool, np.arange(len(pool), len(rows))


def _k_center(inputs: Inputs) -> Call:
    rows, pool, asked = _all_rows(inputs)
    free, labels, everything = set(pool.tolist()), np.zeros(len(rows)), np.arange(len(rows))

    def call() -> list[int]:
        rule = query_strategy.QueryInstanceCoresetGreedy(rows, labels, everything)
        return [int(row) for row in rule.select(asked, free, batch_size=inputs.n)]

    return call


def _eer(inputs: Inputs) -> Call:
    rows, pool, asked = _all_rows(inputs)
    rows, labels = rows.astype(np.float64), np.zeros(len(rows), np.int64)
    labels[asked] = inputs["labelled_labels"]
    model = LogisticRegression(C=1.0).fit(rows[asked], labels[asked])
    rule = query_strategy.QueryExpectedErrorReduction(rows, labels)
    return lambda: rule.select(asked, pool, model=model, batch_size=inputs.n)


TASKS = {
    "entropy": _uncertainty("entropy"),
    "margin": _uncertainty("margin"),
    "least-confidence": _uncertainty("least_confident"),
    "k-center": _k_center,
    "eer-log": _eer,
}
