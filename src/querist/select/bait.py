"""A batch whose labels leave least variance: forward greedy, then backward, on Fisher information."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist._parallel import steady, team
from querist.scores.information import Rowset, Variance, trace_ratio, within
from querist.select.distance import COMPILED
from querist.select.top import foremost

Share: TypeAlias = Callable[..., list[Any]]
CACHE_BYTES = 2**21
"""One block of products of embeddings, for compiled loops, on each core."""


def bait(rows: Rowset, variance: Variance, *, n: int, oversample: float, ties: Floats) -> tuple[Rows, Floats]:
    """Choose n rows that make tr(A·F⁻¹) small: n·oversample one by one, then those that matter least are dropped.

    ``variance`` is the state before any choice; a row chosen adds its information X·Xᵀ to F.
    Forward: arg max tr[(I + XᵀF⁻¹X)⁻¹ XᵀF⁻¹AF⁻¹X]; backward: arg min tr[(I − XᵀF⁻¹X)⁻¹ XᵀF⁻¹AF⁻¹X]. Each row keeps
    its two [E, E] matrices, and a pick changes them by one product of the embeddings [N, Q] with [Q, 2·E²].
    Gives the rows in the order in which they were chosen, and the gain of each at that time. Needs 1 ≤ n ≤ N.
    Cost: O(N·E²·Q²) to begin, O(N·E²·(Q + E) + E·P²) a pick; memory 1.5·N·E² numbers and four [P, P] matrices.
    Source: Ash, Goel, Krishnamurthy & Kakade 2021.

    >>> rows = Rowset(np.array([[3.0, 0.0], [2.0, 0.0], [0.0, 1.0]]), np.full((3, 2), 0.5))
    >>> bait(rows, Variance(np.eye(2), np.eye(2)), n=2, oversample=1.5, ties=np.arange(3.0))[0].tolist()
    [0, 2]
    """
    many, free = min(len(rows), max(n, int(oversample * n))), np.ones(len(rows), bool)
    picked, value = np.empty(many, np.intp), np.empty(many)
    with ExitStack() as stack:
        share = _side_by_side(stack, rows, many)
        state = _State.of(rows, variance, share)
        for i in range(many):
            gain = np.where(free, state.worth(), -np.inf)
            picked[i] = best = foremost(gain, ties)
            value[i], free[best] = gain[best], False
            state = state.after(best)
        kept = _backward(state.take(picked), n, ties[picked])
    return picked[kept], value[kept]


def _side_by_side(stack: ExitStack, rows: Rowset, picks: int) -> Share | None:
    """Keep threads at hand for compiled loops; None where these do not repay loading the compiler."""
    classes, width = rows.shape
    if picks * len(rows) * classes**2 * (classes + width) < COMPILED:
        return None
    stack.enter_context(steady())
    return stack.enter_context(team())


def _backward(state: _State, n: int, ties: Floats) -> Rows:
    """Drop rows until n are left; the positions of those, in order."""
    kept = np.arange(len(state.rows))
    while len(kept) > n:
        least = foremost(-state.worth(sign=-1.0), ties[kept])
        others = np.delete(np.arange(len(kept)), least)
        state, kept = state.after(least, sign=-1.0).take(others), kept[others]
    return kept


@dataclass(frozen=True, eq=False)
class _State:
    """The rows with R, XᵀF⁻¹X and XᵀF⁻¹AF⁻¹X of each, lower triangles [E·(E + 1)/2, N]; the last two are updated."""

    rows: Rowset
    variance: Variance
    roots: Floats
    solid: Floats
    gain: Floats
    share: Share | None = None

    @staticmethod
    def of(rows: Rowset, variance: Variance, share: Share | None) -> _State:
        size = rows.shape[0] * (rows.shape[0] + 1) // 2
        roots, solid, gain = (np.empty((size, len(rows))) for _ in range(3))
        state = _State(rows, variance, roots, solid, gain, share)
        cuts, between = rows.cuts(), variance.between()
        share(state._begin, len(cuts), cuts, between) if share else state._begin(0, len(cuts), cuts, between)
        return state

    def _begin(self, start: int, stop: int, cuts: list[slice], between: Floats) -> None:
        """Compute the small matrices of some blocks of rows."""
        lower = np.tril_indices(self.rows.shape[0])
        for cut in cuts[start:stop]:
            h, root = self.rows.features(cut), self.rows.root(cut)
            self.roots[:, cut], self.solid[:, cut] = root[lower], within(h, root, self.variance.inverted)[lower]
            self.gain[:, cut] = within(h, root, between)[lower]

    def take(self, rows: Rows) -> _State:
        """Keep some rows only."""
        few = Rowset(self.rows.embed[rows], self.rows.probs[rows], self.rows.bias, self.rows.weight)
        return _State(few, self.variance, self.roots[:, rows], self.solid[:, rows], self.gain[:, rows])

    def worth(self, *, sign: float = 1.0) -> Floats:
        """Compute by how much tr(A·F⁻¹) changes with each row added (sign 1) or taken away (sign −1); [N], positive."""
        if self.share:
            from querist.select import _bait_kernel as compiled

            out = np.empty(len(self.rows))
            self.share(compiled.worth, -(-len(out) // compiled.LANES), self.solid, self.gain, sign, out)
            return out
        out, square = np.empty(len(self.rows)), _square(self.rows.shape[0])
        for cut in self.rows.cuts():
            out[cut] = trace_ratio(self.solid[square, cut], self.gain[square, cut], sign=sign)
        return out

    def after(self, row: int, *, sign: float = 1.0) -> _State:
        """Add the information of a row to F, or take it away; F⁻¹ becomes F⁻¹ − sign·U·Uᵀ."""
        one, (inverted, target) = np.array([row]), self.variance
        h, root = self.rows.features(one)[0], self.rows.root(one)[:, :, 0]
        x = (root[:, None, :] * h[:, None]).reshape(len(inverted), len(root))
        moved = inverted @ x
        u = np.linalg.solve(np.linalg.cholesky(np.eye(len(root)) + sign * (x.T @ moved)), moved.T).T
        aimed = target @ u
        self._shift(u, inverted @ aimed - 0.5 * sign * u @ (u.T @ aimed), sign)
        return replace(self, variance=Variance(inverted - sign * u @ u.T, target))

    def _shift(self, u: Floats, z: Floats, sign: float) -> None:
        """Subtract sign·YYᵀ from each XᵀF⁻¹X, sign·(YZᵀ + ZYᵀ) from the other; Y = Xᵀu and Z = Xᵀz, [E, E, n]."""
        classes, width = self.rows.shape
        both = np.stack([u, z]).reshape(2, classes, width, classes).swapaxes(2, 3).reshape(2 * classes**2, width)
        if self.share:
            from querist.select._bait_kernel import LANES

            self.share(self._shift_compiled, -(-len(self.rows) // LANES), both, sign)
            return
        lower, square, below = np.tril_indices(classes), _square(classes), np.tri(classes)[:, :, None]
        for cut in self.rows.cuts():
            h, root = self.rows.features(cut), below * self.roots[square, cut]
            y, z = np.einsum("ean,sekn->sakn", root, (both @ h.T).reshape(2, classes, classes, len(h)))
            self.solid[:, cut] -= sign * np.einsum("akn,bkn->abn", y, y)[lower]
            cross = np.einsum("akn,bkn->abn", y, z)
            self.gain[:, cut] -= sign * (cross + cross.swapaxes(0, 1))[lower]

    def _shift_compiled(self, start: int, stop: int, both: Floats, sign: float) -> None:
        """Do the same for some groups of rows."""
        from querist.select import _bait_kernel as compiled

        (classes, width), first = self.rows.shape, start * compiled.LANES
        last = min(stop * compiled.LANES, len(self.rows))
        few = max(1, CACHE_BYTES // (8 * (width + len(both)) * compiled.LANES)) * compiled.LANES
        for at in range(first, last, few):
            h = self.rows.features(slice(at, min(at + few, last)))
            moved = (both @ h.T).reshape(2, classes, classes, -1)
            compiled.shift(0, -(-len(h) // compiled.LANES), (self.roots, self.solid, self.gain), at, moved, sign)


def _square(size: int) -> NDArray[np.intp]:
    """Give, for each cell of a symmetric matrix, its place in the list of its lower triangle; [E, E]."""
    places = np.zeros((size, size), np.intp)
    places[np.tril_indices(size)] = np.arange(size * (size + 1) // 2)
    return np.maximum(places, places.T)
