"""Scores from posterior draws, one row at a time; higher is more informative."""

from __future__ import annotations

from querist._arrays import Array, namespace
from querist.scores.committee import by_blocks, entropy_of, mean_over_members, not_negative


def bald(draws: Array) -> Array:
    """Score by what a label would tell about the model: the mutual information of label and parameters.

    Formula: H(p̄) − (1/K) Σ_k H(p_k), each row less its own mean. Shapes: draws [N, K, C] → [N].
    Range: [0, log min(K, C)] nats. Cost: O(N·K·C). Source: Houlsby et al. 2011; Gal, Islam & Ghahramani 2017.

    >>> import numpy as np
    >>> bald(np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])).round(4).tolist()
    [0.6931, 0.0]
    """
    return by_blocks(_bald, draws)


def expected_entropy(draws: Array) -> Array:
    """Compute the mean entropy of the draws: the uncertainty that more labels cannot remove.

    Formula: (1/K) Σ_k H(p_k). Shapes: draws [N, K, C] → [N]. Range: [0, log C] nats. Cost: O(N·K·C).
    Source: Houlsby et al. 2011.

    >>> import numpy as np
    >>> expected_entropy(np.array([[[1.0, 0.0], [0.5, 0.5]]])).round(4).tolist()
    [0.3466]
    """
    return by_blocks(_expected_entropy, draws)


def _expected_entropy(draws: Array) -> Array:
    return namespace(draws).mean(entropy_of(draws), axis=1)


def _bald(draws: Array) -> Array:
    return not_negative(entropy_of(mean_over_members(draws)) - _expected_entropy(draws))
