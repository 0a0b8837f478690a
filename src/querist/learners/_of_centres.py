"""What the learners of centres share, detector and picker: how long they train, how many opinions they give."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadInput
from querist.view import Evidence, Need, Ragged

RATE = 0.2
"""The share of features that each draw leaves away."""


@dataclass(frozen=True, kw_only=True)
class OfCentres:
    """A learner that trains networks of centres: steps, batches, rate, members, draws. Raises BadInput."""

    epochs: int
    steps: int = 300
    batch: int = 8
    rate: float = 2e-3
    held_out: float
    members: int = 1
    draws: int = 0
    warm_start: bool = False
    device: str | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__.lower()
        for what, lowest in (("epochs", 1), ("steps", 1), ("batch", 1), ("members", 1), ("draws", 0)):
            value = getattr(self, what)
            if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
                raise BadInput(f"{name}: {what} must be a whole number, {lowest} or more: got {value!r}")
        if not isinstance(self.rate, int | float) or not 0 < self.rate < float("inf"):
            raise BadInput(f"{name}: rate must be a positive, finite number: got {self.rate!r}")
        if not isinstance(self.held_out, int | float) or not 0 <= self.held_out <= 0.5:
            raise BadInput(f"{name}: held_out must be a share from 0 to 0.5: got {self.held_out!r}")
        self._check_own()

    def _check_own(self) -> None:
        """Check the fields that only this learner has."""

    def _begin(self, warm: Any) -> list[Any] | None:
        """Give the weights of the networks of an earlier predictor, where this learner goes on from them."""
        centres = getattr(warm, "centres", None) if self.warm_start else None
        return None if centres is None else [net.state_dict() for net in centres.nets]


def nothing_on(classes: int, rows: int, needs: Set[Need], embed: NDArray[np.float32]) -> Evidence:
    """Give the evidence of images on which nothing was found."""
    starts = np.zeros(rows + 1, np.int64)
    whole: dict[Need, Any] = {
        "elements": Ragged(np.empty((0, 1 + classes)), starts),
        "places": Ragged(np.empty((0, 4)), starts),
        "embed": embed,
        "cost": np.ones(rows),
    }
    return {name: value for name, value in whole.items() if name in needs}
