"""Refits of one model with one more row each, side by side: a first guess, then Newton steps to the optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.scores.information import curvature
from querist.scores.lookahead import Model

GUESSES, STEPS, HALVINGS = 6, 60, 30


def refit(model: Model, embed: Floats, label: int, *, tolerance: Floats) -> Floats:
    """Compute how the parameters change when each of some rows is learnt with one label; [K, D] → [K, E, Q].

    The last two columns belong to the row's own direction outside the span of the labelled rows and to the intercept.
    ``tolerance`` [K] is the slope at which a search ends, measured by the inverse Hessian: about the distance to the
    optimum in the same measure. No look-ahead depends on those beside it.
    Memory: K·(10·C·L + P·(E + 8)) numbers. Cost: three to five Newton steps, each of five to ten products with the
    Hessian, O(K·C·L·Q), and with the shared inverse, O(K·P²), P = E·Q.
    """
    batch, active = Batch.of(model, embed, label), np.arange(len(embed))
    point = batch.at(first_guess(batch, label))
    out = np.zeros_like(point.moved)
    for _ in range(STEPS):
        slope = batch.slope(point)
        steep = np.sqrt(np.maximum(dot(slope, slope @ model.inverse), 0.0))
        out[active] = point.moved
        going = np.flatnonzero((steep > tolerance[active]) & point.better)
        if len(going) == 0:
            break
        active, batch, point, slope = active[going], batch.take(going), point.take(going), slope[going]
        product, shared = batch.product(point), batch.precondition(point)
        # rough while far away, ever more exact on the way, never more exact than the end asks for
        enough = np.maximum(np.minimum(0.1, steep[going]), 0.5 * tolerance[active] / steep[going])
        step = conjugate_gradients(product, -slope, shared, tolerance=enough)
        point = descend(batch.at, point, step, dot(slope, step))
    return out.reshape(len(embed), len(model.bias) - 1, -1)


def first_guess(batch: Batch, label: int) -> Floats:
    """Minimise the new row's exact loss and a quadratic for all the others; the parameters, [K, P].

    The change is H⁻¹·X·a, a the residual of the new row that is left: E unknowns, as the row's own logits move by
    Xᵀ·H⁻¹·X·a. A Newton step of the whole would overshoot by far where the label is a surprise.
    """
    basis, leverage, start = batch.model.contrasts, batch.leverage, batch.start[..., -1]
    fresh = np.ones(len(batch.x), bool)

    def at(residual: Floats) -> Point:
        pull = np.einsum("kef,kf->ke", leverage, residual)
        logits = start + basis @ pull.T
        probs, total = distribution(logits)
        return Point(residual, probs, total - logits[label] + 0.5 * dot(residual, pull), fresh)

    point = at(np.zeros((len(batch.x), basis.shape[1])))
    for _ in range(GUESSES):
        off = basis[label] - (basis.T @ point.probs).T - point.moved
        middle = np.eye(basis.shape[1]) - np.einsum("kef,kfg->keg", inner(point.probs, leverage), leverage)
        step = np.einsum("kef,kf->ke", middle, off)
        point = descend(at, point, step, -dot(off, np.einsum("kef,kf->ke", leverage, step)))
    return np.asarray(np.einsum("kpe,ke->kp", batch.lift, point.moved))


def inner(probs: Floats, leverage: Floats) -> Floats:
    """Compute (I + J·M)⁻¹·J, J the curvature of the row's loss, M its leverage; [C, K], [K, E, E] → [K, E, E]."""
    bend = curvature(probs.T).transpose(2, 0, 1)
    return np.asarray(np.linalg.solve(np.eye(len(probs) - 1) + bend @ leverage, bend))


def distribution(logits: Floats) -> tuple[Floats, Floats]:
    """Compute probabilities over the first axis and the logarithm of their divisor; [C, …] → [C, …], […]."""
    top = logits.max(axis=0)
    probs = np.exp(logits - top)
    total = probs.sum(axis=0)
    probs /= total
    return probs, np.log(total) + top


def dot(a: Floats, b: Floats) -> Floats:
    """Multiply vectors pair by pair; [K, P] twice → [K].

    >>> dot(np.eye(2), np.ones((2, 2))).tolist()
    [1.0, 1.0]
    """
    return np.asarray(np.einsum("kp,kp->k", a, b))


@dataclass(frozen=True, eq=False)
class Point:
    """Where K searches stand: unknowns moved [K, P], probabilities [C, K, …], objective [K].

    ``better`` [K] tells whether the last step lowered the objective.
    """

    moved: Floats
    probs: Floats
    value: Floats
    better: NDArray[np.bool_]

    def take(self, rows: Rows) -> Point:
        """Keep some of them."""
        return Point(self.moved[rows], self.probs[:, rows], self.value[rows], self.better[rows])


def descend(at: Callable[[Floats], Point], point: Point, step: Floats, fall: Floats) -> Point:
    """Take each step, halved until the objective falls; ``fall`` [K] is the slope along it.

    One that cannot fall in this precision is no longer ``better``.
    """
    pace = np.ones(len(step))
    for _ in range(HALVINGS):
        new = at(point.moved + pace[:, None] * step)
        worse = new.value > point.value + 1e-4 * pace * fall + 1e-13 * np.abs(point.value)
        if not worse.any():
            break
        pace[worse] *= 0.5
    return replace(new, better=~worse)


def conjugate_gradients(
    product: Callable[[Floats], Floats], target: Floats, shared: Callable[[Floats], Floats], *, tolerance: Floats
) -> Floats:
    """Solve A·x = target for K systems side by side, each to its relative tolerance [K]; [K, P].

    ``product`` multiplies with A, ``shared`` with something near its inverse. One that has arrived stays there.
    """
    x, rest = np.zeros_like(target), target.copy()
    direction = shared(rest)
    size = dot(rest, direction)
    enough = tolerance * tolerance * size
    for _ in range(target.shape[1] + 20):
        going = size > enough
        if not going.any():
            break
        along = product(direction)
        bend = dot(direction, along)
        going &= bend > 0.0  # not, by rounding, where all rows are certain
        pace = np.where(going, size / np.where(going, bend, 1.0), 0.0)[:, None]
        x += pace * direction
        rest -= pace * along
        scaled = shared(rest)
        fresh = np.where(going, dot(rest, scaled), 0.0)
        direction = scaled + (fresh / np.where(going, size, 1.0))[:, None] * direction
        size = fresh
    return x


@dataclass(frozen=True, eq=False)
class Batch:
    """K look-aheads with one label: the new rows x [K, Q] and the logits [C, K, M + 1] of the labelled and new rows.

    mass [M + 1], pull [E, M + 1]: as in the model, with the new row last; lift [K, P, E]: the shared inverse times the
    new row, of which every correction for its curvature is made.
    """

    model: Model
    x: Floats
    start: Floats
    mass: Floats
    pull: Floats
    lift: Floats

    @staticmethod
    def of(model: Model, embed: Floats, label: int) -> Batch:
        inside = model.coordinates(embed)
        x = np.ones((len(embed), inside.shape[1] + 2))
        x[:, :-2], x[:, -2] = inside, np.linalg.norm(model.outside(embed), axis=1)
        known = model.row_logits
        start = np.empty((len(known), len(embed), known.shape[1] + 1))
        start[..., :-1], start[..., -1] = known[:, None, :], model.logits(embed)
        towards = model.contrasts[label]
        mass, pull = np.append(model.mass, 1.0), np.concatenate([model.pull, towards[:, None]], axis=1)
        if model.unseen[label]:  # the label is its first: the origin no longer stands in for it
            mass[-2] -= 1.0 / len(known)
            pull[:, -2] -= towards / len(known)
        return Batch(model, x, start, mass, pull, model.through(x))

    @cached_property
    def leverage(self) -> Floats:
        """How far the new row's logits move when it pulls at them, in contrasts; [K, E, E]."""
        count, _, classes = self.lift.shape
        return np.asarray(np.einsum("keqf,kq->kef", self.lift.reshape(count, classes, -1, classes), self.x))

    def take(self, rows: Rows) -> Batch:
        """Keep some of the new rows."""
        return replace(self, x=self.x[rows], start=self.start[:, rows], lift=self.lift[rows])

    def seen(self, step: Floats) -> Floats:
        """Compute the change of the rows' logits, in contrasts, along steps; [K, P] → [E, K, M + 1]."""
        count, classes = len(step), len(self.pull)
        parts = np.ascontiguousarray(step.reshape(count, classes, -1).swapaxes(0, 1))
        out = np.empty((classes, count, len(self.mass)))
        out[..., :-1] = (parts.reshape(classes * count, -1) @ self.model.rows.T).reshape(classes, count, -1)
        out[..., -1] = np.einsum("ekq,kq->ek", parts, self.x)
        return out

    def back(self, slope: Floats) -> Floats:
        """Gather slopes by logits, in contrasts, into slopes by parameters; [E, K, M + 1] → [K, P]."""
        classes, count = slope.shape[:2]
        known = slope[..., :-1].reshape(classes * count, -1) @ self.model.rows
        total = known.reshape(classes, count, -1) + slope[..., -1:] * self.x
        return total.swapaxes(0, 1).reshape(count, -1)

    def at(self, moved: Floats) -> Point:
        """Compute probabilities and objective."""
        seen = self.seen(moved)
        probs, total = distribution(self.start + np.tensordot(self.model.contrasts, seen, axes=1))
        loss = total @ self.mass - np.einsum("ekm,em->k", seen, self.pull)
        return Point(moved, probs, loss + 0.5 * (moved * moved) @ self.model.penalty, np.ones(len(moved), bool))

    def slope(self, point: Point) -> Floats:
        """Compute the gradient of the objective, [K, P]."""
        off = np.tensordot(self.model.contrasts.T, point.probs * self.mass, axes=1) - self.pull[:, None, :]
        return self.back(off) + self.model.penalty * point.moved

    def product(self, point: Point) -> Callable[[Floats], Floats]:
        """Give the product with the Hessian, [K, P] → [K, P]."""
        weighted, basis = point.probs * self.mass, self.model.contrasts

        def times(step: Floats) -> Floats:
            along = np.tensordot(basis, self.seen(step), axes=1)
            along -= (along * point.probs).sum(axis=0)
            along *= weighted
            return self.back(np.tensordot(basis.T, along, axes=1)) + self.model.penalty * step

        return times

    def precondition(self, point: Point) -> Callable[[Floats], Floats]:
        """Give the product with the inverse of the shared Hessian and the new row's curvature (Woodbury)."""
        count, _, classes = self.lift.shape
        middle = inner(point.probs[..., -1], self.leverage)

        def times(slope: Floats) -> Floats:
            out = slope @ self.model.inverse
            at_row = np.einsum("keq,kq->ke", out.reshape(count, classes, -1), self.x)
            out -= np.einsum("kpe,ke->kp", self.lift, np.einsum("kef,kf->ke", middle, at_row))
            return np.asarray(out)

        return times
