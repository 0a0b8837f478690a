"""Scores from posterior draws, one row at a time; higher is more informative."""

from __future__ import annotations

from math import inf

from querist._arrays import Array, blocks, float64, namespace, xlogx
from querist.errors import BadInput
from querist.scores.committee import by_blocks, entropy_of, mean_over_members, not_negative, of_classes


def bald(draws: Array) -> Array:
    """Score by what a label would tell about the model: the mutual information of label and parameters.

    Formula: H(p̄) − (1/K) Σ_k H(p_k), each row less its own mean. Shapes: draws [N, K, C] → [N].
    Range: [0, log min(K, C)] nats. Cost: O(N·K·C). Source: Houlsby et al. 2011; Gal, Islam & Ghahramani 2017.

    >>> import numpy as np
    >>> bald(np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])).round(4).tolist()
    [0.6931, 0.0]
    """
    return by_blocks(_bald, of_classes(draws))


def expected_entropy(draws: Array) -> Array:
    """Compute the mean entropy of the draws: the uncertainty that more labels cannot remove.

    Formula: (1/K) Σ_k H(p_k). Shapes: draws [N, K, C] → [N]. Range: [0, log C] nats. Cost: O(N·K·C).
    Source: Houlsby et al. 2011.

    >>> import numpy as np
    >>> expected_entropy(np.array([[[1.0, 0.0], [0.5, 0.5]]])).round(4).tolist()
    [0.3466]
    """
    return by_blocks(_expected_entropy, of_classes(draws))


def predictive_variance(draws: Array) -> Array:
    """Score by the variance of the prediction over the draws, summed over classes.

    Formula: Σ_c Var_k p_kc, Var the population variance (divided by K). Shapes: draws [N, K, C] → [N]; one column of
    real predictions gives their variance. Range: [0, 1) on probabilities. Cost: O(N·K·C).
    Source: Gal & Ghahramani 2016.

    >>> import numpy as np
    >>> predictive_variance(np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.9, 0.1]]])).tolist()
    [0.5, 0.0]
    """
    return by_blocks(_predictive_variance, draws)


def gaussian_bald(mean_var: Array, *, noise: float) -> Array:
    """Score by what a real label would tell about a function with a normal posterior.

    Formula: ½ log(1 + σ_f²(x) / σ_n²), σ_n = ``noise``, the standard deviation of a label about the function. The
    noise is the same everywhere, so it sets the scale of the scores but not their order.
    Shapes: mean_var [N, 2] → [N]. Range: [0, ∞) nats. Cost: O(N). Raises BadInput unless noise > 0.
    Source: Houlsby et al. 2011.

    >>> import numpy as np
    >>> gaussian_bald(np.array([[7.0, 3.0], [9.0, 0.0]]), noise=1.0).round(4).tolist()
    [0.6931, 0.0]
    """
    if not 0 < noise < inf:
        raise BadInput(f"noise must be a positive number: got {noise!r}")
    xp = namespace(mean_var)
    return xp.log1p(float64(mean_var)[:, 1] / noise**2) / 2.0


def epig(draws: Array, targets: Array) -> Array:
    """Score by what a label would tell about the labels of the targets, on average over them.

    Formula: (1/T) Σ_t I(y; y_t), the mutual information under the joint (1/K) Σ_k p_k(y|x) p_k(y_t|x_t) of each pair.
    Computed as H(p̄) + mean H(q̄_t) − mean H(joint), where the joint of a row with all targets is one matrix product,
    of the same shape for every row, so that a row scores the same in any block.
    Shapes: draws [N, K, C], targets [T, K, G] with the same K draws, T ≥ 1 → [N]. Range: [0, log min(K, C, G)] nats.
    Cost: O(N·T·C·G·K), memory one block. Source: Bickford Smith et al. 2023.

    >>> import numpy as np
    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])
    >>> epig(draws, draws).round(4).tolist()
    [0.3466, 0.0]
    """
    q = float64(of_classes(targets))
    xp = namespace(draws, q)
    count, members, width = q.shape
    uncertain = xp.mean(entropy_of(mean_over_members(q)))
    flat = xp.reshape(xp.permute_dims(q, (1, 0, 2)), (members, count * width))
    parts = []
    for rows in list(blocks(draws.shape[0], 16 * draws.shape[2] * count * width)) or [slice(0, 0)]:
        p = float64(of_classes(draws[rows, ...]))
        joint = xp.matmul(xp.permute_dims(p, (0, 2, 1)), flat) / members
        terms = xp.reshape(xlogx(joint), (p.shape[0], -1)) if p.shape[0] else xp.zeros((0, 1), dtype=p.dtype)
        parts.append(not_negative(entropy_of(mean_over_members(p)) + uncertain + xp.sum(terms, axis=-1) / count))
    return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)


def _expected_entropy(draws: Array) -> Array:
    return namespace(draws).mean(entropy_of(draws), axis=1)


def _bald(draws: Array) -> Array:
    return not_negative(entropy_of(mean_over_members(draws)) - _expected_entropy(draws))


def _predictive_variance(draws: Array) -> Array:
    xp = namespace(draws)
    return xp.sum(xp.var(draws, axis=1), axis=-1)
