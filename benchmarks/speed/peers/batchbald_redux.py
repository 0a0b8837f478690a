"""batchbald_redux, without the garbage collections of its chunking helper: they cost more than the work."""

from __future__ import annotations

import gc

import torch
from batchbald_redux import batchbald

from speed.peers import Call, Inputs


def _logarithms(inputs: Inputs) -> torch.Tensor:
    gc.collect = lambda *_: 0  # type: ignore[assignment]
    torch.manual_seed(inputs.seed)
    return torch.from_numpy(inputs["draws"].copy()).clamp_min(1e-30).log()


def _bald(inputs: Inputs) -> Call:
    draws = _logarithms(inputs)
    return lambda: batchbald.get_bald_batch(draws, inputs.n).indices


def _batchbald(inputs: Inputs) -> Call:
    draws = _logarithms(inputs)
    return lambda: batchbald.get_batchbald_batch(draws, inputs.n, 10_000).indices


TASKS = {"bald": _bald, "batchbald": _batchbald}
