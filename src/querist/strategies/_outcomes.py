"""What the greedy sampling strategies of regression share: predictions beside known outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput
from querist.view import View


@dataclass(frozen=True, eq=False)
class Known:
    """Predictions and outcomes, in units of the standard deviation of the known outcomes.

    Shapes: predicted [N] of the rows; outcomes [L] of the labelled ones, the prediction where the answer is pending.
    """

    predicted: Floats
    outcomes: Floats


def known(view: View, first: int) -> Known | None:
    """Put predictions beside outcomes; None while fewer than ``first`` rows have an answer.

    The unit is 1 while the known outcomes are all the same. Cost: O(N + L).
    """
    answered = np.isfinite(view.outcomes)
    if view.labelled is None or answered.sum() < max(1, first):
        return None
    unit = float(np.std(view.outcomes[answered])) or 1.0
    outcomes = np.where(answered, view.outcomes, _means(view.labelled))
    return Known(_means(view) / unit, outcomes / unit)


def check_first(first: int) -> None:
    """Raise BadInput unless the number of first answers is a whole number, 1 or more."""
    if not isinstance(first, int) or first < 1:
        raise BadInput(f"first must be a whole number, 1 or more: got {first!r}")


def _means(view: View) -> Floats:
    return np.asarray(to_numpy(view.mean_var), np.float64)[:, 0]
