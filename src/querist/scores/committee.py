"""Scores of how much the members of a committee disagree; higher is more informative.

A member is one column of draws [N, K, C]: a probability for each of C classes. A class that a member never saw has
probability 0 there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist._arrays import Array, blocks, float64, namespace, xlogx
from querist._parallel import WORTH, in_threads
from querist.errors import BadEvidence

CACHE_BYTES = 2**19
"""A block of draws in float64 that stays, with what is made of it, in the processor's cache."""


def vote_entropy(draws: Array) -> Array:
    """Score by the entropy of the members' votes.

    Formula: −Σ_c (V_c / K) log(V_c / K), V_c = votes for class c. A member that cannot decide between t classes gives
    each 1/t of its vote, so that the order of the classes plays no part. Shapes: draws [N, K, C] → [N].
    Range: [0, log C] nats, at most log K unless votes are split. Cost: O(N·K·C). Source: Engelson & Dagan 1996.

    >>> import numpy as np
    >>> vote_entropy(np.array([[[0.9, 0.1], [0.3, 0.7]], [[0.9, 0.1], [0.6, 0.4]]])).round(4).tolist()
    [0.6931, 0.0]
    """
    return by_blocks(_vote_entropy, of_classes(draws))


def consensus_entropy(draws: Array) -> Array:
    """Score by the entropy of the members' mean prediction.

    Formula: −Σ_c p̄_c log p̄_c, p̄ = mean over members. Shapes: draws [N, K, C] → [N]. Range: [0, log C] nats.
    Cost: O(N·K·C). Source: McCallum & Nigam 1998 (the consensus), Dagan & Engelson 1995 (its entropy).

    >>> import numpy as np
    >>> consensus_entropy(np.array([[[0.9, 0.1], [0.1, 0.9]], [[1.0, 0.0], [1.0, 0.0]]])).round(4).tolist()
    [0.6931, 0.0]
    """
    return by_blocks(_consensus_entropy, of_classes(draws))


def kl_consensus(draws: Array) -> Array:
    """Score by how far the members lie from their mean prediction.

    Formula: (1/K) Σ_k Σ_c p_kc log(p_kc / p̄_c), 0·log 0 = 0; the mean over members, which equals BALD.
    Shapes: draws [N, K, C] → [N]. Range: [0, log min(K, C)] nats. Cost: O(N·K·C). Source: McCallum & Nigam 1998.

    >>> import numpy as np
    >>> kl_consensus(np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.9, 0.1]]])).round(4).tolist()
    [0.6931, 0.0]
    """
    return by_blocks(_kl_consensus, of_classes(draws))


def variation_ratio(draws: Array) -> Array:
    """Score by the share of the members that do not vote for the most popular class.

    Formula: 1 − max_c V_c / K, V_c = votes for class c; a member that cannot decide between t classes gives each 1/t of
    its vote. Shapes: draws [N, K, C] → [N]. Range: [0, 1 − 1/C]. Cost: O(N·K·C).
    Source: Freeman 1965; Gal, Islam & Ghahramani 2017.

    >>> import numpy as np
    >>> variation_ratio(np.array([[[0.9, 0.1], [0.3, 0.7]], [[0.9, 0.1], [0.6, 0.4]]])).tolist()
    [0.5, 0.0]
    """
    return by_blocks(_variation_ratio, of_classes(draws))


def mean_std(draws: Array) -> Array:
    """Score by the standard deviation of a class over the members, on average over classes.

    Formula: (1/C) Σ_c √Var_k p_kc, Var the population variance (divided by K). Shapes: draws [N, K, C] → [N].
    Range: [0, 1/2] on probabilities. Cost: O(N·K·C). Source: Kampffmeyer, Salberg & Jenssen 2016; Gal et al. 2017.

    >>> import numpy as np
    >>> mean_std(np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.9, 0.1], [0.9, 0.1]]])).tolist()
    [0.25, 0.0]
    """
    return by_blocks(_mean_std, draws)


def of_classes(draws: Array) -> Array:
    """Pass on draws of probabilities; raise BadEvidence for those of a regression, which lie in one column.

    >>> import numpy as np
    >>> of_classes(np.array([[[2.5], [3.5]]]))
    Traceback (most recent call last):
    ...
    querist.errors.BadEvidence: draws of one column hold the values of a regression, and this strategy compares ...
    """
    xp = namespace(draws)
    if draws.shape[-1] == 1 and bool(xp.any(xp.abs(float64(draws) - 1.0) > 0.05)):
        raise BadEvidence(
            "draws of one column hold the values of a regression, and this strategy compares probabilities of classes: "
            "use member-std, qbc-std, predictive-variance or thompson"
        )
    return draws


def by_blocks(score: Callable[[Array], Array], draws: Array) -> Array:
    """Score [N, K, C] in float64 a block of rows at a time, so that temporaries stay under BLOCK_BYTES each.

    NumPy arrays in blocks for the processor's cache, many numbers on every core.
    """
    n, members, classes = draws.shape
    if isinstance(draws, np.ndarray) and n:
        found = in_threads(_score_part, n, score, draws, parts=None if draws.size >= WORTH else 1)
        return np.concatenate([part for parts in found for part in parts])
    cuts = list(blocks(n, 8 * members * classes)) or [slice(0, 0)]
    parts = [score(float64(draws[rows, ...])) for rows in cuts]
    return parts[0] if len(parts) == 1 else namespace(draws).concat(parts, axis=0)


def _score_part(start: int, stop: int, score: Callable[[Array], Array], draws: Array) -> list[Array]:
    part = draws[start:stop]
    cuts = blocks(len(part), 8 * draws.shape[1] * draws.shape[2], limit=CACHE_BYTES)
    return [score(float64(part[rows])) for rows in cuts]


def mean_over_members(draws: Array) -> Array:
    """Average [N, K, C] over members; [N, C]."""
    return namespace(draws).mean(draws, axis=1)


def entropy_of(probs: Array) -> Array:
    """Compute the entropy along the last axis, in nats, never −0."""
    return -namespace(probs).sum(xlogx(probs), axis=-1) + 0.0


def not_negative(scores: Array) -> Array:
    """Lift to 0 the scores that rounding has pushed below."""
    xp = namespace(scores)
    return xp.where(scores > 0, scores, xp.zeros_like(scores))


def _vote_shares(draws: Array) -> Array:
    """Count the votes for each class, as shares of all; [N, C]."""
    xp = namespace(draws)
    best = xp.astype(draws == xp.max(draws, axis=-1, keepdims=True), draws.dtype)
    return mean_over_members(best / xp.sum(best, axis=-1, keepdims=True))


def _vote_entropy(draws: Array) -> Array:
    return not_negative(entropy_of(_vote_shares(draws)))


def _variation_ratio(draws: Array) -> Array:
    return not_negative(1.0 - namespace(draws).max(_vote_shares(draws), axis=-1))


def _mean_std(draws: Array) -> Array:
    xp = namespace(draws)
    return xp.mean(xp.std(draws, axis=1), axis=-1)


def _consensus_entropy(draws: Array) -> Array:
    return not_negative(entropy_of(mean_over_members(draws)))


def _kl_consensus(draws: Array) -> Array:
    xp = namespace(draws)
    consensus = mean_over_members(draws)[:, None, :]
    one = xp.ones_like(draws)
    # p > 0 with a consensus of 0 means that p / K fell below the smallest number: a term of less than 1e-300
    both = (draws > 0) & (consensus > 0)
    ratio = xp.where(both, draws, one) / xp.where(both, consensus, one)
    return not_negative(xp.mean(xp.sum(draws * xp.log(ratio), axis=-1), axis=1))
