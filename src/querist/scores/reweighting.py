"""How the predictions on targets change when the members of an ensemble are weighed by a label.

A label y of a row x makes member k as probable as it said the label would be, w_k ∝ p_k(y|x), and the prediction on a
target the mean of the members' with those weights. Everything follows from the covariance over members of the
predictions on row and target, cov_yc = (1/K) Σ_k (p_k(y|x) − p̄(y|x))·(p_k(c|t) − p̄(c|t)), as the prediction on the
target moves by cov_yc / p̄(y|x).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, blocks

# A block of rows by targets stays in the processor's cache.
CACHE_BYTES = 2**21


def core_mse(draws: NDArray[np.floating], targets: NDArray[np.floating]) -> Floats:
    """Score by the mean square by which the predictions on the targets are expected to move.

    Formula: Σ_y p̄(y|x) (1/T) Σ_t Σ_c (p(c|t, (x, y)) − p̄(c|t))², with p(c|t, (x, y)) = Σ_k w_k p_k(c|t). The members'
    covariance over all targets, [K, K], holds what is needed of them.
    Shapes: draws [N, K, C], targets [T, K, G] of the same K members → [N]. Range: [0, 1).
    Cost: O(T·G·K² + N·C·K²), memory one block. Source: Tan, Du & Buntine 2021.

    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])
    >>> core_mse(draws, draws).round(4).tolist()
    [0.25, 0.0]
    """
    members = draws.shape[1]
    shared = np.zeros((members, members))
    for cut in blocks(len(targets), 16 * targets[0].size if len(targets) else 1):
        off = _centred(targets[cut])[1].swapaxes(0, 1).reshape(members, -1)
        shared += off @ off.T / len(targets)
    out = np.zeros(len(draws))
    for cut in blocks(len(draws), 32 * draws.shape[1] * draws.shape[2]):
        mean, off = _centred(draws[cut])
        moved = np.einsum("nkc,nkc->nc", off, np.matmul(shared, off))
        out[cut] = (moved / np.where(mean > 0, mean, np.inf)).sum(axis=1) / members**2
    return np.maximum(out, 0.0)


def changes(draws: NDArray[np.floating], targets: NDArray[np.floating], *, log: bool) -> Floats:
    """Compute the expected change on each target apart: square distance, or with ``log`` divergence in nats.

    Formula: Σ_y p̄(y|x) D(p(·|t, (x, y)), p̄(·|t)), D the squared Euclidean distance or Kullback–Leibler's divergence.
    Shapes: draws [N, K, C], targets [T, K, G] → [N, T]. Cost: O(N·T·C·G·K), memory two blocks beside the result.

    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])
    >>> changes(draws, draws, log=True).round(4).tolist()
    [[0.6931, 0.0], [0.0, 0.0]]
    """
    count, members, classes = draws.shape
    out = np.zeros((count, len(targets)))
    width = targets.shape[2]
    for goals in blocks(len(targets), 32 * classes * width):
        base, aside = _centred(targets[goals])
        flat = aside.swapaxes(0, 1).reshape(members, -1)
        for cut in blocks(count, 8 * classes * base.size, limit=CACHE_BYTES):
            mean, off = _centred(draws[cut])
            moved = np.matmul(off.swapaxes(1, 2), flat).reshape(len(mean), classes, *base.shape) / members
            out[cut, goals] = (_divergence if log else _square)(moved, mean[:, :, None, None], base)
    return out


def _centred(draws: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Give the mean over members [n, C] and what each member adds to it [n, K, C]."""
    p = draws.astype(np.float64)
    mean = p.mean(axis=1)
    return mean, p - mean[:, None, :]


def _square(moved: Floats, mean: Floats, base: Floats) -> Floats:
    """Compute Σ_yc cov² / p̄_y; [n, C, T, G] → [n, T]."""
    weight = 1.0 / np.where(mean > 0, mean, np.inf)[:, :, 0, 0]
    return np.asarray(np.einsum("nytg,nytg,ny->nt", moved, moved, weight))


def _divergence(moved: Floats, mean: Floats, base: Floats) -> Floats:
    """Compute Σ_yc joint·log(joint / (p̄_y q̄_c)), joint = p̄_y q̄_c + cov; [n, C, T, G] → [n, T]."""
    apart = mean * base
    known = apart > 0
    ratio = np.maximum(moved / np.where(known, apart, 1.0), -1.0)
    inside = known & (ratio > -1.0)
    terms = np.where(inside, apart * (1.0 + ratio) * np.log1p(np.where(inside, ratio, 0.0)), 0.0)
    return np.asarray(np.maximum(terms.sum(axis=(1, 3)), 0.0))
