"""modAL, with the names that NumPy has dropped since put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

vars(np).update(float=float)

from modAL import expected_error, uncertainty  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from speed.peers import Call, Fixed, Inputs  # noqa: E402


def _sampling(rule: Callable[..., Any]) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        model = Fixed(inputs["probs"])
        return lambda: rule(model, inputs["probs"], n_instances=inputs.n)[0]

    return prepare


class _Learner:
    """What the function reads of a learner; modAL's own class does not run with this scikit-learn."""

    def __init__(self, rows: np.ndarray, labels: np.ndarray) -> None:
        self.X_training, self.y_training = rows, labels
        self.estimator = LogisticRegression(C=1.0).fit(rows, labels)

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        return self.estimator.predict_proba(rows)


def _eer(inputs: Inputs) -> Call:
    learner = _Learner(inputs["labelled_embed"].astype(np.float64), np.asarray(inputs["labelled_labels"]))
    rows = inputs["embed"].astype(np.float64)
    return lambda: expected_error.expected_error_reduction(learner, rows, loss="log", n_instances=inputs.n)[0]


TASKS = {
    "entropy": _sampling(uncertainty.entropy_sampling),
    "margin": _sampling(uncertainty.margin_sampling),
    "least-confidence": _sampling(uncertainty.uncertainty_sampling),
    "eer-log": _eer,
}
