"""Scores of real predictions; higher is more informative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks, float64, namespace
from querist.scores.committee import by_blocks
from querist.select.distance import pairwise


def member_std(draws: Array) -> Array:
    """Score by how far the members' predictions spread.

    Formula: √(Σ_c Var_k y_kc), the population variance over the K members (divided by K, so one member gives 0); for
    real predictions, C = 1, that is their standard deviation. Shapes: draws [N, K, C] → [N]. Range: [0, ∞), in units of
    the prediction. Cost: O(N·K·C). Source: RayChaudhuri & Hamey 1995; Burbidge, Rowland & King 2007.

    >>> member_std(np.array([[[1.0], [3.0]], [[2.0], [2.0]]])).tolist()
    [1.0, 0.0]
    """
    return by_blocks(_member_std, draws)


def _member_std(draws: Array) -> Array:
    xp = namespace(draws)
    return xp.sqrt(xp.sum(xp.var(draws, axis=1), axis=-1))


def predictive_std(mean_var: Array) -> Array:
    """Score by the standard deviation of the prediction.

    Formula: √variance. Shapes: mean_var [N, 2] → [N]. Range: [0, ∞), in units of the prediction. Cost: O(N).
    Source: Cohn, Ghahramani & Jordan 1996.

    >>> predictive_std(np.array([[7.0, 4.0]])).tolist()
    [2.0]
    """
    return namespace(mean_var).sqrt(float64(mean_var)[:, 1])


def least_product(
    rows: NDArray[np.floating], predicted: Floats, *, labelled: NDArray[np.floating], outcomes: Floats
) -> Floats:
    """Score by the least product of the distances to a labelled row in features and in outcome.

    Formula: min_l ‖x − x_l‖·|f(x) − y_l|. Shapes: rows [N, D], predicted [N], labelled [L, D], outcomes [L], L ≥ 1 →
    [N]. Range: [0, ∞). Cost: O(N·L·D), memory one block. Source: Wu, Lin & Huang 2019.

    >>> at, y = np.array([[0.0], [1.0]]), np.array([0.0, 2.0])
    >>> least_product(np.array([[3.0]]), np.array([1.0]), labelled=at, outcomes=y).tolist()
    [2.0]
    """
    out = np.empty(len(rows))
    for block in blocks(len(rows), 16 * len(labelled)):
        apart = np.abs(predicted[block, None] - outcomes)
        out[block] = (pairwise(rows[block], labelled) * apart).min(axis=1)
    return out
