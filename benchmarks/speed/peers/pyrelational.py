"""PyRelationAL: its informativeness functions and torch's top-k."""

from __future__ import annotations

from collections.abc import Callable

import torch
from pyrelational import informativeness

from speed.peers import Call, Inputs


def _scores(rule: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Inputs], Call]:
    return lambda inputs: _highest(rule, torch.from_numpy(inputs["probs"].copy()), inputs.n)


def _bald(inputs: Inputs) -> Call:
    members = torch.from_numpy(inputs["draws"].swapaxes(0, 1).copy())
    return _highest(informativeness.classification_bald, members, inputs.n)


def _highest(rule: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor, n: int) -> Call:
    def call() -> list[int]:
        return torch.topk(rule(values), n).indices.tolist()

    return call


TASKS = {
    "entropy": _scores(informativeness.classification_entropy),
    "margin": _scores(informativeness.classification_margin_confidence),
    "least-confidence": _scores(informativeness.classification_least_confidence),
    "bald": _bald,
}
