"""Variance reduction: the label that leaves the predictions on the pool most certain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.information import gains
from querist.scores.rounding import rounded
from querist.strategies._information import information_of_targets, rows_of, variance_of
from querist.strategies._limits import check_number, check_parameters
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Fisher(Strategy):
    """Prefer the rows whose label would leave least variance in the predictions on the pool.

    Formula: s = −tr(A·F⁻¹), F = Σ_{L ∪ x} J ⊗ h hᵀ + ridge·I the Fisher information of a linear softmax layer, J =
    diag p − p pᵀ, h = embed (with a 1 for the intercept when ``bias``), A the mean over U of Σ_c ∇p_c ∇p_cᵀ = J² ⊗ h hᵀ
    (Schein & Ungar). ``ratio=True`` takes for A the mean information J ⊗ h hᵀ instead, the Fisher information ratio
    (Zhang & Oles). ``ridge`` is the precision of the prior: 1/C of a logistic regression, 2/C for two classes.
    U is the targets that nobody was asked about; rows asked whose answer is pending count as labelled. Range: (−∞, 0].
    Cost: O((N + T)·P² + P³), P = (C − 1)·(D + 1); four [P, P] matrices, at most ``max_bytes``, and a block of rows.
    Chosen one by one, so a batch may hold near copies: see bait. Raises BadInput.
    Source: Zhang & Oles 2000; Schein & Ungar 2007.

    >>> import numpy as np, querist
    >>> probs, embed = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]]), np.array([[1.0], [1.0], [0.0]])
    >>> querist.choose("fisher", 3, probs=probs, embed=embed).value.round(4).tolist()
    [-0.1566, -0.2107, -0.2124]
    """

    ridge: float = 1.0
    ratio: bool = False
    bias: bool = True
    max_bytes: int = 2 * 2**30

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    about: ClassVar[About] = About(
        "expected error", "−tr(A·F(L ∪ x)⁻¹)", "O((N + T)·P² + P³), P = C·D", "Zhang & Oles 2000; Schein & Ungar 2007"
    )

    def __post_init__(self) -> None:
        check_number("ridge", self.ridge)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the variance that its label would leave, negated; [N]."""
        classes, width = rows_of(view, bias=self.bias).shape
        check_parameters("fisher", classes * width, matrices=4, max_bytes=self.max_bytes)
        target = information_of_targets(view, bias=self.bias, squared=not self.ratio)
        variance = variance_of(view, target, bias=self.bias, ridge=self.ridge)
        return rounded(gains(rows_of(view, bias=self.bias), variance) - variance.left())
