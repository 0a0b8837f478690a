"""Scores of how much a label would change the model; higher is more informative."""

from __future__ import annotations

from querist._arrays import Array, float64, namespace


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
    p, h = float64(probs), float64(embed)
    xp = namespace(p, h)
    length = xp.sqrt(xp.sum(h * h, axis=-1) + float(bias))
    return xp.sum(p * _distance_to_label(p), axis=-1) * length


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
