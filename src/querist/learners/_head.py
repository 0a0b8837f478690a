"""The Laplace posterior of a last linear layer that was trained by somebody else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky

from querist._arrays import Floats
from querist.learners._laplace import FACTORED, Posterior, hessian
from querist.learners._newton import Optimum, Problem, evaluate, gradient
from querist.learners._span import span_of
from querist.view import Head

PRIORS: Floats = 10.0 ** np.arange(-2.0, 3.5, 0.5)
"""Prior precisions among which the evidence chooses."""


@dataclass(frozen=True, eq=False)
class HeadPosterior:
    """N(head, H⁻¹) over the last layer's weights; H is the exact Hessian of the log loss on its labelled embeddings.

    Shapes: embed [L, D], codes [L] in 0 … C − 1. ``prior`` is the precision of the weights; None chooses that of the
    greatest evidence (MacKay 1992), log p(labels | head) + log p(head) − ½ log |H|, among 11 from 0.01 to 1,000; with
    more than 3,000 parameters C·(min(L, D) + 1) it is 1. ``bias`` is that of the intercepts, None: the same. (A layer
    trained until its loss is nearly 0 says so little of its intercepts that the free ones of ``linear`` would drown
    all else in noise: on three clouds of points, 8 draws were right on 65 %.) ``count`` draws come from a generator
    that ``entropy`` seeds.
    Source: Daxberger et al. 2021 for Laplace on the last layer alone.
    """

    embed: Floats
    codes: NDArray[np.int64]
    head: Head
    count: int
    entropy: tuple[int, ...]
    prior: float | None = None
    bias: float | None = None

    @cached_property
    def draws(self) -> tuple[Floats, Floats]:
        """K draws of the weights [K, C, D] and of the intercepts [K, C], the same however often asked for."""
        posterior = self._posterior
        weights, biases = posterior.draws
        span, weight = posterior.span, np.asarray(self.head.weight)
        # unlike an optimum under the prior alone, a trained layer has a part outside the span of its labelled rows
        return weights + (weight - span.lift(span.lower(weight))), biases

    def probs(self, embed: NDArray[Any]) -> Floats:
        """Give the K probabilities of each item by its embedding [N, D]; [N, K, C]."""
        weights, biases = self.draws
        logits = embed.astype(np.float64) @ weights.reshape(-1, weights.shape[-1]).T
        return softmax_of(logits.reshape(len(embed), *biases.shape) + biases)

    @cached_property
    def precision(self) -> float:
        """The prior precision of the weights: the given one, or that of the greatest evidence."""
        return self._posterior.problem.prior

    @cached_property
    def _posterior(self) -> Posterior:
        coordinates, span = span_of(np.asarray(self.embed, np.float64))
        weight, bias = np.asarray(self.head.weight), np.asarray(self.head.bias)
        rows = np.hstack([coordinates, np.ones((len(coordinates), 1))])
        truth = np.zeros((len(weight), len(rows)))
        truth[self.codes, np.arange(len(rows))] = 1.0
        theta = np.hstack([span.lower(weight), bias[:, None]])
        prior = 1.0 if self.prior is None else self.prior
        problem = Problem(rows, truth, prior)
        logits = weight @ np.asarray(self.embed, np.float64).T + bias[:, None]
        point = evaluate(problem, theta, logits)
        slope = float(np.abs(gradient(problem, point)).max())
        posterior = Posterior(problem, Optimum(theta, point.probs, slope, True), span, self.count, self.entropy)
        posterior = replace(posterior, bias=prior if self.bias is None else self.bias)
        if self.prior is not None or theta.size > FACTORED:
            return posterior
        best = _most_evident(posterior, float((weight**2).sum() + (bias**2).sum()))
        return replace(posterior, problem=replace(problem, prior=best), bias=best)


def softmax_of(logits: NDArray[Any]) -> Floats:
    """Turn logits [N, …, C] into probabilities in double precision."""
    values = logits.astype(np.float64)
    values -= values.max(axis=-1, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=-1, keepdims=True)
    return values


def _most_evident(posterior: Posterior, size: float) -> float:
    """Choose the prior precision of the greatest evidence; ``size`` is ‖head‖². Cost: 11 Cholesky factors."""
    weights = posterior.optimum.theta.size
    found = []
    for prior in PRIORS:
        trial = replace(posterior, problem=replace(posterior.problem, prior=float(prior)), bias=float(prior))
        factor = cholesky(hessian(trial.problem, trial.optimum.probs, trial.precision), lower=True, overwrite_a=True)
        # the likelihood of the labels is the same under every prior
        found.append(0.5 * weights * np.log(prior) - 0.5 * prior * size - float(np.log(np.diag(factor)).sum()))
    return float(PRIORS[int(np.argmax(found))])
