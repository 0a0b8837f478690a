"""Train a network on few labels: the loop, and nothing of tasks or items.

This file imports PyTorch, so it is imported inside the functions that train.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.errors import BadInput, LearnerFailed
from querist.learners._settings import FEWEST_HELD, Epoch, Settings

Module: TypeAlias = Any
"""A ``torch.nn.Module``; PyTorch is an extra, so its types are not known here."""
Tensor: TypeAlias = Any
Loss: TypeAlias = Callable[[Any, Any], Tensor]
"""Given what the module makes of a batch and the targets, the mean loss of its items, a scalar tensor."""

MOMENTUM = 0.9
SMALL = 200_000
"""Weights up to which a network without convolutions is trained on one thread."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What is trained on: how many, how to get the inputs and targets of some rows, on the CPU, and their classes.

    ``batch`` gives tensors, or tuples, lists and mappings of them; inputs that are a mapping are passed to the module
    by name. ``strata`` int64 [L], where given, is what the held-out share is balanced by.
    """

    count: int
    batch: Callable[[Rows], tuple[Any, Any]]
    strata: NDArray[np.int64] | None = None


class Trained(NamedTuple):
    """The module, trained, in evaluation mode, on its device; the epoch its weights are from; what there is to say."""

    module: Module
    epoch: int
    notes: tuple[str, ...]


def train(module: Module, examples: Examples, *, loss: Loss, settings: Settings, rng: np.random.Generator) -> Trained:
    """Train a module in place; on the CPU the same generator gives the same weights, bit for bit.

    A stratified share of the examples is held out (none where that makes fewer than ``fewest_held``): the weights of
    the epoch with the least loss on it are kept, and ``patience`` epochs without a better one end the training. Without
    it the last epoch counts. On a GPU arithmetic is mixed where it has bfloat16; a batch that does not fit into its
    memory is computed in halves, with the same gradient, and the result's ``notes`` say so. PyTorch's global generator
    is put back as it was. Cost: epochs · L passes forward and back.
    Raises LearnerFailed for a loss that is not finite, BadInput for a module without parameters.
    """
    check_parameters(module)
    device = device_of(settings.device)
    learn, held = split(examples, settings.held_out, rng, fewest=settings.fewest_held)
    with own_generator(rng, device), threads_for(module):
        run = _Run(module.to(device), examples, loss, settings, device)
        best = _train(run, learn, held, rng)
    module.eval()
    return Trained(module, best, run.notes)


def _train(run: _Run, learn: Rows, held: Rows, rng: np.random.Generator) -> int:
    """Run the epochs, and leave the module with the best weights; gives their epoch."""
    best, least, kept, number = 0, np.inf, None, 0
    for number in range(1, run.settings.epochs + 1):
        found = Epoch(number, run.epoch(rng.permutation(learn), number), run.measure(held))
        if run.settings.progress is not None:
            run.settings.progress(found)
        if found.held_out is None:
            continue
        if found.held_out < least:
            best, least, kept = number, found.held_out, copy_of(run.module)
        elif number - best >= run.settings.patience:
            break
    if kept is None:
        return number
    run.module.load_state_dict(kept)
    return best


class _Run:
    """One training: the optimiser's state, and how many rows are computed at once."""

    def __init__(self, module: Module, examples: Examples, loss: Loss, settings: Settings, device: Any) -> None:
        self.module, self.examples, self.loss = module, examples, loss
        self.settings, self.device = settings, device
        self.optimiser = optimiser_of(module, settings)
        self.at_once = settings.batch
        self.notes: tuple[str, ...] = ()

    def epoch(self, order: Rows, number: int) -> float:
        """Take one pass over the rows in their order; gives the mean loss."""
        self.module.train()
        total = torch.zeros((), device=self.device)
        # batches of nearly one size: a last batch of a single row would have no variance for BatchNorm to divide by
        for rows in np.array_split(order, -(-len(order) // self.settings.batch)):
            self.optimiser.zero_grad(set_to_none=True)
            total += len(rows) * self._whole(rows, self._backward)
            self.optimiser.step()
        value = float(total) / len(order)
        if not np.isfinite(value):
            raise LearnerFailed(
                f"the loss became {value} in epoch {number}: lower rate (now {self.settings.rate:g}), scale the "
                "inputs, or look for a division by zero in the module"
            )
        return value

    def measure(self, rows: Rows) -> float | None:
        """Give the mean loss on held-out rows, None where there are none; NaN counts as infinite."""
        if not len(rows):
            return None
        self.module.eval()
        with torch.no_grad():
            parts = np.array_split(rows, -(-len(rows) // self.settings.batch))
            total = sum(len(part) * float(self._whole(part, self._value)) for part in parts)
        value = total / len(rows)
        return value if np.isfinite(value) else np.inf

    def _whole(self, rows: Rows, compute: Callable[[Rows, float], Tensor]) -> Tensor:
        """Compute a batch, in as many parts as the memory asks for."""
        while True:
            try:
                parts = np.array_split(rows, -(-len(rows) // self.at_once))
                return sum(
                    (compute(part, len(part) / len(rows)) for part in parts), torch.zeros((), device=self.device)
                )
            except torch.OutOfMemoryError as error:
                if self.at_once == 1:
                    raise LearnerFailed(
                        f"one item alone does not fit into the memory of {self.device}: {error}"
                    ) from None
            # after the handler, whose traceback still holds the tensors
            self._halve(len(rows))

    def _halve(self, rows: int) -> None:
        self.at_once = max(1, min(self.at_once, rows) // 2)
        self.optimiser.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notes = (
            f"out of memory on {self.device}: batches of {self.settings.batch} were computed {self.at_once} at a time",
        )

    def _value(self, rows: Rows, share: float) -> Tensor:
        inputs, targets = self.examples.batch(rows)
        with _precision(self.device, self.settings.mixed):
            outputs = call(self.module, moved(inputs, self.device))
        return share * self.loss(outputs, moved(targets, self.device))

    def _backward(self, rows: Rows, share: float) -> Tensor:
        value = self._value(rows, share)
        value.backward()
        return value.detach()


def split(
    examples: Examples, share: float, rng: np.random.Generator, *, fewest: int = FEWEST_HELD
) -> tuple[Rows, Rows]:
    """Divide rows into those to learn from and those held out, stratified; the only example of a class is never held.

    >>> examples = Examples(120, lambda rows: (rows, rows), np.repeat([0, 1, 2], [78, 41, 1]))
    >>> learn, held = split(examples, 0.2, np.random.default_rng(0))
    >>> np.bincount(examples.strata[held]).tolist(), len(learn)
    ([15, 8], 97)
    """
    order = rng.permutation(examples.count)
    if examples.strata is not None:
        order = order[np.argsort(examples.strata[order], kind="stable")]
        codes = examples.strata[order]
        order = order[np.isin(codes, np.flatnonzero(np.bincount(codes) > 1))]
    steps = np.floor(np.arange(len(order) + 1) * share)
    held = order[np.diff(steps) > 0]
    if len(held) < fewest:
        held = held[:0]
    return np.setdiff1d(np.arange(examples.count), held), np.sort(held)


def call(module: Module, inputs: Any) -> Any:
    """Apply a module to a batch: to a mapping by name, else to the one tensor (or whatever it takes)."""
    return module(**inputs) if isinstance(inputs, Mapping) else module(inputs)


def tensor_in(made: Any) -> Tensor:
    """Give the tensor in what a module makes: itself, or what it calls logits. Raises BadInput."""
    found = getattr(made, "logits", made)
    if not isinstance(found, torch.Tensor):
        raise BadInput(f"a module must give one tensor, or an object with logits: got {type(made).__name__}")
    return found


def moved(thing: Any, device: Any) -> Any:
    """Give tensors, and lists, tuples and mappings of them, on a device."""
    if isinstance(thing, Mapping):
        return {name: moved(value, device) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)([moved(value, device) for value in thing])
    return thing.to(device) if hasattr(thing, "to") else thing


def optimiser_of(module: Module, settings: Settings) -> Any:
    """Make the optimiser that the settings name, over the weights that are not frozen."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    if settings.optimiser == "adam":
        return torch.optim.AdamW(weights, lr=settings.rate, weight_decay=settings.decay)
    return torch.optim.SGD(weights, lr=settings.rate, momentum=MOMENTUM, weight_decay=settings.decay)


def copy_of(module: Module) -> dict[str, Tensor]:
    """Copy the weights and buffers of a module."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def check_parameters(module: Module) -> None:
    """Raise BadInput for a module in which nothing can be trained."""
    if not any(weight.requires_grad for weight in module.parameters()):
        raise BadInput(
            f"the module {type(module).__name__} has no parameters to train: give a network with layers such as "
            "torch.nn.Linear, and leave some of them unfrozen (requires_grad)"
        )


def device_of(name: str | None) -> Any:
    """Give the device of a name; None takes the GPU where there is one. Raises BadInput."""
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadInput(f"device must be 'cpu', 'cuda' or 'cuda:1' and the like: got {name!r}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadInput(f"there is no GPU that PyTorch can use here: got device={name!r}; leave it away, or take 'cpu'")
    return device


_ALONE = threading.RLock()


@contextmanager
def own_generator(rng: np.random.Generator, device: Any) -> Iterator[None]:
    """Seed PyTorch's generators from ours in a block, and put them back after it.

    Layers draw their weights and masks from the global generator only. One block at a time runs in a process, else two
    trainings in two threads would draw from each other's numbers.
    """
    seed = int(rng.integers(2**63))
    on_gpu = device.type == "cuda"
    with _ALONE, torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def threads_for(module: Module) -> Iterator[None]:
    """Train a small network on one thread, and leave the number of threads as it was.

    On less than 200,000 weights a second thread gains nothing, and where another program uses the core, waiting for it
    made a training ten times slower. It also makes the weights independent of the number of cores.
    """
    threads, weights = torch.get_num_threads(), list(module.parameters())
    flat = all(weight.ndim <= 2 for weight in weights)
    try:
        if flat and sum(weight.numel() for weight in weights) < SMALL:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(threads)


def _precision(device: Any, mixed: bool) -> AbstractContextManager[Any]:
    """Mix precisions on a GPU that has bfloat16, whose range needs no scaling of the loss; nowhere else."""
    if mixed and device.type == "cuda" and torch.cuda.is_bf16_supported():
        found: AbstractContextManager[Any] = torch.autocast("cuda", torch.bfloat16)
        return found
    return nullcontext()
