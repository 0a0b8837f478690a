"""How a network is trained: the numbers that a user may set, checked before PyTorch is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadInput

OPTIMISERS = ("adam", "sgd")
FEWEST_HELD = 20
"""Fewer examples than this are worth more in training than in saying when to stop: then none is held out. (A CNN on 60
digits of MNIST lost five points of accuracy to twelve that were held out; log loss gained.)"""


class Epoch(NamedTuple):
    """What an epoch showed: its number from 1, the mean loss in training and on the held-out share (None: no share)."""

    number: int
    loss: float
    held_out: float | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a network is trained.

    At most ``epochs`` passes in batches of ``batch`` with "adam" (AdamW) or "sgd" (momentum 0.9) at ``rate``;
    ``decay`` is that of the weights. A share ``held_out`` of the labels, where that makes ``fewest_held`` or more,
    decides when to stop, after ``patience`` epochs without a gain. ``mixed`` precision is for GPUs alone. ``device``
    None takes the GPU where there is one. ``progress`` is called after every epoch.

    >>> Settings(epochs=5).rate
    0.001
    """

    epochs: int = 200
    rate: float = 1e-3
    decay: float = 1e-4
    batch: int = 32
    optimiser: str = "adam"
    held_out: float = 0.2
    fewest_held: int = FEWEST_HELD
    patience: int = 20
    mixed: bool = True
    device: str | None = None
    progress: Callable[[Epoch], None] | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "patience", "fewest_held"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadInput(f"{name} must be a whole number, 1 or more: got {value!r}")
        if not (isinstance(self.rate, int | float) and 0 < self.rate < float("inf")):
            raise BadInput(f"rate must be a positive, finite number: got {self.rate!r}")
        if not (isinstance(self.decay, int | float) and 0 <= self.decay < float("inf")):
            raise BadInput(f"decay must be a finite number, 0 or more: got {self.decay!r}")
        if not (isinstance(self.held_out, int | float) and 0 <= self.held_out <= 0.5):
            raise BadInput(f"held_out must be a share from 0 to 0.5: got {self.held_out!r}")
        if self.optimiser not in OPTIMISERS:
            raise BadInput(f"optimiser must be one of {', '.join(OPTIMISERS)}: got {self.optimiser!r}")

    def for_parts_of(self, codes: NDArray[np.int64]) -> Self:
        """Give the settings that train a part of some labels as these train all: holding some out, or none.

        >>> Settings().for_parts_of(np.repeat([0, 1], [99, 1])).fewest_held  # the only label of a class is never held
        20
        """
        counts = np.bincount(codes)
        held = int(np.floor(counts[counts > 1].sum() * self.held_out))
        return replace(self, fewest_held=1) if held >= self.fewest_held else self
