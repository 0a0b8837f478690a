"""Fine-tuned taggers of tokens, on a tiny one made here; nothing is fetched."""

from __future__ import annotations

import numpy as np
import pytest

from querist.errors import BadData, BadInput, BadLabel, MissingEvidence
from querist.learners import resolve
from querist.learners._tagging import pieces_of
from querist.learners.token_classifier import TokenClassifier
from querist.learners.transformers import PADDING, Transformers
from querist.study import Study
from querist.tasks._bio import ASKED
from querist.tasks._tokens import tokenise, with_tokens
from querist.testing.spans import TASK, SpanLearnerSuite, make_texts
from tiny_bert import tiny_bert

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

WORDS = ["Ann", "Bob", "Eve", "Dan", "Roe", "Acme", "Hooli", "Init", "##ech", "Ltd", "Vandelay", "works", "for", ".",
         "fires", "and", "hires", "it", "rain", "##s", "yesterday", "left"]  # fmt: skip
QUICK = {"max_length": 32, "epochs": 15, "rate": 2e-2}
NEEDS = frozenset({"elements", "places", "paths", "cost"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT of one narrow layer with the pieces of some 20 words, as a folder."""
    return tiny_bert(tmp_path_factory.mktemp("tiny"), WORDS, of_tokens=True)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class TestTokenClassifier(SpanLearnerSuite):
    @pytest.fixture
    def made(self, folder):
        return TokenClassifier(folder, **QUICK)


class TestWithDraws(SpanLearnerSuite):
    @pytest.fixture
    def made(self, folder):
        return TokenClassifier(folder, draws=3, paths=2, **QUICK)


TEXTS, SPANS = make_texts(40)


def fit(learner, spans=SPANS, rows=slice(0, 30)):
    return learner.fit(TEXTS[rows], spans[rows], classes=2, rng=np.random.default_rng(0))


def test_draws_differ_and_their_mean_is_no_draw(folder):
    draws = fit(TokenClassifier(folder, draws=4, **QUICK)).predict(TEXTS, NEEDS)["elements"].values
    assert draws.shape == (sum(len(tokenise(text).parts) for text in TEXTS), 4, 5)
    assert np.ptp(draws, axis=1).max() > 0.01
    assert fit(TokenClassifier(folder, **QUICK)).predict(TEXTS, NEEDS)["elements"].values.ndim == 2


def test_paths_are_products_of_independent_tags(folder):
    found = fit(TokenClassifier(folder, paths=3, **{**QUICK, "epochs": 2})).predict(TEXTS[:5], NEEDS)
    best = np.log(found["elements"].values.max(axis=1))
    expected = np.add.reduceat(best, found["elements"].starts[:-1])
    np.testing.assert_allclose(found["paths"].values[found["paths"].starts[:-1]], expected, rtol=1e-9)


def asked(stretch):
    """The spans of every text, with the stretch that a function of its length gives; those outside are dropped."""
    found = np.empty(len(TEXTS), object)
    for row, (text, spans) in enumerate(zip(TEXTS, SPANS, strict=True)):
        start, end = stretch(len(text))
        found[row] = np.vstack([[start, end, ASKED], *(s for s in spans if start <= s[0] and s[1] <= end)])
    return found


def test_what_nobody_looked_at_is_left_out_of_the_loss(folder):
    learner = TokenClassifier(folder, **{**QUICK, "epochs": 2})
    all_of_it, half = asked(lambda size: (0, size)), asked(lambda size: (0, size // 2))
    full, same, less = (fit(learner, s).predict(TEXTS, NEEDS)["elements"].values for s in (SPANS, all_of_it, half))
    np.testing.assert_array_equal(full, same)
    assert np.abs(full - less).max() > 1e-3
    last = asked(lambda size: (size - 1, size))  # one tag alone has a label
    shares = fit(learner, last, rows=slice(0, 2)).predict(TEXTS[:2], {"elements"})["elements"].values
    assert np.ptp(shares, axis=0).max() == 0


def test_pieces_are_cut_between_tokens_and_every_token_has_a_place(folder):
    source = Transformers(folder, max_length=16)
    text = tokenise(" ".join(["Initech rains"] * 12 + ["zebra"]))
    found = pieces_of([text, tokenise(""), tokenise("Ann")], source)
    assert found.numbers.shape == (5, 16)
    assert len(found.row) == len(text.parts) + 1
    first = found.numbers[found.row, found.column]
    words = source.tokenizer.convert_ids_to_tokens(first.tolist())
    assert words == ["Init", "rain"] * 12 + ["[UNK]", "Ann"]
    assert (np.diff(found.row) >= 0).all()
    for row in found.numbers:
        assert source.tokenizer.convert_ids_to_tokens([row[0], row[row != PADDING][-1]]) == ["[CLS]", "[SEP]"]


def test_a_long_text_and_one_with_given_tokens(folder):
    model = fit(TokenClassifier(folder, **{**QUICK, "epochs": 1}))
    items = np.array(
        [" ".join(["Ann works for Initech Ltd ."] * 200), with_tokens([("Ann", "NNP"), ("left", "VBD")])], object
    )
    found = model.predict(items, NEEDS)
    assert np.diff(found["elements"].starts).tolist() == [1200, 2]
    np.testing.assert_allclose(found["elements"].values.sum(axis=1), 1.0)


def test_it_serves_a_study(folder):
    with Study.create(None, list(TEXTS), task=TASK, learner=TokenClassifier(folder, **{**QUICK, "epochs": 2}),
                      strategy="subsequence", batch=4) as study:  # fmt: skip
        for id, spans in zip(study.pool.ids[:10], SPANS, strict=False):
            study.tell(id, [(s, e, TASK.labels[c]) for s, e, c in spans.tolist()])
        study.step()
        query = study.ask(1)[0]
        assert query.asked
        assert isinstance(query.suggestion, list)


def test_errors(folder):
    learner = TokenClassifier(folder, **QUICK)
    with pytest.raises(BadData, match="token-classifier reads texts: got an array of float64"):
        learner.fit(np.zeros((2, 3)), SPANS[:2], classes=2, rng=np.random.default_rng(0))
    with pytest.raises(BadLabel, match=r"token-classifier learns spans, an object array \[L\] of tables"):
        learner.fit(TEXTS[:2], np.array([0, 1]), classes=2, rng=np.random.default_rng(0))
    with pytest.raises(MissingEvidence, match="cannot give probs"):
        fit(learner, rows=slice(0, 0)).predict(TEXTS, {"probs"})
    with pytest.raises(BadInput, match="model must be a folder, or a name on the Hugging Face hub: got ''"):
        TokenClassifier("")
    with pytest.raises(BadInput, match="draws must be a whole number, 0 or more: got -1"):
        TokenClassifier("x", draws=-1)
    with pytest.raises(BadInput, match="dropout needs a network"):
        resolve(f"dropout(base={f'token-classifier(model={folder!r})'!r})")[0].fit(
            TEXTS[:2], np.array([0, 1]), classes=2, rng=np.random.default_rng(0)
        )
