"""How unsure a model is of each row, on a scale from 0 to 1 that can serve as a weight."""

from __future__ import annotations

import numpy as np

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.scores.uncertainty import boundary_distance, margin
from querist.view import View

SHARPNESS = 20.0
"""Decision gaps fade over a twentieth of their mean: found on other seeds and data than any figure is given for."""


def unsure(view: View, *, scale: float) -> Floats:
    """Weigh each row by 1 − (p₁ − p₂), or without probabilities by exp(−gap / scale); [N] in [0, 1].

    Probabilities say how much is at stake and are taken as they are. Decision values have a unit of their own: only
    their gap relative to that of other rows means anything. Cost: O(N·C).

    >>> view = View.of({"decision": np.array([[0.0], [-2.0]])}, ids=["a", "b"])
    >>> unsure(view, scale=2.0).round(4).tolist()
    [1.0, 0.3679]
    """
    if view.probs is not None:
        return np.clip(1.0 + _floats(margin(view.probs)), 0.0, 1.0)
    return np.asarray(np.exp(_floats(boundary_distance(view.decision)) / scale))


def fade(view: View, *, sharpness: float = SHARPNESS) -> float:
    """Give the scale of decision gaps: their mean over the rows, divided by the sharpness; 1 where all are zero.

    >>> fade(View.of({"decision": np.array([[1.0], [-3.0]])}, ids=["a", "b"]), sharpness=2.0)
    1.0
    """
    if view.probs is not None or len(view) == 0:
        return 1.0
    mean = -float(_floats(boundary_distance(view.decision)).mean())
    return mean / sharpness if mean > 0 else 1.0


def rare_first(view: View, *, most: float = 4.0) -> Floats:
    """Weigh each row by how rare its predicted class is: √(1 / (C·share)), between 1 and ``most``; [N].

    C counts the classes that the model predicts at all, so equal shares give 1. Cost: O(N·C).
    Source: balancing by predictions (Bengar et al. 2022), as the square root of the inverse frequency.

    >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.3, 0.7]])
    >>> rare_first(View.of({"probs": probs}, ids=list("abcd"))).round(4).tolist()
    [1.0, 1.0, 1.0, 1.4142]
    """
    codes = predicted(view)
    if len(codes) == 0:
        return np.ones(0)
    count = np.bincount(codes)
    even = len(codes) / np.count_nonzero(count)
    return np.asarray(np.clip(np.sqrt(even / count[codes]), 1.0, most))


def predicted(view: View) -> Rows:
    """Give the class that the model predicts for each row, of its probabilities or decision values; intp [N].

    >>> predicted(View.of({"decision": np.array([[0.5], [-2.0]])}, ids=["a", "b"])).tolist()
    [1, 0]
    """
    values = to_numpy(view.decision if view.probs is None else view.probs)
    signs = view.probs is None and values.shape[1] == 1
    return np.asarray(values[:, 0] > 0 if signs else values.argmax(axis=1), np.intp)


def _floats(scores: Array) -> Floats:
    return np.asarray(to_numpy(scores), np.float64)
