"""Scores of how much a label would change the model; higher is more informative."""

from __future__ import annotations

from math import pi, sqrt

from querist._arrays import Array, float64, namespace
from querist.scores.committee import by_blocks, mean_over_members


def egl(probs: Array, embed: Array, *, bias: bool = True) -> Array:
    """Score by the expected length of the loss gradient on a linear softmax head.

    Formula: Σ_y p_y ‖p − e_y‖ · √(‖h‖² + b), b = 1 if the head has a bias, else 0: the exact Euclidean norm of the
    cross-entropy gradient, as the gradient for label y is (p − e_y) ⊗ (h, 1). For a two-class head with one logit
    the scores are smaller by √2 throughout, so the ranking is the same.
    Shapes: probs [N, C], embed [N, D] → [N]. Range: [0, ∞), in units of the embedding. Cost: O(N·(C + D)).
    Source: Settles, Craven & Ray 2008.

    >>> import numpy as np
    >>> egl(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[3.0], [3.0]]), bias=False).round(4).tolist()
    [2.1213, 0.0]
    """
    p = float64(probs)
    return namespace(p).sum(p * _distance_to_label(p), axis=-1) * _length(embed, bias)


def emcm(draws: Array, embed: Array, *, bias: bool = False) -> Array:
    """Score by the length of the change that a member's prediction, taken for the label, would make to a linear model.

    Formula: (1/K) Σ_k ‖f_k − f̄‖ · √(‖h‖² + b), f̄ the mean of the members, b = 1 with ``bias``: the gradient of the
    squared loss ½‖f − y‖² is (f − y) ⊗ (h, 1). Shapes: draws [N, K, C], probabilities or in a regression one value
    [N, K, 1]; embed [N, D] → [N]. Range: [0, ∞). Cost: O(N·(K·C + D)). Source: Cai, Zhang & Zhou 2013.

    >>> import numpy as np
    >>> emcm(np.array([[[1.0], [3.0]]]), np.array([[3.0, 4.0]])).tolist()
    [5.0]
    """
    return by_blocks(_mean_distance, draws) * _length(embed, bias)


def emcm_normal(mean_var: Array, embed: Array, *, bias: bool = False) -> Array:
    """Score as ``emcm`` with ever more members, when a member's prediction is normal with the variance given.

    Formula: √(2/π)·σ · √(‖h‖² + b), as E|f_k − f̄| = √(2/π)·σ. Shapes: mean_var [N, 2], embed [N, D] → [N].
    Range: [0, ∞). Cost: O(N·D). Source: Cai, Zhang & Zhou 2013.

    >>> import numpy as np
    >>> emcm_normal(np.array([[0.0, 4.0]]), np.array([[1.0]])).round(4).tolist()
    [1.5958]
    """
    variance = float64(mean_var)[:, 1]
    return sqrt(2 / pi) * namespace(variance).sqrt(variance) * _length(embed, bias)


def _mean_distance(draws: Array) -> Array:
    xp = namespace(draws)
    off = draws - mean_over_members(draws)[:, None, :]
    return xp.mean(xp.sqrt(xp.sum(off * off, axis=-1)), axis=1)


def _length(embed: Array, bias: bool) -> Array:
    """Compute ‖(h, 1)‖, or ‖h‖ without ``bias``; [N]."""
    h = float64(embed)
    xp = namespace(h)
    return xp.sqrt(xp.sum(h * h, axis=-1) + float(bias))


def _distance_to_label(p: Array) -> Array:
    """Compute ‖p − e_y‖ for every y; [N, C]."""
    xp = namespace(p)
    columns = xp.cumulative_sum(xp.ones_like(p, dtype=xp.int64), axis=-1) - 1
    is_top = columns == xp.argmax(p, axis=-1, keepdims=True)
    square = p * p
    rest = xp.sum(xp.where(is_top, xp.zeros_like(p), square), axis=-1, keepdims=True)
    # Σ p² − p_y² would cancel for the top class of a confident row, so the others are summed without it
    others = xp.where(is_top, rest, rest - square + xp.max(square, axis=-1, keepdims=True))
    return xp.sqrt(others + (1.0 - p) ** 2)
