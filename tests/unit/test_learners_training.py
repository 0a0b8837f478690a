"""The training loop: it repeats, stops, restores, says what is wrong, and leaves everybody else alone."""

from __future__ import annotations

import numpy as np
import pytest

from querist.errors import BadInput, LearnerFailed
from querist.learners._settings import Settings

torch = pytest.importorskip("torch")
training = pytest.importorskip("querist.learners._training")

cross_entropy = torch.nn.functional.cross_entropy
pytestmark = pytest.mark.torch


def clouds(count=120, *, noise=1.0):
    rng = np.random.default_rng(0)
    codes = np.arange(count) % 3
    inputs = torch.from_numpy((2.0 * np.eye(3)[codes] + noise * rng.normal(size=(count, 3))).astype(np.float32))
    targets = torch.from_numpy(codes)
    return training.Examples(count, lambda rows: (inputs[rows], targets[rows]), codes)


def small(*, dropout=0.3, norm=False):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        middle = [torch.nn.BatchNorm1d(16)] if norm else []
        return torch.nn.Sequential(
            torch.nn.Linear(3, 16), *middle, torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(16, 3)
        )


def fit(module, examples, *, seed=1, loss=cross_entropy, **settings):
    rng = np.random.default_rng(seed)
    return training.train(module, examples, loss=loss, settings=Settings(**settings), rng=rng)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_the_same_generator_gives_the_same_weights_to_the_bit():
    first, again, other = (fit(small(), clouds(), epochs=15, seed=s).module for s in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)


def test_the_generators_and_threads_of_others_stay_as_they_are():
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit(small(), clouds(), epochs=3)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_threads_are_put_back_after_a_failure_too():
    threads = torch.get_num_threads()
    with pytest.raises(LearnerFailed):
        fit(small(), clouds(), epochs=3, loss=lambda outputs, targets: outputs.sum() * float("nan"))
    assert torch.get_num_threads() == threads


def test_it_learns_with_either_optimiser():
    examples = clouds()
    inputs, targets = examples.batch(np.arange(120))
    for optimiser, rate in (("adam", 0.01), ("sgd", 0.05)):
        module = fit(small(), examples, epochs=40, optimiser=optimiser, rate=rate).module
        assert float((module(inputs).argmax(1) == targets).float().mean()) > 0.8


def test_the_weights_are_those_of_the_best_epoch_on_the_held_out_share():
    """On labels that are noise a network gets worse: the kept weights have the least held-out loss that was seen."""
    examples, seen = clouds(noise=6.0), []
    done = fit(small(dropout=0.0), examples, epochs=300, rate=0.03, patience=15, progress=seen.append)
    assert len(seen) == done.epoch + 15 < 300
    best = min(epoch.held_out for epoch in seen)
    assert seen[done.epoch - 1].held_out == best
    _, held = training.split(examples, 0.2, np.random.default_rng(1))
    inputs, targets = examples.batch(held)
    with torch.no_grad():
        assert float(cross_entropy(done.module(inputs), targets)) == pytest.approx(best, rel=1e-5)
    assert not done.module.training


def test_few_labels_are_all_learnt_from():
    seen = []
    assert fit(small(), clouds(30), epochs=7, progress=seen.append).epoch == 7
    assert [epoch.number for epoch in seen] == list(range(1, 8))
    assert {epoch.held_out for epoch in seen} == {None}


def test_a_batch_never_has_a_single_row():
    """BatchNorm refuses a batch of one row in training: 33 rows in batches of 32 would leave one."""
    assert fit(small(norm=True), clouds(33), epochs=2).epoch == 2


def test_a_loss_that_is_not_finite_is_named():
    def loss(outputs, targets):
        return cross_entropy(outputs, targets) / (outputs.sum() * 0.0)

    with pytest.raises(LearnerFailed, match=r"the loss became (nan|inf) in epoch 1: lower rate \(now 0\.001\), scale"):
        fit(small(), clouds(), loss=loss)


def test_a_module_without_parameters_is_named():
    with pytest.raises(BadInput, match="the module Flatten has no parameters to train: give a network with layers"):
        fit(torch.nn.Flatten(), clouds())
    frozen = small().requires_grad_(False)
    with pytest.raises(BadInput, match="leave some of them unfrozen"):
        fit(frozen, clouds())


def crowded(most):
    """Give a module for whose device more than ``most`` rows are too many, as a GPU would say it."""
    module = small(dropout=0.0)

    def refuse(_, args):
        if len(args[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    module.register_forward_pre_hook(refuse)
    return module


def test_a_batch_that_does_not_fit_is_halved_with_the_same_result():
    whole, parts = fit(small(dropout=0.0), clouds(), epochs=4), fit(crowded(9), clouds(), epochs=4)
    assert whole.notes == ()
    assert parts.notes == ("out of memory on cpu: batches of 32 were computed 8 at a time",)
    for a, b in zip(whole.module.parameters(), parts.module.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_one_item_that_does_not_fit_is_an_error():
    with pytest.raises(LearnerFailed, match="one item alone does not fit into the memory of cpu: CUDA out of memory"):
        fit(crowded(0), clouds())


def test_inputs_by_name_reach_the_module_by_name():
    examples = clouds()

    class Named(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.last = small()

        def forward(self, *, points):
            return self.last(points)

    named = training.Examples(120, lambda rows: ({"points": examples.batch(rows)[0]}, examples.batch(rows)[1]))
    assert fit(Named(), named, epochs=2).epoch <= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number, 1 or more: got 0"),
        ({"batch": 2.5}, "batch must be a whole number, 1 or more: got 2.5"),
        ({"patience": True}, "patience must be a whole number, 1 or more: got True"),
        ({"rate": 0}, "rate must be a positive, finite number: got 0"),
        ({"decay": -1.0}, "decay must be a finite number, 0 or more: got -1.0"),
        ({"held_out": 0.9}, "held_out must be a share from 0 to 0.5: got 0.9"),
        ({"optimiser": "lbfgs"}, "optimiser must be one of adam, sgd: got 'lbfgs'"),
    ],
)
def test_settings_that_cannot_be_are_named(options, message):
    with pytest.raises(BadInput, match=message):
        Settings(**options)


def test_devices_that_are_not_there_are_named():
    with pytest.raises(BadInput, match="device must be 'cpu', 'cuda' or 'cuda:1' and the like: got 'gpu'"):
        fit(small(), clouds(), device="gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(BadInput, match="there is no GPU that PyTorch can use here: got device='cuda'"):
        fit(small(), clouds(), device="cuda")
