"""The error that is left, on average over labels, once a row is labelled; lower is better."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, blocks
from querist.scores.lookahead import Model, softmax
from querist.scores.refit import refit

# A block of look-aheads by targets stays near the processor.
CACHE_BYTES = 2**21
TOLERANCE = 1e-10
"""How exact a look-ahead is, weighted by the probability of its label; see ``refit``."""

NEGLIGIBLE = 2.0**-52
"""A label of this probability or less cannot change a sum in double precision."""


class Loss(Protocol):
    """The expected loss of predictions, from their logits; [C, …] → […]."""

    def __call__(self, logits: Floats, /) -> Floats:
        """Compute it."""
        ...


def zero_one(logits: Floats) -> Floats:
    """Compute the probability that the prediction is wrong, 1 − max_c p_c; [C, …] → […].

    >>> zero_one(np.log([[0.75], [0.25]])).round(4).tolist()
    [0.25]
    """
    total = np.exp(logits - logits.max(axis=0)).sum(axis=0)
    return np.asarray((total - 1.0) / total)


def log_loss(logits: Floats) -> Floats:
    """Compute the entropy of the prediction, −Σ_c p_c log p_c in nats; [C, …] → […].

    >>> log_loss(np.log([[0.5], [0.5]])).round(4).tolist()
    [0.6931]
    """
    apart = logits - logits.max(axis=0)
    odds = np.exp(apart)
    total = odds.sum(axis=0)
    odds *= apart
    return np.asarray(np.log(total) - odds.sum(axis=0) / total)


def expected_loss(model: Model, rows: NDArray[np.floating], targets: Floats, *, own: Rows, loss: Loss) -> Floats:
    """Compute Σ_y p_y · mean_{t ≠ x} loss(p⁺ʸ(t)), p⁺ʸ the model that has learnt (x, y) too; [N].

    Shapes: rows [N, D]; targets [T, D]; own [N] the row's own position among the targets, −1 when it is not there.
    Where no target but the row itself is left, 0. Cost: O(N·C²·T·Q) beside the look-aheads, memory two blocks.
    """
    out = np.zeros(len(rows))
    if len(targets) == 0:
        return out
    goals = _Goals(model, targets, loss)
    classes, known = len(model.bias), len(model.labelled) + 2
    row = 10 * classes * known + (classes + 9) * len(model.penalty) + len(targets) + 4 * rows.shape[1]
    for cut in blocks(len(rows), 8 * row):
        embed = rows[cut].astype(np.float64)
        chance = softmax(model.logits(embed))
        for label in range(classes):
            likely = np.flatnonzero(chance[label] > NEGLIGIBLE)
            weight = chance[label, likely]
            moved = refit(model, embed[likely], label, tolerance=np.minimum(TOLERANCE / weight, 1e-3))
            out[cut][likely] += weight * goals.mean(embed[likely], moved, own[cut][likely])
    return out


class _Goals:
    """The targets in the coordinates of a model."""

    def __init__(self, model: Model, targets: Floats, loss: Loss) -> None:
        self.model, self.targets, self.loss = model, targets, loss
        inside = model.coordinates(targets)
        self.columns = np.concatenate([inside, np.ones((len(targets), 1))], axis=1).T.copy()
        self.logits = model.logits(targets)

    def mean(self, embed: Floats, moved: Floats, own: Rows) -> Floats:
        """Average the loss over the targets other than the row itself; [K]."""
        out = np.empty(len(embed))
        for cut in blocks(len(embed), 8 * 3 * self.logits.size, limit=CACHE_BYTES):
            each = self.loss(self.after(embed[cut], moved[cut]))
            mine = own[cut]
            total = each.sum(axis=1) - np.where(mine >= 0, each[np.arange(len(mine)), mine], 0.0)
            out[cut] = total / np.maximum(each.shape[1] - (mine >= 0), 1)
        return out

    def after(self, embed: Floats, moved: Floats) -> Floats:
        """Compute the logits of the targets after each look-ahead; [C, K, T]."""
        parts = np.ascontiguousarray(moved.swapaxes(0, 1))
        seen = np.delete(parts, -2, axis=2) @ self.columns
        if self.model.basis is not None:
            rest = self.model.outside(embed)
            length = np.linalg.norm(rest, axis=1, keepdims=True)
            seen += parts[:, :, -2, None] * ((rest / np.where(length > 0, length, 1.0)) @ self.targets.T)
        return self.logits[:, None, :] + np.tensordot(self.model.contrasts, seen, axes=1)
