"""Which labels are likely wrong, told from out-of-sample predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadInput
from querist.estimate.protocol import Codes


def suspicion(labels: Codes, probs: Floats) -> Floats:
    """Score each label by how much more probable another class is; higher is more suspicious.

    Formula: (2 + max_{c ≠ y} (p_c − m_c) − (p_y − m_y)) / 4, m_c the mean of p_c over the items
    labelled c (0 without any), so that a class which the model never trusts is not suspected as a whole. Shapes: labels
    [L], probs [L, C] of models that were not trained on the item → [L]. Range: [0, 1]. Cost: O(L·C). Raises BadInput.
    Source: adjusted normalised margin after Kuan & Mueller 2022 and Northcutt, Jiang & Chuang 2021.

    >>> suspicion(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])).argmax().item()
    1
    """
    p = _checked(labels, probs)
    if p.shape[1] < 2 or not len(p):
        return np.zeros(len(p))
    level = p - _self_confidence(labels, p)
    own = level[np.arange(len(p)), labels]
    level[np.arange(len(p)), labels] = -np.inf
    return np.asarray(np.clip((2 + level.max(axis=1) - own) / 4, 0.0, 1.0))


def confident_joint(labels: Codes, probs: Floats) -> NDArray[np.int64]:
    """Count the items labelled y that are confidently of class c; int64 [C, C], row the label.

    Formula: c is the most probable of the classes with p_c ≥ m_c, m_c the mean of p_c over the items labelled c; an
    item that reaches no m_c is not counted. Cost: O(L·C). Raises BadInput. Source: Northcutt, Jiang & Chuang 2021.

    >>> confident_joint(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.05, 0.95], [0.1, 0.9]])).tolist()
    [[1, 1], [0, 1]]
    """
    p = _checked(labels, probs)
    size = p.shape[1]
    least = _self_confidence(labels, p)
    present = np.bincount(labels, minlength=size) > 0
    reached = (p >= least) & present
    best = np.where(reached, p, -1.0).argmax(axis=1)
    use = reached.any(axis=1)
    table = np.bincount(labels[use] * size + best[use], minlength=size * size)
    return table.reshape(size, size).astype(np.int64)


def share_of_errors(labels: Codes, probs: Floats) -> float | None:
    """Estimate the share of wrong labels; None where nothing is confident.

    Formula: each row of the confident joint is scaled to the number of items with that label; the share off the
    diagonal. A point estimate without interval: audit some labels to know. Range: [0, 1]. Cost: O(L·C). Source:
    Northcutt, Jiang & Chuang 2021.

    >>> round(share_of_errors(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.05, 0.95], [0.1, 0.9]])), 3)
    0.333
    """
    table = confident_joint(labels, probs).astype(np.float64)
    row = table.sum(axis=1)
    size = np.bincount(labels, minlength=len(table))
    if not row.any():
        return None
    right = np.divide(np.diag(table), row, out=np.ones(len(row)), where=row > 0)
    return float(((1 - right) * size).sum() / size.sum())


def _self_confidence(labels: Codes, probs: Floats) -> Floats:
    """Average p_c over the items labelled c; 0 without any; [C]."""
    size = np.bincount(labels, minlength=probs.shape[1])
    total = np.bincount(labels, probs[np.arange(len(probs)), labels], minlength=probs.shape[1])
    return np.asarray(total / np.maximum(size, 1))


def _checked(labels: Codes, probs: Floats) -> Floats:
    p = np.asarray(probs, np.float64)
    if p.ndim != 2 or len(p) != len(labels):
        raise BadInput(f"probs must be [L, C] with a row for each of the {len(labels)} labels: got {p.shape}")
    if len(labels) and not (labels.min() >= 0 and labels.max() < p.shape[1]):
        raise BadInput(f"labels must lie between 0 and {p.shape[1] - 1}: got {labels.min()} to {labels.max()}")
    return p
