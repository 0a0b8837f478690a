"""Fine-tuned language models, on a tiny one made here; nothing is fetched."""

from __future__ import annotations

import numpy as np
import pytest

from querist.errors import BadData, BadInput, MissingEvidence
from querist.learners import resolve
from querist.learners.bnn import Bnn
from querist.learners.dropout import Dropout
from querist.learners.ensemble import Ensemble
from querist.learners.laplace import Laplace
from querist.learners.transformers import Transformers
from querist.testing.learners import check
from tiny_bert import tiny_bert

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

WORDS = ["good", "fine", "great", "bad", "poor", "awful", "film", "book", "the", "a", "very"]
QUICK = {"epochs": 30, "rate": 3e-3, "batch": 16, "draws": 6}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT of two narrow layers with a tokenizer of eleven words, as a folder."""
    return tiny_bert(tmp_path_factory.mktemp("tiny"), WORDS)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def texts(count=60):
    rng = np.random.default_rng(0)
    codes = (np.arange(count) % 2).astype(np.int64)
    items = [
        " ".join(
            [*rng.choice(WORDS[6:], rng.integers(1, 30)).tolist(), *rng.choice(WORDS[3 * c : 3 * c + 3], 6).tolist()]
        )
        for c in codes.tolist()
    ]
    return np.array(items, dtype=object), codes


ITEMS, CODES = texts()


def fit(learner, rows=slice(0, 40), *, seed=0):
    return learner.fit(ITEMS[rows], CODES[rows], classes=2, rng=np.random.default_rng(seed), pool=ITEMS)


def test_it_learns_and_gives_what_it_says(folder):
    learner = Transformers(folder, max_length=48, **QUICK)
    state = torch.random.get_rng_state()
    model = fit(learner)
    found = model.predict(ITEMS, model.provides)
    check(found, len(ITEMS))
    assert model.provides == learner.provides
    assert found["embed"].shape == (60, 16)
    assert (found["probs"][40:].argmax(axis=1) == CODES[40:]).mean() > 0.8
    assert torch.equal(torch.random.get_rng_state(), state)
    again = fit(learner).predict(ITEMS, {"probs"})["probs"]
    np.testing.assert_array_equal(again, found["probs"])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda base: base,
        lambda base: Dropout(base, draws=4),
        lambda base: Ensemble(base, members=2),
        lambda base: Laplace(base, draws=4),
        lambda base: Bnn(base, draws=3, snapshots=3, rate=1e-3),
    ],
)
def test_a_text_gives_the_same_whatever_lies_beside_it(folder, wrap):
    model = fit(wrap(Transformers(folder, max_length=48, **{**QUICK, "epochs": 2})))
    whole = model.predict(ITEMS, model.provides)
    check(whole, len(ITEMS))
    for rows in (slice(0, 0), slice(3, 4), slice(5, 50)):
        part = model.predict(ITEMS[rows], model.provides)
        for need in model.provides - {"head"}:
            np.testing.assert_allclose(part[need], whole[need][rows], rtol=1e-6, atol=1e-6)


def test_before_two_classes_have_labels(folder):
    model = fit(Transformers(folder, max_length=48, **QUICK), slice(0, 0))
    found = model.predict(ITEMS, model.provides)
    np.testing.assert_array_equal(found["probs"], 0.5)
    assert found["embed"].shape == (60, 16)
    assert np.ptp(found["embed"], axis=0).max() > 0
    with pytest.raises(MissingEvidence, match="cannot give paths"):
        model.predict(ITEMS, {"paths"})


def test_items_that_are_no_texts(folder):
    learner = Transformers(folder, **QUICK)
    with pytest.raises(BadData, match="transformers reads texts: got an array of float64; give a pool of texts"):
        learner.fit(np.zeros((2, 3)), np.array([0, 1]), classes=2, rng=np.random.default_rng(0))


def test_a_model_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("QUERIST_OFFLINE", "1")
    with pytest.raises(BadInput, match=r"cannot load the model 'nobody/nothing' \(QUERIST_OFFLINE forbids"):
        fit(Transformers("nobody/nothing"))
    monkeypatch.delenv("QUERIST_OFFLINE")
    with pytest.raises(BadInput, match=r"cannot load the model .* give the folder of a text model with its tokenizer"):
        fit(Transformers(str(tmp_path)))


def test_the_spec_builds_it_again(folder):
    spec = f"dropout(base={f'transformers(epochs=2, model={folder!r})'!r}, draws=3)"
    assert resolve(spec)[1] == spec
    assert resolve(spec)[0].eats == "raw"
    with pytest.raises(BadInput, match="model must be a folder, or a name on the Hugging Face hub: got ''"):
        Transformers("")
    with pytest.raises(BadInput, match="max_length must be a whole number, 16 or more: got 3"):
        Transformers("x", max_length=3)
