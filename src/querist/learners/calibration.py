"""Temperatures: probabilities as sure as they are right, from predictions that never saw the label."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, to_numpy
from querist.learners._parts import for_parts_of
from querist.learners.protocol import Items, Learner, Predictor
from querist.select.distance import nearest
from querist.view import Evidence, Need

FOLDS = 5
SAMPLE = 10_000
"""Items of the pool that say how much of it each label stands for."""
TEMPERATURES: Floats = 2.0 ** np.arange(-6.0, 4.5, 0.5)
FLATTENED = 0.5
"""The power of the weights: between the variance of full weights (1) and the bias of none (0), as Shimodaira 2000."""
DOUBT = 0.5
"""Standard errors of its loss by which the temperature nearest to 1 may be worse than the best one."""


@dataclass(frozen=True, eq=False)
class Tempered:
    """A predictor whose probabilities are softmax(logits / T); the rest of its evidence stays as it is.

    The logits are the decision values where the predictor has any, else the logarithms of its probabilities. T = inf
    says that the model knows nothing: uniform probabilities. ``apart`` float64 [L, C] are the tempered probabilities of
    what it was trained on, by models that were trained without.
    """

    predictor: Predictor
    temperature: float
    apart: Floats | None = None

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence that the predictor gives, and probs."""
        return self.predictor.provides | {"probs"}

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for."""
        source = _source(self.predictor)
        wanted = needs - {"probs"} | ({source} if "probs" in needs else frozenset[Need]())
        evidence = dict(self.predictor.predict(items, wanted))
        if "probs" in needs:
            evidence["probs"] = softmax(logits({source: evidence[source]}) / self.temperature)
        return {need: evidence[need] for need in needs}


def tempered(
    learner: Learner, predictor: Predictor, labelled: tuple[Items, NDArray[np.int64]], *, pool: Items, classes: int,
    rng: np.random.Generator,
) -> Tempered:  # fmt: skip
    """Find the temperature of a predictor by cross-fitting its learner on what it was trained on.

    ``labelled`` are the items [L] and their class codes. Each fifth of them is predicted by a model trained on the
    rest; T minimises their log loss, each weighted by the root of the share of the pool that lies nearest to it:
    actively chosen items lie where the model errs, and would make it look worse than it is. Of those that half a
    standard error cannot tell from the best T, the nearest to 1 is taken. Uniform probabilities compete too, and win
    while the model is no better than they are. Cost: 5 fits, and L distances to at most 10,000 items.
    Source: Guo et al. 2017 for the temperature; Shimodaira 2000 for the root.
    """
    items, codes = labelled
    if len(codes) < 2:
        return Tempered(predictor, inf, np.full((len(codes), classes), 1 / classes))
    values = cross_fitted(learner, labelled, pool=pool, classes=classes, rng=rng)
    rows = rng.choice(pool.shape[0], min(SAMPLE, pool.shape[0]), replace=False)
    weight = _shares(predictor, items, pool[np.sort(rows)])
    found = temperature(values, codes, weight**FLATTENED)
    return Tempered(predictor, found, softmax(values / found))


def cross_fitted(
    learner: Learner, labelled: tuple[Items, NDArray[np.int64]], *, pool: Items, classes: int, rng: np.random.Generator
) -> Floats:
    """Predict each labelled item by a model that was trained without it: logits [L, C] of five-fold models.

    Folds are stratified: the labels of each class are dealt out in turn. The models are trained the way that one of all
    labels would be: see ``for_parts_of``.
    """
    items, codes = labelled
    apart = for_parts_of(learner, codes)
    out = np.zeros((len(codes), classes))
    fold = deal(codes, rng)
    for held in (fold == number for number in np.unique(fold)):
        model = apart.fit(items[~held], codes[~held], classes=classes, rng=rng, pool=pool)
        source = _source(model)
        out[held] = logits(model.predict(items[held], frozenset({source})))
    return out


def deal(codes: NDArray[np.int64], rng: np.random.Generator) -> Rows:
    """Deal labels to five folds, the labels of each class in turn, in random order.

    >>> np.bincount(deal(np.repeat([0, 1], 5), np.random.default_rng(0))).tolist()
    [2, 2, 2, 2, 2]
    """
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    fold = np.empty(len(codes), np.intp)
    fold[order] = np.arange(len(codes)) % FOLDS
    return fold


def temperature(values: Floats, codes: NDArray[np.int64], weight: Floats) -> float:
    """Choose a temperature by weighted log loss, in steps of √2 from 1/64 to 16; inf when uniform is better.

    The one nearest to 1 (in steps) whose loss exceeds the least by no more than half a standard error of the
    difference. Shapes: values [L, C] logits, codes [L], weight [L] ≥ 0 with a positive sum.

    >>> temperature(np.array([[2.0, -2.0]] * 30), np.array([0, 0, 1] * 10), np.ones(30))
    4.0
    >>> temperature(np.array([[2.0, -2.0], [2.0, -2.0]]), np.array([0, 1]), np.ones(2))
    inf
    """
    rows, share = np.arange(len(codes)), weight / weight.sum()
    losses = np.array([-log_softmax(values / t)[rows, codes] for t in TEMPERATURES])
    means = losses @ share
    best = int(means.argmin())
    if means[best] >= log(values.shape[1]) - 1e-9:
        return inf
    excess = losses - losses[best]
    error = np.sqrt((excess - (excess @ share)[:, None]) ** 2 @ share**2)
    alike = np.flatnonzero(excess @ share <= DOUBT * error + 1e-12)
    return float(TEMPERATURES[alike[np.abs(np.log(TEMPERATURES[alike])).argmin()]])


def logits(evidence: Evidence) -> Floats:
    """Turn probabilities or decision values into logits [N, C]; a class that is ruled out gets 1 less than the rest.

    >>> logits({"decision": np.array([[3.0]])}).tolist()
    [[-1.5, 1.5]]
    """
    if "decision" in evidence:
        decision = np.asarray(to_numpy(evidence["decision"]), np.float64)
        return np.hstack([-decision / 2, decision / 2]) if decision.shape[1] == 1 else decision
    probs = np.asarray(to_numpy(evidence["probs"]), np.float64)
    lowest = np.where(probs > 0, probs, 1.0).min(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(probs, lowest / np.e)))


def softmax(values: Floats) -> Floats:
    """Compute softmax of each row without overflow; [N, C]."""
    return np.asarray(np.exp(log_softmax(values)))


def log_softmax(values: Floats) -> Floats:
    """Compute the logarithm of softmax of each row without overflow; [N, C]."""
    shifted = values - values.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _source(predictor: Predictor) -> Need:
    return "decision" if "decision" in predictor.provides else "probs"


def _shares(predictor: Predictor, items: Items, pool: Items) -> Floats:
    """Count the items of the pool to which each labelled one is the nearest, and itself; [L]."""
    if "embed" not in predictor.provides:
        return np.ones(items.shape[0])
    only: frozenset[Need] = frozenset({"embed"})
    centres, points = (to_numpy(predictor.predict(part, only)["embed"]) for part in (items, pool))
    return np.asarray(1.0 + np.bincount(nearest(points, centres)[0], minlength=len(centres)), np.float64)
