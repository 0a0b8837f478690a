"""Texts as what a sentence model makes of them, on a tiny one made here; nothing is fetched."""

from __future__ import annotations

import json

import numpy as np
import pytest

from querist.embed import encode_pool, is_frozen, text_encoder
from querist.embed.sentences import Sentences
from querist.errors import BadEvidence, BadInput, MissingExtra, UnknownName
from querist.simulate import simulate
from querist.study import Study
from tiny_bert import tiny_bert

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

WORDS = ["good", "fine", "bad", "poor", "film", "book", "the", "a", "very"]
TEXTS = np.array(
    ["a good film", "", "very " * 40, "the bad book", "unheard of 🎬", "כתב טוב", "a good film"], dtype=object
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_bert(tmp_path_factory.mktemp("tiny"), WORDS)


@pytest.fixture(scope="module")
def rows(folder):
    return Sentences(folder, max_length=48).encode(TEXTS)


def test_rows_have_length_one_whatever_the_text(rows):
    assert rows.shape == (7, 16)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-5)


def test_a_text_has_the_same_row_whatever_stands_beside_it(folder, rows):
    encoder = Sentences(folder, max_length=48)
    for row in range(len(TEXTS)):
        assert np.array_equal(encoder.encode(TEXTS[row : row + 1])[0], rows[row])
    assert np.array_equal(rows[0], rows[6])
    assert encoder.encode([]).shape == (0, 16)


def test_the_mean_is_of_the_tokens_alone(folder):
    from transformers import AutoModel

    tokens = torch.tensor([[2 + WORDS.index(word) for word in ("a", "good", "film")]])
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(input_ids=tokens)[0][0].numpy()
    mean = states.mean(axis=0) / np.linalg.norm(states.mean(axis=0))
    np.testing.assert_allclose(Sentences(folder).encode(["a good film"])[0], mean, rtol=1e-4, atol=1e-6)
    first = states[0] / np.linalg.norm(states[0])
    found = Sentences(folder, pooling="first").encode(["a good film"])[0]
    np.testing.assert_allclose(found, first, rtol=1e-4, atol=1e-6)


def test_a_long_text_is_cut(folder):
    encoder = Sentences(folder, max_length=16)
    assert np.array_equal(*encoder.encode(["very " * 16, "very " * 16 + "bad"]))


def test_the_version_names_model_and_options(folder, tmp_path):
    other = tiny_bert(tmp_path, [*WORDS, "more"])
    made = [Sentences(folder), Sentences(folder, "first"), Sentences(folder, max_length=32), Sentences(other)]
    assert len({one.version for one in made}) == 4
    assert Sentences(folder).version == made[0].version


def test_rows_are_kept_and_read_back(folder, rows, tmp_path, monkeypatch):
    spec = f"sentences(path={folder!r}, max_length=48)"
    assert np.array_equal(encode_pool(TEXTS, spec, cache=tmp_path)[1], rows)
    monkeypatch.setattr(Sentences, "encode", lambda *_: pytest.fail("computed again"))
    assert np.array_equal(encode_pool(TEXTS, spec, cache=tmp_path)[1], rows)


def test_an_encoder_of_texts_is_named_like_a_strategy(folder):
    assert text_encoder(folder) == Sentences(folder)
    assert is_frozen(text_encoder(folder))
    assert not is_frozen(text_encoder("tfidf(ngrams=(1, 1))"))
    with pytest.raises(
        UnknownName, match=r"no encoder of texts is called 'tfdif': did you mean 'tfidf'.*the folder of"
    ):
        text_encoder("tfdif")
    with pytest.raises(BadInput, match="the options of sentences are path, pooling, max_length"):
        text_encoder("sentences(folder='x')")


def test_what_is_no_model_is_refused(folder, tmp_path):
    with pytest.raises(BadInput, match=r"there is no text model in the folder '.*': give one that holds config.json"):
        text_encoder(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(BadInput, match="cannot load the text model in"):
        Sentences(str(tmp_path)).encode(["a film"])
    with pytest.raises(BadInput, match="the pooling of an encoder is one of mean, first: got 'max'"):
        Sentences(folder, pooling="max")
    with pytest.raises(BadInput, match="max_length must be a whole number, 16 or more: got 8"):
        Sentences(folder, max_length=8)


def test_a_model_that_gives_nan_is_refused(folder):
    encoder = Sentences(folder)
    encoder._model.encoder.layer[0].output.dense.bias.data.fill_(float("nan"))
    with pytest.raises(BadEvidence, match="gives NaN or infinity: take another one"):
        encoder.encode(["a film"])


def test_without_transformers_the_error_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'querist\[text,torch\]'"):
        Sentences(folder).encode(["a film"])


DATA = [
    {"text": f"the {word} film {i}", "label": code} for i in range(12) for code, word in (("+", "good"), ("−", "bad"))
]


def test_a_study_keeps_the_rows_and_the_path(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Study.create("s.querist", DATA, keep_labels=False, labels=["+", "−"], text="text", encoder=folder) as study:
        assert study.settings.encoder == f"sentences(path={folder!r}, pooling='mean', max_length=256)"
        for query in study.ask(8):
            study.tell(query.id, "+" if "good" in query.data else "−")
        digest = study.step() and study.store.published().info["digest"]
    assert list((tmp_path / "s.querist.cache" / "features").glob("*.rows"))
    with Study.open("s.querist", encoder=f"sentences(path={folder!r}, pooling='first')") as study:
        assert study.step().fresh, "another encoder makes a new round"
        assert study.store.published().info["digest"] != digest


def test_a_study_on_tfidf_with_letters_says_so(tmp_path):
    with Study.create(
        None, DATA, keep_labels=False, labels=["+", "−"], text="text", encoder="tfidf(characters=(2, 4))"
    ) as study:
        width = study._items.encoded("features").features.shape[1]
    with Study.create(None, DATA, keep_labels=False, labels=["+", "−"], text="text") as study:
        assert width > study._items.encoded("features").features.shape[1]


def test_a_simulation_encodes_texts_once_and_says_which_encoder(folder, tmp_path, monkeypatch):
    from querist.data import load

    data, calls = load(DATA, text="text", label="label"), []
    own = Sentences.encode
    monkeypatch.setattr(Sentences, "encode", lambda self, texts: calls.append(len(texts)) or own(self, texts))
    plan = {"strategies": ["random"], "initial": 4, "batch": 4, "budget": 8, "seeds": [0, 1]}
    simulate(data, encoder=folder, out=tmp_path / "a", **plan)
    assert sum(calls) == len(DATA)
    first = simulate(data, encoder="tfidf(characters=(2, 3))", out=tmp_path / "b", **plan)
    other = simulate(data, out=tmp_path / "b", **plan)
    kept = {c.info["protocol"].get("encoder") for c in (*first.curves, *other.curves)}
    assert kept == {"tfidf(characters=(2, 3))", None}


def test_numbers_take_no_encoder(folder):
    with pytest.raises(BadInput, match="reads images or texts: 'iris' holds records; leave the encoder away"):
        simulate("iris", strategies=["random"], seeds=[0], encoder=folder)
