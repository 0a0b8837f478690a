"""Ours: through ``querist.query`` with its checks on; and without them, on a view that is checked already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import querist
from querist._draw import Draw
from querist._query import _view, _with_targets, choose_from, resolve
from speed.peers import Call, Inputs


def _prepare(inputs: Inputs) -> Call:
    given = evidence(inputs)

    def call() -> Any:
        return querist.query(inputs.options["strategy"], inputs.n, seed=inputs.seed, **given)

    return call


def bare(inputs: Inputs) -> Call:
    """Prepare the choice alone: score and select."""
    rule, name = resolve(inputs.options["strategy"])
    view, draw = _with_targets(_view(rule, name, evidence(inputs)), rule), Draw(inputs.seed)
    # a copy each time: a view remembers what was made of it
    return lambda: choose_from(rule, replace(view), n=inputs.n, draw=draw).rows


def evidence(inputs: Inputs) -> dict[str, Any]:
    """Name the arrays as ``query`` does."""
    arrays = dict(inputs.arrays)
    if inputs.options.get("even"):
        arrays["probs"] = np.full((len(arrays["embed"]), 2), 0.5, np.float32)
    given: dict[str, Any] = {name: arrays[name] for name in inputs.options["evidence"]}
    labelled = {name: inputs[f"labelled_{name}"] for name in inputs.options.get("labelled", ())}
    if labelled:
        given["labelled"] = labelled
    if "labelled_labels" in inputs.arrays:
        given["labels"] = inputs["labelled_labels"]
    if "head_weight" in inputs.arrays:
        # A softmax over two classes has two rows of weights, each half of the one of a logistic regression.
        prior = 2.0 if len(inputs["head_bias"]) == 2 else 1.0
        given["head"] = querist.Head(inputs["head_weight"], inputs["head_bias"], prior=prior)
    if inputs.options.get("targets") == "pool":
        given["targets"] = {name: inputs[name] for name in inputs.options["evidence"]}
    return given


TASKS = {"query": _prepare}
