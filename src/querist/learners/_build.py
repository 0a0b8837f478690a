"""From a lesson to a trained network.

This file imports PyTorch, so it is imported inside the functions that train.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from querist.errors import BadInput, LearnerFailed
from querist.learners._lesson import Lesson
from querist.learners._nets import fresh, renew
from querist.learners._network import Network, network_of, probe
from querist.learners._settings import Settings
from querist.learners._training import (
    Examples,
    Loss,
    Module,
    Tensor,
    Trained,
    device_of,
    own_generator,
    tensor_in,
    train,
)
from querist.learners.protocol import Predictor

if TYPE_CHECKING:
    from querist.learners.torch import Torch


def trained(base: Torch, lesson: Lesson, rng: np.random.Generator, *, start: Module | None, anew: bool) -> Network:
    """Train the network of a learner on a lesson; ``start``: whose weights to begin with, ``anew``: with new ones."""
    if is_skorch(base.module):
        return _by_skorch(base, lesson, rng)
    module = begun(base, lesson, rng, anew=anew)
    if start is not None:
        take_over(module, start)
    done = taught(module, lesson, base, rng, balanced=base.balanced)
    return network_of(done.module, lesson.reader, lesson.known, notes=done.notes)


def begun(base: Torch, lesson: Lesson, rng: np.random.Generator, *, anew: bool) -> Module:
    """Give the learner's module with its initial weights, tried on two items; raises BadInput."""
    shape, classes = getattr(lesson.reader, "shape", ()), len(lesson.counts)
    with own_generator(rng, device_of("cpu")):
        module = fresh(base.module, shape, classes)
        probe(module, lesson.reader.inputs(lesson.known, np.arange(2)), shape=shape, classes=classes)
        return renew(module) if anew and isinstance(base.module, torch.nn.Module) else module


def restored(base: Torch, lesson: Lesson, state: Mapping[str, Any]) -> Network:
    """Make a network of weights that were trained in another process."""
    if is_skorch(base.module):
        raise BadInput("a skorch net trains in this process only: leave processes away")
    module = begun(base, lesson, np.random.default_rng(0), anew=False)
    made = with_state(module, state).to(device_of(base.device))
    return network_of(made, lesson.reader, lesson.known)


def taught(
    module: Module, lesson: Lesson, settings: Settings, rng: np.random.Generator, *, balanced: bool = False
) -> Trained:
    """Train a module on a lesson by its log loss."""
    examples = Examples(len(lesson.codes), lesson.batch, lesson.codes)
    weight = class_weights(lesson) if balanced else None
    return train(module, examples, loss=log_loss(weight), settings=settings, rng=rng)


def class_weights(lesson: Lesson) -> Tensor:
    """Weigh each class by 1/labels, so that the mean over the labels is 1; [C]."""
    seen = np.maximum(lesson.counts, 1)
    return torch.from_numpy((len(lesson.codes) / (np.count_nonzero(lesson.counts) * seen)).astype(np.float32))


def log_loss(weight: Tensor | None = None) -> Loss:
    """Give the log loss of logits, the mean over the batch of each item's times the weight of its class."""

    def loss(outputs: Any, codes: Tensor) -> Tensor:
        # not PyTorch's weighted mean: that divides by the batch's weights, which depend on how it is cut
        each = torch.nn.functional.cross_entropy(tensor_in(outputs).float(), codes, reduction="none")
        return (each if weight is None else each * weight.to(codes.device)[codes]).mean()

    return loss


def take_over(module: Module, start: Module) -> None:
    """Begin with the weights of an earlier module, if it is of the same form."""
    state = start.state_dict()
    own = module.state_dict()
    if own.keys() == state.keys() and all(own[name].shape == state[name].shape for name in own):
        module.load_state_dict(state)


def start_of(warm: Predictor | None) -> Module | None:
    """Give the module of an earlier predictor, if it has one."""
    return getattr(getattr(warm, "network", None), "module", None)


def state_of(module: Module) -> dict[str, Any]:
    """Give weights and buffers as NumPy arrays, to be sent to another process."""
    return {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}


def with_state(module: Module, state: Mapping[str, Any]) -> Module:
    """Copy a module, with other weights and buffers."""
    made = deepcopy(module)
    made.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    return made


def is_skorch(source: Any) -> bool:
    """Say whether a source of modules is a skorch net."""
    return hasattr(source, "initialize") and hasattr(source, "criterion") and hasattr(source, "get_params")


def _by_skorch(base: Torch, lesson: Lesson, rng: np.random.Generator) -> Network:
    """Train a copy of a skorch net as it trains itself, from the initial weights of its module."""
    from sklearn.base import clone

    net = clone(base.module).set_params(verbose=0)
    probable = _ends_in_probabilities(net)
    inputs, codes = lesson.batch(np.arange(len(lesson.codes)))
    with own_generator(rng, device_of(None if str(net.device).startswith("cuda") else "cpu")):
        net.initialize()
        shape = getattr(lesson.reader, "shape", ())
        probe(net.module_, inputs[:2].to(net.device), shape=shape, classes=len(lesson.counts), probable=probable)
        try:
            net.fit(inputs.numpy(), codes.numpy())
        except (RuntimeError, ValueError) as error:
            raise LearnerFailed(f"the skorch net failed on {len(codes)} labels: {error}") from error
    return network_of(net.module_, lesson.reader, lesson.known, probable=probable)


def _ends_in_probabilities(net: Any) -> bool:
    """Say what the module of a skorch net gives: probabilities for NLLLoss, logits for CrossEntropyLoss."""
    kind = net.criterion if isinstance(net.criterion, type) else type(net.criterion)
    if issubclass(kind, torch.nn.NLLLoss | torch.nn.CrossEntropyLoss):
        return issubclass(kind, torch.nn.NLLLoss)
    raise BadInput(
        f"a skorch net must learn by torch.nn.CrossEntropyLoss (logits) or torch.nn.NLLLoss (probabilities): got "
        f"{kind.__name__}"
    )
