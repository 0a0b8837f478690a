"""The shipped suite over the deep learners."""

from __future__ import annotations

import pytest

from querist.testing.learners import LearnerSuite

torch = pytest.importorskip("torch")
from querist.learners.torch import Torch  # noqa: E402

pytestmark = pytest.mark.torch


def with_norm():
    """Make a network whose prediction would depend on the rows beside a row, if BatchNorm were left in training."""
    layers = [torch.nn.LazyLinear(16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Linear(16, 16)]
    return torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.LazyLinear(3))


class TestTorch(LearnerSuite):
    learner = "torch(epochs=40, rate=0.01, draws=8)"


