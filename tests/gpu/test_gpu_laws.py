"""The core laws again on a GPU: the same scores and picks as on the CPU, and a network that trains there."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.testing.learners import check, make_sample, train

torch = pytest.importorskip("torch")

# Not the marker `torch`, whose skips are failures in CI: a machine without a GPU may run everything else.
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="NO GPU HERE: nothing of tests/gpu was checked"),
]

RNG = np.random.default_rng(0)
DRAWS = RNG.dirichlet(np.full(4, 0.7), size=(300, 8))
PROBS, EMBED = DRAWS.mean(axis=1), RNG.normal(size=(300, 6))
IDS = [f"item_{i:03}" for i in range(300)]


def on_gpu(values):
    return torch.from_numpy(values).to("cuda")


@pytest.mark.parametrize("name", ["least-confidence", "margin", "entropy", "ratio"])
def test_scores_of_probabilities(name):
    here = querist.query(name, 20, probs=PROBS, ids=IDS, seed=0)
    np.testing.assert_array_equal(querist.query(name, 20, probs=on_gpu(PROBS), ids=IDS, seed=0), here)


@pytest.mark.parametrize("name", ["bald", "power-bald", "variation-ratio", "mean-std", "consensus-entropy"])
def test_scores_of_draws(name):
    here = querist.query(name, 20, draws=DRAWS, ids=IDS, seed=0)
    np.testing.assert_array_equal(querist.query(name, 20, draws=on_gpu(DRAWS), ids=IDS, seed=0), here)


def test_batchbald():
    here = querist.query("batchbald", 5, draws=DRAWS, ids=IDS, seed=0)
    np.testing.assert_array_equal(querist.query("batchbald", 5, draws=on_gpu(DRAWS), ids=IDS, seed=0), here)


def test_k_center():
    labelled = {"embed": EMBED[:3]}
    here = querist.query("k-center", 10, embed=EMBED, labelled=labelled, ids=IDS, seed=0)
    there = {"embed": on_gpu(EMBED[:3])}
    np.testing.assert_array_equal(
        querist.query("k-center", 10, embed=on_gpu(EMBED), labelled=there, ids=IDS, seed=0), here
    )


def test_badge():
    here = querist.query("badge", 10, probs=PROBS, embed=EMBED, ids=IDS, seed=0)
    there = querist.query("badge", 10, probs=on_gpu(PROBS), embed=on_gpu(EMBED), ids=IDS, seed=0)
    np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize(
    "learner",
    [
        "torch(epochs=60, rate=0.01, device='cuda', mixed={mixed})",
        "dropout(base='torch(epochs=60, rate=0.01, device=\"cuda\", mixed={mixed})', draws=8)",
        "bnn(base='torch(epochs=60, rate=0.01, device=\"cuda\", mixed={mixed})', draws=4, snapshots=4)",
    ],
)
@pytest.mark.parametrize("mixed", [False, True])
def test_a_network_trains(learner, mixed):
    from querist.learners import resolve

    sample, state = make_sample(rows=300), torch.cuda.get_rng_state()
    model = train(resolve(learner.format(mixed=mixed))[0], sample)
    found = model.predict(sample.pool, model.provides)
    check(found, 300)
    assert (found["probs"][sample.rows].argmax(axis=1) == sample.codes).mean() > 0.8
    assert torch.equal(torch.cuda.get_rng_state(), state)
    part = model.predict(sample.pool[7:90], {"draws"})["draws"]
    np.testing.assert_allclose(part, found["draws"][7:90], atol=1e-5)


def test_a_batch_that_does_not_fit_is_halved_and_said():
    """A limit on the memory stands in for a small GPU: the full batch needs more than is allowed, a part does not."""
    from querist.learners._settings import Settings
    from querist.learners._training import Examples
    from querist.learners._training import train as run

    inputs, codes = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 2
    module = torch.nn.Sequential(torch.nn.Linear(4, 2_000_000), torch.nn.ReLU(), torch.nn.Linear(2_000_000, 2))
    examples = Examples(64, lambda rows: (inputs[rows], codes[rows]))
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(1.1e9 / total)
    try:
        settings = Settings(epochs=1, batch=64, device="cuda", mixed=False, optimiser="sgd", held_out=0)
        notes = run(
            module, examples, loss=torch.nn.functional.cross_entropy, settings=settings, rng=np.random.default_rng(0)
        ).notes
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert notes
    assert "out of memory on cuda: batches of 64 were computed" in notes[0]
