"""Scores of one predictive distribution per row; higher is more informative."""

from __future__ import annotations

from querist._arrays import Array, float64, namespace, top_two, xlogx


def least_confidence(probs: Array) -> Array:
    """Score by the probability that the best class is wrong.

    Formula: 1 − max_c p_c. Shapes: probs [N, C] → [N]. Range: [0, 1 − 1/C]. Cost: O(N·C).
    Source: Lewis & Gale 1994.

    >>> import numpy as np
    >>> least_confidence(np.array([[0.7, 0.2, 0.1]])).round(4).tolist()
    [0.3]
    """
    p = float64(probs)
    return 1.0 - namespace(p).max(p, axis=-1)


def margin(probs: Array) -> Array:
    """Score by minus the gap between the two most probable classes.

    Formula: −(p₁ − p₂), sorted. Shapes: probs [N, C] → [N]. Range: [−1, 0]. Cost: O(N·C).
    Source: Scheffer, Decomain & Wrobel 2001.

    >>> import numpy as np
    >>> margin(np.array([[0.7, 0.2, 0.1]])).round(4).tolist()
    [-0.5]
    """
    first, second = top_two(float64(probs))
    return second - first


def ratio(probs: Array) -> Array:
    """Score by the second most probable class relative to the first.

    Formula: p₂ / p₁. Shapes: probs [N, C] → [N]. Range: [0, 1]. Cost: O(N·C). Source: Monarch 2021.

    >>> import numpy as np
    >>> ratio(np.array([[0.5, 0.4, 0.1]])).round(4).tolist()
    [0.8]
    """
    first, second = top_two(float64(probs))
    return second / first


def entropy(probs: Array) -> Array:
    """Score by the entropy of the predictive distribution.

    Formula: −Σ_c p_c log p_c, 0·log 0 = 0. Shapes: probs [N, C] → [N]. Range: [0, log C] nats. Cost: O(N·C).
    Source: Dagan & Engelson 1995.

    >>> import numpy as np
    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(4).tolist()
    [0.6931, 0.0]
    """
    p = float64(probs)
    return -namespace(p).sum(xlogx(p), axis=-1) + 0.0


def boundary_distance(decision: Array) -> Array:
    """Score by minus the distance to the decision boundary.

    Formula: −|f| for two classes (decision [N, 1]), −(f₁ − f₂) for more. Shapes: [N, C] → [N].
    Range: (−∞, 0], in the units of the decision function. Cost: O(N·C). Source: Tong & Koller 2001.

    >>> import numpy as np
    >>> boundary_distance(np.array([[0.5], [-2.0]])).tolist()
    [-0.5, -2.0]
    """
    f = float64(decision)
    if f.shape[-1] == 1:
        return -namespace(f).abs(f[:, 0])
    first, second = top_two(f)
    return second - first
