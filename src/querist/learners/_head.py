"""The Laplace posterior of a last linear layer that was trained by somebody else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.learners._laplace import Posterior
from querist.learners._newton import Optimum, Problem, evaluate, gradient
from querist.learners._span import span_of
from querist.view import Head


@dataclass(frozen=True, eq=False)
class HeadPosterior:
    """N(head, H⁻¹) over the last layer's weights; H is the exact Hessian of the log loss on its labelled embeddings.

    Shapes: embed [L, D], codes [L] in 0 … C − 1. ``prior`` is the precision of the weights; None takes the one under
    which the trained head is likeliest, C·(D + 1) / ‖head‖². (The evidence of MacKay 1992 is for weights at the
    optimum under the prior. A network's are not: where its loss is nearly 0, so is the Hessian, and the evidence then
    prefers the widest prior, whose draws drown all else in noise.) ``bias`` is the precision of the intercepts, None:
    the same. ``count`` draws come from a generator that ``entropy`` seeds.
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
        """The prior precision of the weights: the given one, or the one under which the head is likeliest."""
        return self._posterior.problem.prior

    @cached_property
    def _posterior(self) -> Posterior:
        coordinates, span = span_of(np.asarray(self.embed, np.float64))
        weight, bias = np.asarray(self.head.weight), np.asarray(self.head.bias)
        rows = np.hstack([coordinates, np.ones((len(coordinates), 1))])
        truth = np.zeros((len(weight), len(rows)))
        truth[self.codes, np.arange(len(rows))] = 1.0
        theta = np.hstack([span.lower(weight), bias[:, None]])
        prior = _likeliest(self.head) if self.prior is None else float(self.prior)
        problem = Problem(rows, truth, prior)
        logits = weight @ np.asarray(self.embed, np.float64).T + bias[:, None]
        point = evaluate(problem, theta, logits)
        slope = float(np.abs(gradient(problem, point)).max())
        posterior = Posterior(problem, Optimum(theta, point.probs, slope, True), span, self.count, self.entropy)
        return replace(posterior, bias=prior if self.bias is None else float(self.bias))


def softmax_of(logits: NDArray[Any]) -> Floats:
    """Turn logits [N, …, C] into probabilities in double precision."""
    values = logits.astype(np.float64)
    values -= values.max(axis=-1, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=-1, keepdims=True)
    return values


def _likeliest(head: Head) -> float:
    """Give the precision of the normal prior under which a head is likeliest; 1 for one that is all zeros."""
    weight, bias = np.asarray(head.weight, np.float64), np.asarray(head.bias, np.float64)
    size = float((weight**2).sum() + (bias**2).sum())
    return (weight.size + bias.size) / size if size else 1.0
