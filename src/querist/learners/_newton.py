"""Multinomial logistic regression to full precision: Newton's method, its steps by conjugate gradients.

At 10 to 300 labels the cost is that of a few hundred small matrix products: two to four times less than L-BFGS, and
exact to about 1e-8 instead of 1e-5. Arrays are laid out class by class, which keeps sums over classes contiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from querist._arrays import Floats


@dataclass(frozen=True, eq=False)
class Problem:
    """Minimise U(θ) = ½ · prior · ‖W‖² + Σ_m mass_m · log loss_m over θ = (W, b), [C, Q].

    Shapes: rows [M, Q], the last column 1 for the intercept; truth [C, M], the mass of row m in the place of its
    label. ``prior`` is the precision of the weights; intercepts are free.
    """

    rows: Floats
    truth: Floats
    prior: float

    @cached_property
    def penalty(self) -> Floats:
        """The prior precision of every column, [Q]."""
        penalty = np.full(self.rows.shape[1], self.prior)
        penalty[-1] = 0.0
        return penalty

    @cached_property
    def columns(self) -> Floats:
        """The rows transposed, [Q, M]."""
        return np.ascontiguousarray(self.rows.T)

    @cached_property
    def squares(self) -> Floats:
        """The rows squared, [M, Q]."""
        return self.rows * self.rows

    @cached_property
    def mass(self) -> Floats:
        """The weight of every row, [M]."""
        return np.asarray(self.truth.sum(axis=0))

    @cached_property
    def tolerance(self) -> float:
        """The slope at which the search ends: 1e-7 per row, or what rounding leaves of it on large features."""
        reach = float(np.abs(self.rows).sum(axis=0).max())
        wanted = 1e-7 * max(10.0, float(self.mass.sum())) * min(1.0, self.prior)
        return max(wanted, 64 * float(np.finfo(float).eps) * reach)

    def start(self) -> Floats:
        """Begin at zero weights and the class shares as intercepts, [C, Q]."""
        theta = np.zeros((len(self.truth), self.rows.shape[1]))
        share = self.truth.sum(axis=1)
        theta[:, -1] = np.log(share / share.sum())
        return theta


class Point(NamedTuple):
    """θ [C, Q] with what follows from it: logits [C, M], the objective, probabilities [C, M]."""

    theta: Floats
    logits: Floats
    value: float
    probs: Floats


class Optimum(NamedTuple):
    """Where the search ended: θ [C, Q], probabilities [C, M], the largest slope, and whether that is small enough."""

    theta: Floats
    probs: Floats
    slope: float
    converged: bool


def minimise(problem: Problem, start: Floats, *, max_iter: int) -> Optimum:
    """Find the optimum; at most ``max_iter`` Newton steps, five to ten are usual.

    Cost: about 100 products of [C, Q] with [Q, M].
    """
    point = evaluate(problem, start, start @ problem.columns)
    slope = gradient(problem, point)
    for _ in range(max_iter):
        if float(np.abs(slope).max()) <= problem.tolerance:
            break
        better = _descend(problem, point, slope)
        if better is None:
            break
        point, slope = better, gradient(problem, better)
    steep = float(np.abs(slope).max())
    return Optimum(point.theta, point.probs, steep, steep <= 1000 * problem.tolerance)


def evaluate(problem: Problem, theta: Floats, logits: Floats) -> Point:
    """Compute objective and probabilities at θ."""
    top = np.maximum.reduce(logits, 0)
    probs = np.exp(logits - top)
    total = np.add.reduce(probs, 0)
    probs /= total
    loss = np.vdot(problem.mass, np.log(total) + top) - np.vdot(problem.truth, logits)
    return Point(theta, logits, float(loss + 0.5 * np.vdot(theta * problem.penalty, theta)), probs)


def gradient(problem: Problem, point: Point) -> Floats:
    """Compute ∂U/∂θ, [C, Q]."""
    slope = (point.probs * problem.mass - problem.truth) @ problem.rows
    slope += problem.penalty * point.theta
    return np.asarray(slope)


def curvature(problem: Problem, probs: Floats, penalty: Floats) -> tuple[Callable[[Floats], Floats], Floats]:
    """Give the product with the Hessian, [C, Q] or several at once [K, C, Q], and the Hessian's diagonal [C, Q]."""
    weighted = probs * problem.mass

    def product(step: Floats) -> Floats:
        flat = step.reshape(-1, step.shape[-1]) @ problem.columns
        moved = flat.reshape(*step.shape[:-1], -1)
        moved -= np.add.reduce(moved * probs, -2, keepdims=True)
        moved *= weighted
        result = (flat @ problem.rows).reshape(step.shape)
        result += penalty * step
        return np.asarray(result)

    return product, (weighted - weighted * probs) @ problem.squares + penalty


def conjugate_gradients(
    product: Callable[[Floats], Floats], target: Floats, *, diagonal: Floats, tolerance: float, limit: int
) -> Floats:
    """Solve A·x = target by conjugate gradients, preconditioned by A's diagonal, to a relative residual.

    Several targets with one A are one target with a block-diagonal A of the same spectrum: about as many rounds.
    """
    scale = 1.0 / (diagonal + 1e-10)
    x, residual = np.zeros_like(target), target.copy()
    direction = scale * residual
    size = float(np.vdot(residual, direction))
    enough = tolerance * tolerance * size
    for _ in range(limit):
        along = product(direction)
        bend = float(np.vdot(direction, along))
        if bend <= 0.0:  # rounding, in a direction that the softmax does not see
            break
        x += (size / bend) * direction
        along *= size / bend
        residual -= along
        scaled = scale * residual
        fresh = float(np.vdot(residual, scaled))
        if fresh <= enough:
            break
        direction *= fresh / size
        direction += scaled
        size = fresh
    return x


def _descend(problem: Problem, point: Point, slope: Floats) -> Point | None:
    """Take one Newton step, halved until the objective falls; None when it cannot fall in this precision."""
    product, diagonal = curvature(problem, point.probs, problem.penalty)
    steep = float(np.abs(slope).max())
    # rough far away, where a rough step is also a careful one; ever more exact on the way, which keeps the convergence
    # faster than linear; never more exact than the end asks for
    tolerance = max(min(0.5, steep), 0.3 * problem.tolerance / steep)
    step = conjugate_gradients(product, -slope, diagonal=diagonal, tolerance=tolerance, limit=slope.size + 50)
    fall, moved = float(np.vdot(slope, step)), step @ problem.columns
    for halvings in range(30):
        t = 0.5**halvings
        new = evaluate(problem, point.theta + t * step, point.logits + t * moved)
        if new.value <= point.value + 1e-4 * t * fall + 1e-12 * abs(point.value):
            return new
    return None
