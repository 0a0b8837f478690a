"""Texts as TF-IDF rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from querist.embed import encoder_for
from querist.embed.text import Tfidf
from querist.errors import BadData, BadInput
from querist.learners.linear import Linear

TEXTS = ["a good film", "a bad film", "a good good book", "", "nothing in common"]


def test_rows_are_csr_of_length_one_and_empty_texts_are_zero() -> None:
    matrix = Tfidf().fit(TEXTS).encode([*TEXTS, "unheard of"])
    assert sparse.issparse(matrix)
    assert matrix.format == "csr"
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1, [1, 1, 1, 0, 1, 0], atol=1e-6)


def test_words_and_pairs_are_weighed_by_log_count_and_rarity() -> None:
    encoder: Any = Tfidf().fit(["x x y", "y z"])
    terms = encoder.models[0].get_feature_names_out().tolist()
    assert terms == ["x", "x x", "x y", "y", "y z", "z"]
    rare, common = 1 + np.log(3 / 2), 1.0
    row = np.array([(1 + np.log(2)) * rare, rare, rare, common, 0, 0])
    np.testing.assert_allclose(encoder.encode(["x x y"]).toarray()[0], row / np.linalg.norm(row), rtol=1e-6)


def test_one_pass_gives_the_same_as_two() -> None:
    encoder, matrix = Tfidf().fit_encode(TEXTS)
    assert abs(matrix - encoder.encode(TEXTS)).max() < 1e-7


@given(texts=st.lists(st.text(max_size=12), max_size=8), cut=st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_any_texts_are_encoded_row_by_row(texts: list[str], cut: int) -> None:
    encoder = Tfidf().fit(texts)
    whole = encoder.encode(texts)
    assert whole.shape == (len(texts), encoder.width)
    parts = sparse.vstack([encoder.encode(texts[:cut]), encoder.encode(texts[cut:])])
    assert abs(parts - whole).sum() < 1e-5


@pytest.mark.parametrize("texts", [[], [""], ["", " .,!"], [None]])
def test_texts_without_a_term_are_rows_of_zeros(texts: list[str | None]) -> None:
    encoder = encoder_for(np.array(texts, dtype=object))
    assert encoder is not None
    assert encoder.encode(texts).shape == (len(texts), 1)
    assert encoder.encode(["a word"]).nnz == 0


def test_rare_terms_count_in_a_tiny_set_and_not_in_a_large_one() -> None:
    assert Tfidf(ngrams=(1, 1)).fit(["one", "two"]).width == 2
    many = [f"common {'pair' if i < 2 else ''} single{i}" for i in range(300)]
    assert Tfidf(ngrams=(1, 1)).fit(many).width == 2
    assert Tfidf(ngrams=(1, 1), min_documents=1).fit(many).width == 302
    distinct = [f"single{i}" for i in range(300)]
    assert Tfidf(ngrams=(1, 1)).fit(distinct).width == 300, "when no term is frequent, every term counts"
    assert Tfidf(ngrams=(1, 1), min_documents=50).fit(["one", "one two"]).width == 1


def test_scripts_without_spaces_can_be_cut_into_characters() -> None:
    assert Tfidf(analyzer="char_wb", ngrams=(2, 2)).fit(["好电影"]).width == 4


LETTERS = Tfidf(characters=(2, 3))


def test_letters_stand_beside_words_at_half_the_weight() -> None:
    words, both = Tfidf().fit(TEXTS), LETTERS.fit(TEXTS)
    matrix = both.encode(["a good film", "goood film"]).toarray()
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(matrix[0, : words.width] * 2**0.5, words.encode(["a good film"]).toarray()[0], rtol=1e-5)
    assert both.width > words.width
    assert both.version != words.version


def test_letters_know_a_word_that_is_spelt_wrong() -> None:
    assert Tfidf().fit(TEXTS).encode(["goood"]).nnz == 0
    assert LETTERS.fit(TEXTS).encode(["goood"]).nnz > 0


@given(texts=st.lists(st.text(max_size=12), max_size=8), cut=st.integers(0, 8))
@settings(max_examples=40, deadline=None)
def test_any_texts_are_encoded_row_by_row_with_letters_too(texts: list[str], cut: int) -> None:
    encoder, whole = LETTERS.fit_encode(texts)
    assert whole.shape == (len(texts), encoder.width)
    parts = sparse.vstack([encoder.encode(texts[:cut]), encoder.encode(texts[cut:])])
    assert abs(parts - whole).sum() < 1e-5


def test_the_version_names_what_decides_the_encoding() -> None:
    version = Tfidf().fit(TEXTS).version
    assert version == Tfidf().fit(TEXTS).version
    assert version.startswith("tfidf-1/")
    others = {
        Tfidf().fit([*TEXTS, "a bad film"]).version,
        Tfidf(ngrams=(1, 1)).fit(TEXTS).version,
        Tfidf().fit([""]).version,
    }
    assert len(others | {version}) == 4


@pytest.mark.parametrize("items", [np.zeros((3, 2)), np.zeros((3, 2), np.uint8), sparse.csr_matrix((3, 2))])
def test_numbers_need_no_encoder(items: Any) -> None:
    assert encoder_for(items) is None


@pytest.mark.parametrize("items", [TEXTS, np.array(TEXTS), np.array(TEXTS, dtype=object)])
def test_texts_in_any_container_need_one(items: Any) -> None:
    encoder = encoder_for(items)
    assert encoder is not None
    assert encoder.encode(items).shape[0] == 5


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(BadData, match="items of this kind must be texts: row 1 is of type dict; name the text column"):
        Tfidf().fit(np.array(["a", {"b": 1}], dtype=object))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ngrams": (2, 1)}, r"ngrams must be .shortest, longest. with 1 ≤ shortest ≤ longest: got \(2, 1\)"),
        ({"characters": (3, 2)}, r"characters must be .shortest, longest. with 1 ≤ shortest ≤ longest: got \(3, 2\)"),
        ({"characters": (2, 3), "analyzer": "char_wb"}, "characters are added to words: with analyzer='char_wb' give"),
        ({"analyzer": "letters"}, "analyzer must be 'word' or 'char_wb': got 'letters'"),
        ({"limit": 0}, "limit must be 1 or more: got 0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Tfidf(**options)


def test_two_hundred_labelled_questions_are_a_fair_start(data: Path) -> None:
    rows = [json.loads(line) for line in (data / "nlp_trec" / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    names = sorted({row["label"] for row in rows})
    codes = np.array([names.index(row["label"]) for row in rows])
    pool = Tfidf().fit_encode([row["text"] for row in rows])[1]
    picked = np.random.default_rng(0).permutation(len(rows))
    some, rest = picked[:200], picked[200:]
    model = Linear(C=10.0).fit(pool[some], codes[some], classes=6, rng=np.random.default_rng(0), pool=pool)
    probs = model.predict(pool[rest], {"probs"})["probs"]
    assert (probs.argmax(axis=1) == codes[rest]).mean() > 0.55
