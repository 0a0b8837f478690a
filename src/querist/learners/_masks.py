"""Dropout with masks that stay: found and replaced while a module runs, whoever wrote it.

This file imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from querist.errors import BadInput
from querist.learners._lesson import Lesson
from querist.learners._network import Network
from querist.learners._training import Module, Tensor, call, moved
from querist.learners.protocol import Items

ROWS = 4096
"""Rows of K copies that go through the layers behind the first dropout at once."""

_CHANNELS = (functional.dropout1d, functional.dropout2d, functional.dropout3d)
_KINDS = (functional.dropout, *_CHANNELS)


class _Intercept(TorchFunctionMode):  # type: ignore[misc]  # PyTorch's types are not known here
    """Pass every call of dropout in a block on to a function, with its place in the order of calls and its rate."""

    def __init__(self, instead: Callable[[int, Any, Tensor, float], Tensor]) -> None:
        super().__init__()
        self.instead, self.calls = instead, 0

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if function not in _KINDS:
            return function(*args, **given)
        values = args[0] if args else given["input"]
        rate = float(args[1] if len(args) > 1 else given.get("p", 0.5))
        self.calls += 1
        return self.instead(self.calls - 1, function, values, rate)


@dataclass(frozen=True, eq=False)
class Masks:
    """For each call of dropout in a pass, K masks [K, …] of the units that stay, scaled by 1/(1 − rate).

    ``together``: all K copies of a block go through what follows the first dropout as one larger block. A module that
    cannot do that (one that adds what dropout left to what came before it) is passed through K times.
    """

    masks: tuple[Tensor, ...]
    together: bool

    @property
    def count(self) -> int:
        """The number of draws, K."""
        return len(self.masks[0])

    def logits(self, network: Network, items: Items) -> NDArray[np.float32]:
        """Compute the logits of the K thinned networks, [N, K, C]."""
        size = max(1, ROWS // self.count) if self.together else None
        return network.run(items, lambda module, inputs: network.as_logits(self.of_block(module, inputs)), size=size)[0]

    def of_block(self, module: Module, inputs: Any) -> Tensor:
        """Compute what the K thinned networks make of a block, [B, K, …]."""
        return (self._as_one if self.together else self._one_by_one)(module, inputs)

    def _as_one(self, module: Module, inputs: Any) -> Tensor:
        def instead(at: int, _: Any, values: Tensor, __: float) -> Tensor:
            rows = values if at == 0 else values.unflatten(0, (self.count, -1))
            return (rows * self.masks[at].unsqueeze(1)).flatten(0, 1)

        with _Intercept(instead):
            made = _raw(call(module, inputs))
        return made.unflatten(0, (self.count, -1)).transpose(0, 1)

    def _one_by_one(self, module: Module, inputs: Any) -> Tensor:
        def of(draw: int) -> Callable[[int, Any, Tensor, float], Tensor]:
            return lambda at, _, values, __: values * self.masks[at][draw]

        made = []
        for draw in range(self.count):
            with _Intercept(of(draw)):
                made.append(_raw(call(module, inputs)))
        return torch.stack(made, dim=1)

    def agree(self, network: Network, lesson: Lesson) -> bool:
        """Say whether both ways give the same on a block of items, so that the quicker one may be taken."""
        few = replace(self, masks=tuple(mask[:3] for mask in self.masks))
        _, inputs = next(iter(lesson.reader.blocks(lesson.known, 8)))
        inputs = moved(inputs, network.device)
        with torch.inference_mode():
            slow = few._one_by_one(network.module, inputs)
            try:
                quick = few._as_one(network.module, inputs)
            except (RuntimeError, ValueError, IndexError):  # shapes that do not go together any more
                return False
        return quick.shape == slow.shape and bool(torch.allclose(quick, slow, rtol=1e-4, atol=1e-4))


def masks_of(network: Network, lesson: Lesson, count: int, *, rate: float | None, entropy: tuple[int, ...]) -> Masks:
    """Draw K masks for every call of dropout in a network; raises BadInput where there is none."""
    generator = torch.Generator().manual_seed(int(np.random.default_rng(entropy).integers(2**63)))
    found: list[Tensor] = []

    def instead(_: int, kind: Any, values: Tensor, own: float) -> Tensor:
        share = own if rate is None else rate
        kept = torch.rand((count, *_units(kind, values)), generator=generator) >= share
        found.append((kept / (1.0 - share) if share < 1 else kept.float()).to(network.device, values.dtype))
        return values

    _, inputs = next(iter(lesson.reader.blocks(lesson.known, 8)))
    with torch.inference_mode(), _Intercept(instead):
        call(network.module, moved(inputs, network.device))
    if not found:
        raise BadInput(
            f"the module {type(network.module).__name__} has no dropout: put a torch.nn.Dropout before its last layer, "
            "or choose ensemble, laplace or bnn"
        )
    masks = Masks(tuple(found), together=True)
    return replace(masks, together=masks.agree(network, lesson))


def _units(kind: Any, values: Tensor) -> tuple[int, ...]:
    """Give the shape of a mask: whole channels for dropout1d, 2d, 3d; one mask along the tokens of [B, T, D]."""
    shape = tuple(values.shape[1:])
    if kind in _CHANNELS:
        return (shape[0], *(1 for _ in shape[1:]))
    return (1, shape[1]) if len(shape) == 2 else shape


def _raw(made: Any) -> Tensor:
    return getattr(made, "logits", made)
