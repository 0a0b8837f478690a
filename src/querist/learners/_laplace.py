"""The Laplace posterior of a multinomial logistic regression: normal around the optimum, exact Hessian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from querist._arrays import Floats, blocks
from querist.learners._newton import Optimum, Problem, conjugate_gradients, curvature
from querist.learners._span import Span

BIAS_PRECISION = 0.01
"""The prior precision of an intercept (standard deviation 10 in logits). The fit has none; the posterior needs one, as
a number added to every intercept changes nothing that data could see."""

FACTORED = 3000
"""Parameters up to which the Hessian is factored; beyond, every draw is solved for by conjugate gradients."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """N(θ, H⁻¹) over weights and intercepts; H is the Hessian of the objective, with precision ``bias`` on intercepts.

    ``problem`` and ``optimum`` are in the r coordinates of ``span``; ``count`` draws come from a generator that
    ``entropy`` seeds.
    """

    problem: Problem
    optimum: Optimum
    span: Span
    count: int
    entropy: tuple[int, ...]
    bias: float = BIAS_PRECISION

    @property
    def precision(self) -> Floats:
        """The prior precision of every column, [r + 1]."""
        precision = self.problem.penalty.copy()
        precision[-1] = self.bias
        return precision

    @cached_property
    def draws(self) -> tuple[Floats, Floats]:
        """K draws of the weights [K, C, D] and of the intercepts [K, C], the same however often asked for.

        Exact: from a Cholesky factor of the Hessian up to 3,000 parameters C·(min(L, D) + 1), O(C³·r³/3); beyond,
        K solutions of H·x = η with η ~ N(0, H), each as dear as a Newton step. Outside the span of the labelled rows
        the posterior is the prior, and is drawn as such.
        """
        rng = np.random.default_rng(self.entropy)
        draw = _factored if self.optimum.theta.size <= FACTORED else _solved
        theta = self.optimum.theta + draw(self, rng)
        weights = self._to_features(np.ascontiguousarray(theta[..., :-1]), rng)
        return weights, np.ascontiguousarray(theta[..., -1])

    def _to_features(self, weights: Floats, rng: np.random.Generator) -> Floats:
        count, classes, size = weights.shape
        lifted = self.span.lift(weights.reshape(count * classes, size))
        if self.span.rows is not None:
            outside = rng.standard_normal(lifted.shape)
            outside /= np.sqrt(self.problem.prior)
            outside -= self.span.lift(self.span.lower(outside))
            lifted += outside
        return lifted.reshape(count, classes, lifted.shape[1])

    def covariance(self) -> Floats:
        """Compute the covariance [P, P] of the flattened (weight [C, D], intercept [C]), P = C·(D + 1); O(P³)."""
        classes, columns = self.optimum.theta.shape
        full = hessian(self.problem, self.optimum.probs, self.precision)
        from scipy.linalg import cho_solve, cholesky

        inverse = cho_solve((cholesky(full, lower=True, overwrite_a=True), True), np.eye(len(full)))
        basis = self.span.lift(np.eye(columns - 1))
        width = basis.shape[1]
        lift = np.zeros((columns, width + 1))
        lift[:-1, :-1], lift[-1, -1] = basis, 1.0
        inverse = inverse.reshape(classes, columns, classes, columns)
        parts = np.einsum("aj,cadb,bk->cjdk", lift, inverse, lift, optimize=True)
        outside = (np.eye(width) - basis.T @ basis) / self.problem.prior
        for c in range(classes):
            parts[c, :-1, c, :-1] += outside
        return _weights_first(parts)


def _weights_first(parts: Floats) -> Floats:
    """Reorder [C, D + 1, C, D + 1] from (class, column) to all weights, then all intercepts."""
    classes, columns = parts.shape[:2]
    index = np.arange(classes * columns).reshape(classes, columns)
    order = np.concatenate([index[:, :-1].ravel(), index[:, -1]])
    return np.asarray(parts.reshape(classes * columns, -1)[np.ix_(order, order)])


def hessian(problem: Problem, probs: Floats, precision: Floats) -> Floats:
    """Compute the Hessian of the objective over θ in the order (class, column), [C·Q, C·Q].

    Formula: Σ_m mass_m (diag p_m − p_m p_mᵀ) ⊗ x_m x_mᵀ + diag precision. Cost: O(M·C²·Q²).
    """
    classes, columns = len(probs), problem.rows.shape[1]
    total = np.diag(np.tile(precision, classes))
    view = total.reshape(classes, columns, classes, columns)
    for part in blocks(len(problem.rows), 16 * classes * columns):
        rows, weight = problem.rows[part], probs[:, part] * problem.mass[part]
        outer = (weight[:, None, :] / np.sqrt(problem.mass[part]) * rows.T).reshape(classes * columns, -1)
        total -= outer @ outer.T
        for c in range(classes):
            view[c, :, c, :] += (rows.T * weight[c]) @ rows
    return np.asarray(total)


def _factored(posterior: Posterior, rng: np.random.Generator) -> Floats:
    """Draw from N(0, H⁻¹) through a Cholesky factor, [K, C, r + 1]."""
    from scipy.linalg import cholesky, solve_triangular

    theta = posterior.optimum.theta
    full = hessian(posterior.problem, posterior.optimum.probs, posterior.precision)
    factor = cholesky(full, lower=True, overwrite_a=True, check_finite=False)
    noise = rng.standard_normal((theta.size, posterior.count))
    return np.asarray(solve_triangular(factor, noise, lower=True, trans="T").T).reshape(-1, *theta.shape)


def _solved(posterior: Posterior, rng: np.random.Generator) -> Floats:
    """Draw from N(0, H⁻¹) as H⁻¹·η with η ~ N(0, H), [K, C, r + 1]. Source: Papandreou & Yuille 2010."""
    problem, probs = posterior.problem, posterior.optimum.probs
    product, diagonal = curvature(problem, probs, posterior.precision)
    out = np.empty((posterior.count, *posterior.optimum.theta.shape))
    for k in range(posterior.count):
        out[k] = _noise(posterior, rng)
    for part in blocks(posterior.count, 32 * max(probs.size, out[0].size)):
        out[part] = conjugate_gradients(product, out[part], diagonal=diagonal, tolerance=1e-4, limit=out[0].size)
    return out


def _noise(posterior: Posterior, rng: np.random.Generator) -> Floats:
    """Draw from N(0, H), [C, r + 1]."""
    problem, probs = posterior.problem, posterior.optimum.probs
    # (diag √p − p √pᵀ) is a square root of diag p − p pᵀ
    noise = np.sqrt(probs) * rng.standard_normal(probs.shape)
    noise -= probs * noise.sum(axis=0)
    target = (noise * np.sqrt(problem.mass)) @ problem.rows
    target += np.sqrt(posterior.precision) * rng.standard_normal(target.shape)
    return np.asarray(target)
