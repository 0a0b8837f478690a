"""Small networks to begin with, and a fresh one from whatever names a network.

This file imports PyTorch, so it is imported inside the functions that train.
"""

from __future__ import annotations

from copy import deepcopy
from inspect import signature
from math import prod
from typing import Any

from torch import nn

from querist.errors import BadInput
from querist.learners._training import Module

HIDDEN = 128


def mlp(shape: tuple[int, ...], classes: int) -> Module:
    """Make a perceptron of one hidden layer of 128, half of which dropout leaves away."""
    layers = [nn.Flatten(), nn.Linear(prod(shape), HIDDEN), nn.ReLU(), nn.Dropout(0.5), nn.Linear(HIDDEN, classes)]
    return nn.Sequential(*layers)


def cnn(shape: tuple[int, ...], classes: int) -> Module:
    """Make a network of two convolutions with pooling and a hidden layer of 128; dropout in the dense head only.

    ``shape`` is (channels, height, width), both sides 4 pixels or more. Raises BadInput for another one.
    """
    if len(shape) != 3 or min(shape[1:]) < 4:
        raise BadInput(
            f"cnn takes images of shape (channels, height, width), 4 pixels a side or more: got items of shape "
            f"{shape}; name it, for instance torch(module='cnn', shape=(1, 28, 28))"
        )
    wide = 64 * (shape[1] // 4) * (shape[2] // 4)
    return nn.Sequential(
        *(nn.Conv2d(shape[0], 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(wide, HIDDEN), nn.ReLU(), nn.Dropout(0.5), nn.Linear(HIDDEN, classes)),
    )


def fresh(source: Any, shape: tuple[int, ...], classes: int) -> Module:
    """Give a network with its initial weights: a built-in one by name, a copy of a module, or what a factory makes.

    A factory that has a parameter ``classes`` is told how many there are.
    New weights come from PyTorch's global generator: call it within ``own_generator``. Raises BadInput.
    """
    if isinstance(source, str):
        return {"cnn": cnn, "mlp": mlp}[source](shape, classes)
    if isinstance(source, nn.Module):
        return deepcopy(source)
    made = source(classes=classes) if "classes" in signature(source).parameters else source()
    if not isinstance(made, nn.Module):
        raise BadInput(f"the factory {source!r} must give a torch.nn.Module: got {type(made).__name__}")
    return made


def renew(module: Module) -> Module:
    """Draw the weights of a network anew, layer by layer, where the layers know how (all of PyTorch's own do)."""
    for layer in module.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return module
