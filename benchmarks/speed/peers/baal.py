"""Baal: its heuristics, which rank the whole pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from baal.active import heuristics

from speed.peers import Call, Inputs


def _ranking(build: Callable[[], Any]) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        return lambda: build()(inputs["probs"])[: inputs.n]

    return prepare


def _bald(inputs: Inputs) -> Call:
    draws = np.ascontiguousarray(inputs["draws"].swapaxes(1, 2))
    return lambda: heuristics.BALD()(draws)[: inputs.n]


def _batchbald(inputs: Inputs) -> Call:
    draws = np.ascontiguousarray(inputs["draws"].swapaxes(1, 2))
    return lambda: heuristics.BatchBALD(inputs.n, num_draw=10_000 // draws.shape[1])(draws)[: inputs.n]


TASKS = {
    "entropy": _ranking(heuristics.Entropy),
    "margin": _ranking(heuristics.Margin),
    "least-confidence": _ranking(heuristics.Certainty),
    "bald": _bald,
    "batchbald": _batchbald,
}
