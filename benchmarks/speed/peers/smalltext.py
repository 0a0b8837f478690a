"""small-text: its strategies on probabilities that were computed before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from small_text.query_strategies import bayesian, coresets, strategies

from speed.peers import Call, Fixed, Inputs


def _strategy(build: Callable[[], Any], evidence: str) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        rows = np.arange(len(inputs[evidence]))
        model, nobody = Fixed(inputs[evidence]), np.empty(0, np.int64)
        return lambda: build().query(model, rows, rows, nobody, nobody, n=inputs.n)

    return prepare


def _k_center(inputs: Inputs) -> Call:
    rows = np.concatenate([inputs["embed"], inputs["labelled_embed"]])
    pool, asked = np.arange(len(inputs["embed"])), np.arange(len(inputs["embed"]), len(rows))
    return lambda: coresets.greedy_coreset(rows, pool, asked, inputs.n, distance_metric="euclidean")


TASKS = {
    "entropy": _strategy(strategies.PredictionEntropy, "probs"),
    "margin": _strategy(strategies.BreakingTies, "probs"),
    "least-confidence": _strategy(strategies.LeastConfidence, "probs"),
    "bald": _strategy(bayesian.BALD, "draws"),
    "k-center": _k_center,
}
