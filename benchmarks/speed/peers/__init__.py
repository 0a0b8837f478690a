"""One file per package: what it calls the same job, and how it likes its input.

Each has ``TASKS``: by the name of a job, a function from ``Inputs`` to a call without arguments that gives the rows
chosen. What that function does, converting arrays or fitting a model, is not timed; the call is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

Call = Callable[[], Sequence[int]]


@dataclass(frozen=True, eq=False)
class Inputs:
    """What every package gets: arrays by name, how many to choose, the seed, and the options of the row."""

    arrays: Mapping[str, np.ndarray]
    n: int
    seed: int
    options: Mapping[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def tasks_of(peer: str) -> Mapping[str, Callable[[Inputs], Call]]:
    """Give the jobs that a package can do."""
    return import_module(f"speed.peers.{peer}").TASKS


def highest(scores: np.ndarray, n: int) -> np.ndarray:
    """Give the n rows of highest score, best first: what a careful user writes after a scoring function."""
    rows = np.argpartition(scores, -n)[-n:]
    return rows[np.argsort(-scores[rows], kind="stable")]


class Fixed:
    """Stand in for a fitted classifier: probabilities that were computed before."""

    def __init__(self, probs: np.ndarray) -> None:
        self.probs = probs

    def predict_proba(self, *_: Any, **__: Any) -> np.ndarray:
        """Give them."""
        return self.probs
