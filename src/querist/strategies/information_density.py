"""Uncertain rows in crowded places."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, blocks, to_numpy
from querist.errors import BadInput
from querist.scores.uncertainty import entropy
from querist.select.distance import unit
from querist.select.herding import BLOCK_BYTES, cover, similarity, spread
from querist.strategies._coverage import check_sigma, unasked_targets
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, View

SIMILARITIES = ("rbf", "cosine")


@dataclass(frozen=True)
class InformationDensity(Strategy):
    """Prefer the uncertain rows that resemble many others, and so leave outliers alone.

    Formula: s = H(p)·(mean over U of sim(x, u))^β, U the targets that are not labelled (the pool, or a sample of it).
    ``similarity`` "rbf": exp(−‖x − u‖²/σ²), ``sigma`` None as for maxherding; "cosine", as published: x·u/(‖x‖·‖u‖),
    a mean below 0 counting as 0, so that it suits features that are never negative. A row is similar to itself, too.
    Range: [0, log C] nats. Cost: O(N·T·D), cosine O((N + T)·D). The best rows are chosen one by one, so a batch may
    hold near copies. Raises BadInput unless β ≥ 0 and σ > 0. Source: Settles & Craven 2008.

    >>> import querist
    >>> embed, probs = np.array([[0.0], [0.1], [9.0]]), np.array([[0.6, 0.4], [0.8, 0.2], [0.5, 0.5]])
    >>> querist.query("information-density(sigma=1.0)", 1, embed=embed, probs=probs).tolist()
    [0]
    """

    beta: float = 1.0
    similarity: str = "rbf"
    sigma: float | None = None

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    about: ClassVar[About] = About("hybrid", "H(p)·(mean sim(x, u))^β", "O(N·T·D)", "Settles & Craven 2008")

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        if not (isinstance(self.beta, int | float) and isfinite(self.beta) and self.beta >= 0):
            raise BadInput(f"beta must be a number, 0 or more: got {self.beta!r}")
        if self.similarity not in SIMILARITIES:
            raise BadInput(f"similarity must be 'rbf' or 'cosine': got {self.similarity!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its entropy times its mean similarity to the unlabelled targets; [N]."""
        targets = unasked_targets(view, some=True)
        others, rows = to_numpy(targets.embed), to_numpy(view.embed)
        if self.similarity == "cosine":
            density = mean_cosine(rows, others)
        else:
            density = mean_rbf(rows, others, spread(others, targets.keys) if self.sigma is None else self.sigma)
        return host(entropy(view.probs)) * density**self.beta


def mean_cosine(rows: Floats, others: Floats) -> Floats:
    """Average the cosine between each row and all others, at least 0; [N], O((N + T)·D).

    The mean of the cosines is the product with the mean of the unit vectors: no pair is ever formed.

    >>> mean_cosine(np.array([[2.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 5.0]])).tolist()
    [0.5]
    """
    return np.asarray(np.maximum((unit(rows) * unit(others).mean(axis=0)).sum(axis=1), 0.0))


def mean_rbf(rows: Floats, others: Floats, sigma: float) -> Floats:
    """Average exp(−‖x − u‖²/σ²) between each row and all others; [N], O(N·T·D), memory one block.

    Given in single precision: a matrix product rounds copies of a row apart by their place in it, and rows in
    different shards could not tie.

    >>> mean_rbf(np.array([[0.0]]), np.array([[0.0], [1.0]]), 1.0).round(4).tolist()
    [0.6839]
    """
    out = np.empty(len(rows))
    state = cover(others, np.ones(len(others)), sigma=sigma)
    for block in blocks(len(rows), 8 * len(others), limit=BLOCK_BYTES):
        out[block] = similarity(state, rows[block]).mean(axis=1)
    return out.astype(np.float32).astype(np.float64)
