"""What the strategies on Fisher information share: rows, information and target from a view."""

from __future__ import annotations

import numpy as np

from querist._arrays import Floats, to_numpy
from querist.scores.information import Rowset, Variance, information, inverse
from querist.strategies._coverage import unasked_targets
from querist.view import View


def rows_of(view: View, *, bias: bool, weight: float = 1.0) -> Rowset:
    """Give the rows of a view by embedding and probabilities."""
    return Rowset(to_numpy(view.embed), to_numpy(view.probs), bias, weight)


def information_of_targets(view: View, *, bias: bool, squared: bool = False) -> Floats:
    """Average the information, or the squared one, over the targets not asked yet; [P, P], 0 when there are none."""
    targets = unasked_targets(view)
    return information(rows_of(targets, bias=bias, weight=1.0 / max(1, len(targets))), squared=squared)


def inverse_of_labelled(view: View, *, bias: bool, ridge: float, weight: float = 1.0) -> Floats:
    """Invert weight·Σ_L F + ridge·I over the rows asked, answered or not; [P, P]."""
    asked = view.take(np.empty(0, np.intp)) if view.labelled is None else view.labelled
    return inverse(information(rows_of(asked, bias=bias, weight=weight)), ridge=ridge)


def variance_of(view: View, target: Floats, *, bias: bool, ridge: float, weight: float = 1.0) -> Variance:
    """Give tr(A·F⁻¹) before any choice, F the information of the rows asked and the ridge."""
    return Variance(inverse_of_labelled(view, bias=bias, ridge=ridge, weight=weight), target)
