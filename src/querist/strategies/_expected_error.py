"""What the strategies of expected error share: the model from a head, and the error that a label leaves."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats, to_numpy
from querist.errors import BadEvidence
from querist.scores.expected_error import Loss, expected_loss
from querist.scores.lookahead import Model
from querist.scores.rounding import rounded
from querist.strategies._coverage import unasked_targets
from querist.strategies._limits import check_parameters
from querist.strategies.typiclust import positions
from querist.view import Head, View

PRIOR = 1.0
"""The precision of the prior where neither the strategy nor the head says: scikit-learn's C = 1."""


def score_by_error(view: View, loss: Loss, *, name: str, prior: float | None, max_bytes: int) -> Floats:
    """Score each row by the expected loss on the targets once it is labelled, negated; [N]."""
    model, targets = model_of(view, prior), unasked_targets(view)
    check_parameters(name, (len(model.bias) - 1) * model.rows.shape[1], matrices=3, max_bytes=max_bytes)
    own = positions(view.keys, targets.keys)
    goals = np.asarray(to_numpy(targets.embed), dtype=np.float64)
    return rounded(-expected_loss(model, to_numpy(view.embed), goals, own=own, loss=loss))


def model_of(view: View, prior: float | None) -> Model:
    """Give the softmax model of a view's head and its answered rows; a head with one logit becomes one with two.

    Raises BadEvidence where a label lies beyond the classes of the head.
    """
    head: Head | None = view.head
    assert head is not None
    precision = prior or head.prior or PRIOR
    weight, bias = (np.ascontiguousarray(to_numpy(part), dtype=np.float64) for part in (head.weight, head.bias))
    if len(bias) == 1:  # the logit of class 1 against class 0: two columns of half the vector, with the same penalty
        weight, bias, precision = (
            np.concatenate([-weight, weight]) / 2,
            np.concatenate([-bias, bias]) / 2,
            2 * precision,
        )
    known = np.flatnonzero(view.labels >= 0)
    labels = view.labels[known]
    if len(labels) and labels.max() >= len(bias):
        raise BadEvidence(f"labels must be codes of the {len(bias)} classes of the head, from 0: got {labels.max()}")
    asked = np.empty((0, weight.shape[1])) if view.labelled is None else to_numpy(view.labelled.embed)[known]
    return Model(weight, bias, np.ascontiguousarray(asked, dtype=np.float64), labels, precision)
