"""Greedy choice of the batch whose labels together tell most about the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, blocks, float64, namespace, take, to_numpy, topk, xlogx
from querist._parallel import WORTH, in_threads
from querist.scores.committee import by_blocks, entropy_of, mean_over_members
from querist.scores.estimates import compilable, error_of_consensus, error_of_entropy
from querist.select.top import TIE, foremost

CACHE_BYTES = 2**22
"""A block of probabilities of labels: large enough for an efficient product, small enough for the processor's cache."""
FIRST_REFRESH = 16
EVALUATED = 10
"""One row in so many, about, is evaluated again for a pick."""
ENOUGH = 0.9
"""Beyond this share of log K, the most that labels can tell about K draws, gains are too small to compare."""

LABELLINGS = 2**8
"""The rounding of their sum is that of so many terms: each 128 are added by halves, and those sums in double."""
SHARES = (16, 4)
"""Bounds are first computed over so many times fewer labellings."""
MERGING = 4
"""Labellings are merged when that costs at most a quarter of the evaluations it may save."""
NOTHING = 1e-9
"""A gain up to this is rounding."""


@dataclass(frozen=True, eq=False)
class Labellings:
    """The labels that the rows chosen so far may have, and what each labelling would tell about the model.

    Shapes: weight [J], the probability of each labelling, summing to 1; posterior [J, K], the probability of each draw
    of the model given the labelling, rows summing to 1, so that long batches never underflow. ``exact`` is false once
    labellings were sampled.
    """

    weight: Floats
    posterior: Floats
    exact: bool = True

    @staticmethod
    def none(members: int) -> Labellings:
        """Begin with no row chosen: one empty labelling."""
        return Labellings(np.ones(1), np.full((1, members), 1.0 / members))

    def add(self, probs: Floats, *, limit: int, rng: np.random.Generator) -> Labellings:
        """Add a row: each labelling goes on with each of its classes, or with ``limit`` sampled of what is possible.

        The sample is systematic: a labelling of probability w is drawn ⌊w·limit⌋ or ⌈w·limit⌉ times, w·limit on
        average, so that the mean over the sample is unbiased and varies less than with independent draws.
        Shapes: probs [K, C]. Cost: O(J·K·C), memory O(J·C + limit·K).
        """
        chance = (self.weight[:, None] * (self.posterior @ probs)).ravel()
        exact = int(np.count_nonzero(chance)) <= limit
        if exact:
            kept = np.flatnonzero(chance)
            weight = chance[kept] / chance.sum()
        else:
            # in random order, or labellings of one class might be drawn and those of another passed over in step
            order = rng.permutation(len(chance))
            share = np.cumsum(chance[order])
            count = np.diff(np.floor(share * (limit / share[-1]) + rng.random()), prepend=0.0)
            kept, weight = order[count > 0], count[count > 0] / count.sum()
        before, label = np.divmod(kept, probs.shape[1])
        posterior = self.posterior[before] * probs.T[label]
        return Labellings(weight, posterior / posterior.sum(axis=1, keepdims=True), self.exact and exact)

    def merged(self, count: int) -> Labellings:
        """Merge labellings that tell nearly the same, each with the nearest of the ``count`` most probable.

        Nearest by Hellinger distance. To know less leaves more open: no conditional entropy is lower over the merged
        labellings. Cost: O(J·count·K), memory one block.
        """
        root = np.sqrt(self.posterior).astype(np.float32)
        centres = root[np.argpartition(-self.weight, count)[:count]].T
        nearest = np.empty(len(root), np.intp)
        for some in blocks(len(root), 4 * count, limit=CACHE_BYTES):
            nearest[some] = np.argmax(root[some] @ centres, axis=1)
        order = np.argsort(nearest, kind="stable")
        starts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        weight = np.add.reduceat(self.weight[order], starts)
        posterior = np.add.reduceat(self.posterior[order] * self.weight[order, None], starts)
        return Labellings(weight, posterior / weight[:, None], self.exact)


def conditional_entropy(state: Labellings, draws: Array) -> Floats:
    """Compute the entropy of a row's label given those of the rows chosen, for every row.

    Formula: H(y | Y) = Σ_j w_j H(Σ_k W_jk p_k), a matrix product and a sum, without an array of N × J × C.
    Shapes: draws [R, K, C] of any library → [R] NumPy. Range: [0, log C] nats. Cost: O(R·J·K·C), memory one block.
    Source: Kirsch, van Amersfoort & Gal 2019, with the joint as mixture of posteriors.

    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    >>> state = Labellings.none(2)
    >>> conditional_entropy(state, draws).round(4).tolist()
    [0.6931]
    >>> known = state.add(draws[0], limit=9, rng=np.random.default_rng(0))
    >>> conditional_entropy(known, draws).tolist()
    [0.0]
    """
    xp, (_, members, classes) = namespace(draws), draws.shape
    device = {"device": draws.device} if hasattr(draws, "device") else {}
    weight, posterior = xp.asarray(state.weight, **device), xp.asarray(state.posterior, **device)
    out, limit = np.zeros(draws.shape[0]), CACHE_BYTES if isinstance(draws, np.ndarray) else None
    for some in blocks(len(state.weight), 8 * classes, limit=limit):
        for rows in blocks(len(out), 8 * (some.stop - some.start) * classes, limit=limit):
            p = float64(draws[rows, ...])
            beside = xp.reshape(xp.permute_dims(p, (1, 0, 2)), (members, p.shape[0] * classes))
            labels = xp.reshape(xp.matmul(posterior[some, :], beside), (-1, p.shape[0], classes))
            out[rows] -= to_numpy(xp.sum(weight[some, None] * xp.sum(xlogx(labels), axis=-1), axis=0))
    return out


class Batch(NamedTuple):
    """Rows chosen one by one, the gain of each at its pick, and whether every gain was exact."""

    rows: Rows
    value: Floats
    exact: bool


def batchbald(draws: Array, scores: Floats, *, n: int, ties: Floats, rng: np.random.Generator, limit: int) -> Batch:
    """Choose up to n rows greedily by what their labels tell about the model beyond those of the rows before.

    Formula: arg max_x H(y_x | y_S) − (1/K) Σ_k H(p_k(x)), which adds up to I(y_1 … y_n; model). Labellings of the rows
    chosen are all counted while there are at most ``limit``, then sampled; the label of the candidate is always summed
    exactly. Ends early once the labels tell 0.9·log K, or no row tells more.

    A gain only falls as rows are chosen, so an old gain is an upper bound: each pick evaluates only rows whose bound
    beats the best fresh gain, and the picks are those of the plain greedy. After sampling began that holds within the
    error of the sample.

    Shapes: draws [N, K, C], scores [N] the BALD scores, ties [N]. Needs 1 ≤ n ≤ N.
    Cost: O(n·R·J·K·C), R the rows evaluated per pick (N at worst), J ≤ limit; memory O(limit·(K + C)) and one block.
    Source: Kirsch et al. 2019; Minoux 1978 for the lazy evaluation.

    >>> draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.2], [0.2, 0.8]]])
    >>> scores = np.array([0.6931, 0.6931, 0.1927])
    >>> batch = batchbald(draws, scores, n=2, ties=np.arange(3.0), rng=np.random.default_rng(0), limit=99)
    >>> batch.rows.tolist(), batch.value.tolist()
    ([1], [0.6931])
    """
    members = draws.shape[1]
    expected = to_numpy(by_blocks(_consensus, draws)) - scores
    state, left = Labellings.none(members), np.array(scores, dtype=np.float64)
    row = int(topk(left, 1, ties)[0])
    picked, value = [row], [left[row]]
    while len(picked) < n and sum(value) <= ENOUGH * log(members):
        left[row] = -np.inf
        state = state.add(_probs(draws, row), limit=limit, rng=rng)
        row = _best(_Gains(draws, expected, state), left, ties)
        if left[row] <= NOTHING:
            break
        picked.append(row)
        value.append(left[row])
    return Batch(np.array(picked, np.intp), np.array(value), state.exact)


def _consensus(draws: Array) -> Array:
    return entropy_of(mean_over_members(draws))


def _probs(draws: Array, row: int) -> Floats:
    return np.asarray(to_numpy(float64(draws[row, ...])))


@dataclass(frozen=True, eq=False)
class _Gains:
    """What the label of each row would tell beyond the labels of those chosen."""

    draws: Array
    expected: Floats
    state: Labellings

    def exact(self, rows: Rows) -> Floats:
        """Compute the gains of some rows in double precision."""
        return conditional_entropy(self.state, take(self.draws, rows)) - self.expected[rows]

    def bound(self, rows: Rows) -> Floats:
        """Bound the gains of some rows from above: by less than 2·error, fast; or exact, and then error is 0."""
        if not self.error:
            return self.exact(rows)
        from querist.select._batchbald_kernel import conditional_entropy

        out = np.empty(len(rows))
        in_threads(conditional_entropy, len(rows), rows, self.draws, *self.side_by_side, out)
        return out - self.expected[rows] + self.error

    @cached_property
    def error(self) -> float:
        """Bound the rounding of fast gains, of a mean over K, of an entropy, and of the sum over labellings.

        0 where the work is too little to compile it, or the array is one that compiled loops cannot read.
        """
        if not compilable(self.draws) or self.draws.size * len(self.state.weight) < EVALUATED * WORTH:
            return 0.0
        _, members, classes = self.draws.shape
        return error_of_consensus(2**members, classes) + error_of_entropy(classes, LABELLINGS)

    @cached_property
    def side_by_side(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The labellings as the compiled loop wants them."""
        from querist.select._batchbald_kernel import LANES

        return in_blocks(self.state, LANES)


def in_blocks(state: Labellings, lanes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lay labellings side by side, so many to a block; posterior [B, K, lanes] and weight [B, lanes].

    >>> posterior, weight = in_blocks(Labellings.none(2), 4)
    >>> posterior.shape, weight.tolist()
    ((1, 2, 4), [[1.0, 0.0, 0.0, 0.0]])
    """
    count = -(-len(state.weight) // lanes)
    weight = np.zeros(count * lanes, np.float32)
    posterior = np.zeros((count * lanes, state.posterior.shape[1]), np.float32)
    weight[: len(state.weight)], posterior[: len(state.weight)] = state.weight, state.posterior
    side_by_side = posterior.reshape(count, lanes, -1).transpose(0, 2, 1)
    return np.ascontiguousarray(side_by_side), weight.reshape(count, lanes)


def _best(gains: _Gains, left: Floats, ties: Floats) -> int:
    """Refresh the bounds of the gains in place, highest first, until no other row can win; give the best row."""
    fresh, best, width = np.full(len(left), -np.inf), -np.inf, FIRST_REFRESH
    while len(rows := np.flatnonzero(np.isneginf(fresh) & _may_win(left, best))):
        if width == 2 * FIRST_REFRESH:
            rows = _bounded(gains, left, rows, best)
        if len(rows) > width:
            rows = rows[np.argpartition(-left[rows], width)[:width]]
        fresh[rows] = left[rows] = gains.bound(rows)
        best = max(best, float(fresh[rows].max(initial=-np.inf)) - 2 * gains.error)
        width *= 2
    if gains.error:
        near = np.flatnonzero(_may_win(fresh, best))
        fresh[near] = left[near] = gains.exact(near)
    return foremost(fresh, ties)


def _may_win(bounds: Floats, best: float) -> NDArray[np.bool_]:
    """Tell which rows may have a gain above another's; those chosen, at −∞, have none."""
    return np.isfinite(bounds) & (bounds >= best - TIE * abs(best)) if np.isfinite(best) else np.isfinite(bounds)


def _bounded(gains: _Gains, left: Floats, rows: Rows, best: float) -> Rows:
    """Lower the bounds of rows by their gains over merged labellings where that pays; give those that may still win."""
    for share in SHARES:
        count = len(gains.state.weight) // share
        if len(rows) * gains.draws.shape[2] > MERGING * count > 0:
            rough = replace(gains, state=gains.state.merged(count))
            left[rows] = np.minimum(left[rows], rough.bound(rows))
            rows = rows[_may_win(left[rows], best)]
    return rows
