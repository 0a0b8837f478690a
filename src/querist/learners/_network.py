"""A trained network as evidence: blocks of one size through the module, and what enters its last linear layer.

This file imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from querist.errors import BadInput, LearnerFailed
from querist.learners._lesson import Reader
from querist.learners._training import Module, Tensor, call, moved, tensor_in
from querist.learners.protocol import Items
from querist.view import Head, Need

Forward = Callable[[Module, Any], Tensor]
"""Given the module and the inputs of a block, a tensor [B, …] (or several)."""


@dataclass(frozen=True, eq=False)
class Network:
    """A trained module, how it reads items, which of its layers is the last linear one (None: it has none).

    ``sound``: that layer makes the logits, so it is the head of the network. ``probable``: the module ends in
    probabilities, as skorch has it.
    """

    module: Module
    reader: Reader
    last: str | None = None
    sound: bool = False
    probable: bool = False
    size: int = 256
    notes: tuple[str, ...] = ()

    @property
    def device(self) -> Any:
        """The device of the weights."""
        return next(self.module.parameters()).device

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence that a forward pass and its head give."""
        known: frozenset[Need] = frozenset({"probs"} if self.last is None else {"probs", "embed"})
        return known | {"draws", "head"} if self.sound else known

    def run(self, items: Items, forward: Forward, *, size: int | None = None) -> tuple[NDArray[np.float32], ...]:
        """Apply a function to all items, block by block; gives its tensors as arrays [N, …].

        Every block has the same number of rows, filled up where it has to be: so a row's result does not depend on
        the rows beside it. A block that does not fit into a GPU's memory is halved. Raises LearnerFailed where
        something is not finite.
        """
        return self.apply(self.reader.read(items), forward, size=size)

    def apply(self, known: Any, forward: Forward, *, size: int | None = None) -> tuple[NDArray[np.float32], ...]:
        """Apply a function to items that were read already."""
        at_once = size or self.size
        while True:
            try:
                return self._blocks(known, forward, at_once)
            except torch.OutOfMemoryError as error:
                if at_once == 1:
                    raise LearnerFailed(
                        f"a prediction does not fit into the memory of {self.device}: {error}"
                    ) from None
            at_once //= 2

    def _blocks(self, known: Any, forward: Forward, size: int) -> tuple[NDArray[np.float32], ...]:
        out = []
        with torch.inference_mode():
            for rows, inputs in self.reader.blocks(known, size):
                made = forward(self.module, moved(inputs, self.device))
                parts = made if isinstance(made, tuple) else (made,)
                out.append((rows, [part[: len(rows)].float().cpu().numpy() for part in parts]))
        order = np.argsort(np.concatenate([rows for rows, _ in out]), kind="stable")
        found = (np.concatenate([parts[at] for _, parts in out])[order] for at in range(len(out[0][1])))
        return tuple(_finite(part, self.module) for part in found)

    def outputs(self, items: Items) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Compute logits [N, C] and embeddings [N, D] (None without a linear layer)."""
        found = self.run(items, self.forward)
        return found[0], found[1] if len(found) > 1 else None

    def logits(self, items: Items) -> NDArray[np.float32]:
        """Compute logits, [N, C]."""
        return self.run(items, lambda module, inputs: self.forward(module, inputs)[0])[0]

    def forward(self, module: Module, inputs: Any) -> tuple[Tensor, ...]:
        """Compute logits [B, C] and, where there is a linear layer, embeddings [B, D] of a block."""
        made, seen = watched(module, inputs)
        return (self.as_logits(made), *(_flat(part) for part in seen[-1:]))

    def as_logits(self, made: Any) -> Tensor:
        """Give the logits in what a module makes."""
        return log_probs(tensor_in(made)) if self.probable else tensor_in(made)

    @cached_property
    def head(self) -> Head:
        """The last linear layer, weights [C, D] and intercepts [C]."""
        layer = self.module.get_submodule(self.last)
        weight = layer.weight.detach().double().cpu().numpy()
        bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().double().cpu().numpy()
        return Head(weight, bias)


_SEEN: ContextVar[list[Tensor] | None] = ContextVar("what entered the last linear layer", default=None)


def _note(_: Module, inputs: tuple[Tensor, ...]) -> None:
    """Keep what enters the last linear layer, if this thread asks for it."""
    seen = _SEEN.get()
    if seen is not None:
        seen.append(inputs[0])


def watched(module: Module, inputs: Any) -> tuple[Any, list[Tensor]]:
    """Apply a module, and give beside its output what entered its last linear layer, call by call."""
    seen: list[Tensor] = []
    token = _SEEN.set(seen)
    try:
        return call(module, inputs), seen
    finally:
        _SEEN.reset(token)


def watch(module: Module, name: str | None) -> None:
    """Have a layer tell what enters it, from now on."""
    if name is not None:
        module.get_submodule(name).register_forward_pre_hook(_note)


def last_linear(module: Module, inputs: Any) -> str | None:
    """Name the linear layer that a pass goes through last; None where it goes through none."""
    passed: list[str] = []
    layers = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, torch.nn.Linear)]
    hooks = [layer.register_forward_pre_hook(lambda _, __, name=name: passed.append(name)) for name, layer in layers]
    try:
        with torch.no_grad():
            call(module, inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return passed[-1] if passed else None


def probe(module: Module, inputs: Any, *, shape: object, classes: int, probable: bool = False) -> None:
    """Pass a few items through a module before it is trained: it must take them, and give C numbers for each.

    Raises BadInput. Lazy layers get their weights here: call it within ``own_generator``.
    """
    module.eval()
    try:
        with torch.no_grad():
            made = tensor_in(call(module, inputs))
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, BadInput | torch.OutOfMemoryError):
            raise
        said = " ".join(str(error).split())[:200]
        raise BadInput(
            f"the module {type(module).__name__} cannot take items of shape {shape}: {said}; give shape= as the module "
            "expects a single item, or another module"
        ) from error
    if made.ndim != 2 or made.shape[1] != classes:
        raise BadInput(
            f"the module {type(module).__name__} must give {classes} numbers for each item, one for each class: got "
            f"{tuple(made.shape[1:])}; mend its last layer"
        )
    if not probable:
        check_logits(module, made)


def check_logits(module: Module, made: Tensor) -> None:
    """Raise BadInput where a module ends in probabilities: the loss would take their softmax once more."""
    if made.min() >= 0 and torch.allclose(made.sum(dim=1), torch.ones(len(made), device=made.device), atol=1e-5):
        raise BadInput(
            f"the module {type(module).__name__} gives probabilities: leave its last softmax away, the loss expects "
            "logits"
        )


def network_of(
    module: Module, reader: Reader, known: Any, *, probable: bool = False, notes: tuple[str, ...] = ()
) -> Network:
    """Find the last linear layer of a trained module, and whether it is the head, on a first block of items."""
    module.eval()
    bare = Network(module, reader, probable=probable, notes=notes)
    _, inputs = next(iter(reader.blocks(known, 8)))
    inputs = moved(inputs, bare.device)
    last = last_linear(module, inputs)
    watch(module, last)
    if last is None:
        return bare
    layer = module.get_submodule(last)
    with torch.no_grad():
        made, seen = watched(module, inputs)
        again = layer(seen[-1])
        found = bare.as_logits(made)
    return replace(bare, last=last, sound=_are_same(again, found))


def _are_same(logits: Tensor, others: Tensor) -> bool:
    """Say whether logits mean the same probabilities."""
    first, second = torch.log_softmax(logits.float(), -1), torch.log_softmax(others.float(), -1)
    return first.shape == second.shape and bool(torch.allclose(first, second, atol=1e-3))


def log_probs(probs: Tensor) -> Tensor:
    """Take logarithms of probabilities; 0 counts as the smallest number that is one."""
    return probs.float().clamp_min(torch.finfo(torch.float32).tiny).log()


def _flat(embed: Tensor) -> Tensor:
    """Average over the middle axes, tokens for instance, [B, D]."""
    return embed if embed.ndim == 2 else embed.flatten(1, -2).mean(dim=1)


def _finite(values: NDArray[np.float32], module: Module) -> NDArray[np.float32]:
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=tuple(range(1, values.ndim))))
    if len(wrong):
        raise LearnerFailed(
            f"the module {type(module).__name__} gives NaN or infinity on row {wrong[0]}: scale the inputs, or train "
            "at a lower rate"
        )
    return values
