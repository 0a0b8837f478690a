"""What a linear softmax model becomes when one more row with its label is learnt: the refit, without refitting.

The model minimises ½·prior·‖W‖² + Σ log loss over its weights W [C, D] and free intercepts, and is at its optimum. All
its look-aheads share the Hessian there, which is inverted once; from it each takes two to five Newton steps to its own
optimum, hundreds of them side by side as one product of matrices. Two facts keep them small. A number added to all
logits changes nothing, so parameters are kept in E = C − 1 contrasts of the classes. And the optimum lies in the span
of the labelled rows and of the new one, so with fewer labels than features the problem has r + 2 columns, not D + 1:
r coordinates in the span of the labelled rows, one in the new row's own direction outside it, and the intercept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.scores.information import contrasts, curvature, inverse


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted linear softmax and its labelled rows: weight [C, D], bias [C], labelled [L, D], labels [L], prior.

    A class without a label counts as one that was seen 1/C times at the origin, as in the learner ``linear``; without
    such a row its intercept would have no optimum. The weights are taken at their word: whatever they were fitted
    to, they count as the optimum for the labelled rows, and only what the new row changes is computed.
    """

    weight: Floats
    bias: Floats
    labelled: Floats
    labels: NDArray[np.int64]
    prior: float

    @cached_property
    def contrasts(self) -> Floats:
        """The contrasts of the classes, [C, E]."""
        return contrasts(len(self.bias))

    @cached_property
    def unseen(self) -> NDArray[np.bool_]:
        """Which classes have no label, [C]."""
        return ~np.isin(np.arange(len(self.bias)), self.labels)

    @cached_property
    def basis(self) -> Floats | None:
        """An orthonormal basis of the span of the labelled rows [r, D]; None when that is the whole space."""
        count, width = self.labelled.shape
        _, size, basis = np.linalg.svd(self.labelled, full_matrices=False)
        kept = basis[size > 1e-10 * size.max(initial=0.0)]
        return None if count >= width == len(kept) else kept

    def coordinates(self, embed: Floats) -> Floats:
        """Give the part of rows that lies in the span; [N, D] → [N, r]."""
        return embed if self.basis is None else np.asarray(embed @ self.basis.T)

    def outside(self, embed: Floats) -> Floats:
        """Give the part of rows that lies outside the span; [N, D], 0 for what is rounding."""
        if self.basis is None:
            return np.zeros_like(embed)
        rest = embed - (embed @ self.basis.T) @ self.basis
        tiny = np.linalg.norm(rest, axis=1) <= 1e-10 * np.linalg.norm(embed, axis=1)
        return np.where(tiny[:, None], 0.0, rest)

    def logits(self, embed: Floats) -> Floats:
        """Compute the logits of rows; [N, D] → [C, N]."""
        return np.asarray(self.weight @ embed.T + self.bias[:, None])

    @cached_property
    def rows(self) -> Floats:
        """The labelled rows and the origin: r coordinates, 0 for the direction outside, 1 for the intercept; [M, Q]."""
        inside = self.coordinates(self.labelled)
        rows = np.zeros((len(inside) + 1, inside.shape[1] + 2))
        rows[:-1, : inside.shape[1]], rows[:, -1] = inside, 1.0
        return rows

    @cached_property
    def row_logits(self) -> Floats:
        """The logits of the labelled rows and of the origin, [C, M]."""
        return np.concatenate([self.logits(self.labelled), self.bias[:, None]], axis=1)

    @cached_property
    def mass(self) -> Floats:
        """The weight of the labelled rows and of the origin, [M]."""
        return np.append(np.ones(len(self.labelled)), self.unseen.mean())

    @cached_property
    def pull(self) -> Floats:
        """What balances the slope of the labelled rows and of the origin at the optimum; [E, M]."""
        return np.asarray(self.contrasts.T @ (self.mass * softmax(self.row_logits)))

    @cached_property
    def penalty(self) -> Floats:
        """The prior precision of every parameter, [P]."""
        column = np.append(np.full(self.rows.shape[1] - 1, self.prior), 0.0)
        return np.tile(column, len(self.bias) - 1)

    @cached_property
    def inverse(self) -> Floats:
        """The inverse Hessian at the optimum, [P, P], P = E·Q; O(M·P² + P³)."""
        bend = curvature(softmax(self.row_logits).T) * self.mass
        columns = np.ascontiguousarray(self.rows.T)
        parts = [[(columns * cell) @ self.rows for cell in row] for row in bend]
        full = np.block(parts) if parts else np.zeros((0, 0))
        # intercepts have no prior: where all rows are certain, nothing but this holds them
        return inverse(full + np.diag(self.penalty), ridge=1e-9)

    def through(self, x: Floats) -> Floats:
        """Multiply the inverse Hessian with rows; [K, Q] → [K, P, E]."""
        size, classes = len(self.inverse), len(self.bias) - 1
        columns = self.inverse.reshape(size, classes, -1).transpose(2, 0, 1).reshape(-1, size * classes)
        return np.asarray((x @ columns).reshape(len(x), size, classes))


def softmax(logits: Floats) -> Floats:
    """Compute probabilities over the first axis; [C, …].

    >>> softmax(np.array([[0.0], [1000.0]])).ravel().tolist()
    [0.0, 1.0]
    """
    out = logits - logits.max(axis=0)
    np.exp(out, out=out)
    out /= out.sum(axis=0)
    return np.asarray(out)
