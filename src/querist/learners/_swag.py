"""SWAG: a normal posterior over all weights of a network, from the path of stochastic gradients.

This file imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call

from querist.errors import LearnerFailed
from querist.learners._build import taught
from querist.learners._lesson import Lesson
from querist.learners._network import Network, network_of
from querist.learners._settings import Epoch, Settings
from querist.learners._training import Module, Tensor, call, moved
from querist.learners.protocol import Items

if TYPE_CHECKING:
    from querist.learners.bnn import Bnn

BATCH = 32
APART = 10
"""Batches between two snapshots at least: of few labels an epoch is one batch, which hardly moves."""


@dataclass(frozen=True, eq=False)
class Path:
    """Where the walk went: the mean of the weights [P], the variance of each [P], deviations [R, P]."""

    mean: Tensor
    variance: Tensor
    deviations: Tensor

    def weights(self, seed: int) -> Tensor:
        """Draw weights [P]: mean + √(variance / 2) · z₁ + deviationsᵀ · z₂ / √(2 (R − 1))."""
        generator = torch.Generator().manual_seed(seed)
        rank = len(self.deviations)
        noise = torch.randn(len(self.mean), generator=generator).to(self.mean)
        along = torch.randn(rank, generator=generator).to(self.mean)
        drawn = self.mean + (self.variance / 2).sqrt() * noise
        return drawn + along @ self.deviations / np.sqrt(2.0 * (rank - 1))


def walked(network: Network, lesson: Lesson, bnn: Bnn, rng: np.random.Generator) -> Path:
    """Walk on from a trained network, on all labels; raises LearnerFailed where the loss is no number any more."""
    module = _unwatched(network.module)
    batches = -(-len(lesson.codes) // BATCH)
    every = -(-APART // batches)
    seen: list[Tensor] = []

    def note(epoch: Epoch) -> None:
        if epoch.number % every == 0:
            seen.append(_flat(module))

    settings = Settings(
        epochs=every * bnn.snapshots, rate=bnn.rate, decay=bnn.decay, batch=BATCH, optimiser="sgd", held_out=0.0,
        device=str(network.device), progress=note,
    )  # fmt: skip
    taught(module, lesson, settings, rng)
    path = _path(torch.stack(seen))
    if not bool(torch.isfinite(path.mean).all()):
        raise LearnerFailed(f"bnn: the walk ran away to weights that are not finite: lower rate (now {bnn.rate:g})")
    return path


def _path(seen: Tensor) -> Path:
    """Sum up snapshots [R, P]; deviations are from the running mean, as published."""
    running = torch.cumsum(seen, dim=0) / torch.arange(1, len(seen) + 1, device=seen.device)[:, None]
    mean = seen.mean(dim=0)
    variance = (seen.square().mean(dim=0) - mean.square()).clamp_min(0.0)
    return Path(mean, variance, seen - running)


@dataclass(frozen=True, eq=False)
class Posterior:
    """K draws of all weights: each from a seed of its own, made when needed, so that one at a time is in memory.

    ``buffers`` are those of the module for each draw; ``centre`` is the network at the mean weights.
    """

    centre: Network
    path: Path
    seeds: tuple[int, ...]
    buffers: tuple[dict[str, Tensor], ...]

    def logits(self, _: Network, items: Items) -> NDArray[np.float32]:
        """Compute what each draw makes of the items, [N, K, C]."""
        known, network = self.centre.reader.read(items), self.centre
        found = []
        for seed, buffers in zip(self.seeds, self.buffers, strict=True):
            state = {**_named(network.module, self.path.weights(seed)), **buffers}

            def forward(module: Module, inputs: Any, state: dict[str, Tensor] = state) -> Tensor:
                return network.as_logits(_called(module, state, inputs))

            found.append(network.apply(known, forward)[0])
        return np.stack(found, axis=1)


def posterior_of(network: Network, lesson: Lesson, path: Path, count: int, *, entropy: tuple[int, ...]) -> Posterior:
    """Fix K draws along a path: their seeds, and what their layers measure of the labelled items."""
    seeds = tuple(np.random.default_rng(entropy).integers(2**63, size=count).tolist())
    module = _unwatched(network.module)
    buffers = tuple(_measured(module, path.weights(seed), lesson) for seed in seeds)
    _put(module, path.mean)
    module.load_state_dict(_measured(module, path.mean, lesson), strict=False)
    centre = network_of(module, network.reader, lesson.known, probable=network.probable, notes=network.notes)
    return Posterior(centre, path, seeds, buffers)


def _measured(module: Module, weights: Tensor, lesson: Lesson) -> dict[str, Tensor]:
    """Give the buffers of a module with other weights: running statistics of the labelled items under these weights."""
    norms = list(_norms(module))
    if not norms:
        return {}
    trial = deepcopy(module)
    _put(trial, weights)
    for norm in _norms(trial):
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over the batches
        norm.train()
    with torch.no_grad():
        for rows in np.array_split(np.arange(len(lesson.codes)), -(-len(lesson.codes) // BATCH)):
            call(trial, moved(lesson.batch(rows)[0], weights.device))
    return {name: buffer.clone() for name, buffer in trial.named_buffers()}


def _norms(module: Module) -> Iterator[Module]:
    for layer in module.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) and layer.track_running_stats:
            yield layer


def _unwatched(module: Module) -> Module:
    """Copy a module; what hangs on its last layer goes along, and is taken off."""
    made = deepcopy(module)
    for layer in made.modules():
        layer._forward_pre_hooks.clear()
    return made


def _weights(module: Module) -> list[tuple[str, Tensor]]:
    """List the weights that are trained."""
    return [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]


def _flat(module: Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for _, weight in _weights(module)])


def _named(module: Module, flat: Tensor) -> dict[str, Tensor]:
    """Cut a weight vector into the module's weights, by name."""
    weights = _weights(module)
    parts = flat.split([weight.numel() for _, weight in weights])
    return {name: part.view_as(weight) for (name, weight), part in zip(weights, parts, strict=True)}


def _put(module: Module, flat: Tensor) -> None:
    module.load_state_dict(_named(module, flat), strict=False)


def _called(module: Module, state: dict[str, Tensor], inputs: Any) -> Any:
    named = isinstance(inputs, dict)
    return functional_call(module, state, () if named else (inputs,), inputs if named else None)
