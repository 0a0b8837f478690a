"""The shipped suite over the deep learners."""

from __future__ import annotations

import pytest

from querist.testing.learners import LearnerSuite

torch = pytest.importorskip("torch")
from querist.learners.torch import Torch  # noqa: E402


def with_norm(classes):
    """Make a network whose prediction would depend on the rows beside a row, if BatchNorm were left in training."""
    layers = [torch.nn.LazyLinear(16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Linear(16, 16)]
    return torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.LazyLinear(classes))


class TestTorch(LearnerSuite):
    learner = "torch(epochs=15, rate=0.02, draws=8)"


@pytest.mark.slow
class TestTorchWithBatchNorm(LearnerSuite):
    learner = Torch(with_norm, epochs=15, rate=0.02, draws=8)
    sparse = False


class TestDropout(LearnerSuite):
    learner = "dropout(base='torch(epochs=15, rate=0.02)', draws=8)"
    sparse = False


@pytest.mark.slow
class TestEnsemble(LearnerSuite):
    learner = "ensemble(base='torch(epochs=15, rate=0.02)', members=2)"
    sparse = False


@pytest.mark.slow
class TestLaplace(LearnerSuite):
    learner = "laplace(base='torch(epochs=30, rate=0.01)', draws=8)"
    sparse = False


class TestLaplaceOfLinear(LearnerSuite):
    learner = "laplace(base='linear', draws=8)"
    sparse = False
    tolerance = 1e-10


@pytest.mark.slow
class TestBnn(LearnerSuite):
    learner = "bnn(base='torch(epochs=15, rate=0.02)', draws=4, snapshots=4)"
    sparse = False
