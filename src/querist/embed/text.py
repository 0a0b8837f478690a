"""Texts as TF-IDF vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData, BadInput

Texts: TypeAlias = Sequence[str] | NDArray[Any]


@dataclass(frozen=True)
class Tfidf:
    """Weigh words and word pairs by 1 + log count, times their inverse document frequency; rows have length 1.

    ``ngrams`` (shortest, longest); ``analyzer`` "word", or "char_wb" for scripts without spaces (then with ngrams such
    as (2, 4)); ``characters`` (shortest, longest) adds runs of letters within words, which know parts of words and bear
    misspellings: words and letters then have half the weight each. ``min_documents`` a term must occur in: None takes 1
    up to 200 texts, 2 up to 20,000, else 3, so that tiny sets keep their words and large ones lose their noise;
    ``limit`` terms at most of each kind, the most frequent.
    Cost: linear in the length of the texts. Source: Spärck Jones 1972; Salton & Buckley 1988.

    >>> encoder = Tfidf().fit(["good film", "bad film", ""])
    >>> print(encoder.encode(["good film", "unheard of"]).toarray().round(2))
    [[0.   0.   0.47 0.62 0.62]
     [0.   0.   0.   0.   0.  ]]
    """

    ngrams: tuple[int, int] = (1, 2)
    analyzer: Literal["word", "char_wb"] = "word"
    min_documents: int | None = None
    limit: int = 200_000
    characters: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _check_span("ngrams", self.ngrams)
        if self.analyzer not in ("word", "char_wb"):
            raise BadInput(f"analyzer must be 'word' or 'char_wb': got {self.analyzer!r}")
        if self.limit < 1:
            raise BadInput(f"limit must be 1 or more: got {self.limit}")
        if self.characters is not None:
            _check_span("characters", self.characters)
            if self.analyzer != "word":
                raise BadInput("characters are added to words: with analyzer='char_wb' give ngrams alone")

    def fit(self, texts: Texts) -> TfidfEncoder:
        """Learn vocabulary and weights; no label is needed. Raises BadData for a text that is none."""
        return self.fit_encode(texts)[0]

    def fit_encode(self, texts: Texts) -> tuple[TfidfEncoder, Any]:
        """Learn vocabulary and weights, and encode the same texts in one pass: half the cost of fit, then encode."""
        known = checked(texts)
        found = [self._fitted(known, *self._words)]
        if self.characters is not None:
            found.append(self._fitted(known, self.characters, "char_wb"))
        models = tuple(model for model, _ in found if model is not None)
        encoder = TfidfEncoder(models)
        return encoder, encoder.joined([matrix for model, matrix in found if model is not None], len(known))

    @property
    def _words(self) -> tuple[tuple[int, int], str]:
        return self.ngrams, self.analyzer

    def _fitted(self, known: list[str], ngrams: tuple[int, int], analyzer: str) -> tuple[Any, Any]:
        for least in (self._least(len(known)), 1):
            model = self._model(least, ngrams, analyzer)
            try:
                return model, model.fit_transform(known)
            except ValueError:
                # scikit-learn refuses when no term is frequent enough: then every term counts
                continue
        return None, None

    def _least(self, count: int) -> int:
        """Say how many documents a term must occur in."""
        if self.min_documents is None:
            return 1 + (count > 200) + (count > 20_000)
        return max(1, min(self.min_documents, count))

    def _model(self, least: int, ngrams: tuple[int, int], analyzer: str) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            ngram_range=ngrams,
            analyzer=analyzer,
            min_df=least,
            max_features=self.limit,
            sublinear_tf=True,
            token_pattern=r"(?u)\b\w+\b" if analyzer == "word" else None,
            dtype=np.float32,
        )


def _check_span(name: str, span: Any) -> None:
    whole = isinstance(span, tuple) and len(span) == 2 and all(isinstance(end, int) for end in span)
    if not whole or not 1 <= span[0] <= span[1]:
        raise BadInput(f"{name} must be (shortest, longest) with 1 ≤ shortest ≤ longest: got {span}")


@dataclass(frozen=True, eq=False)
class TfidfEncoder:
    """Fitted vocabularies: of words, and of letters where they were asked for; none for texts without any term."""

    models: tuple[Any, ...]

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: a digest of settings, terms and weights."""
        state = blake2b(digest_size=8)
        for model in self.models:
            vocabulary: dict[str, int] = model.vocabulary_
            state.update("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)).encode())
            state.update(np.asarray(model.idf_, np.float64).astype("<f8").tobytes())
            state.update(repr((model.analyzer, model.ngram_range)).encode())
        return f"tfidf-1/{state.hexdigest()}"

    @property
    def width(self) -> int:
        """The number of columns, 1 when there is no term."""
        return sum(len(model.vocabulary_) for model in self.models) or 1

    def encode(self, texts: Texts) -> Any:
        """Encode texts as a CSR matrix [N, D], float32, rows of length 1; a text without known terms is a row of 0.

        Row-wise: a text has the same vector whatever the others are.
        """
        known = checked(texts)
        if not known:  # scikit-learn refuses to encode no text at all
            return _empty(0, self.width)
        return self.joined([model.transform(known) for model in self.models], len(known))

    def joined(self, parts: list[Any], count: int) -> Any:
        """Put what the vocabularies make of N texts beside each other; rows of length 1."""
        if not parts:
            return _empty(count)
        if len(parts) == 1:
            return parts[0]
        from scipy.sparse import hstack
        from sklearn.preprocessing import normalize

        return normalize(hstack(parts, format="csr", dtype=np.float32), copy=False)


def _empty(count: int, width: int = 1) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((count, width), dtype=np.float32)


def checked(texts: Texts) -> list[str]:
    """Give texts as a list, empty ones for missing ones; raises BadData for what is no text."""
    known = texts.tolist() if isinstance(texts, np.ndarray) else list(texts)
    wrong = next((i for i, text in enumerate(known) if not isinstance(text, str) and text is not None), None)
    if wrong is not None:
        got = type(known[wrong]).__name__
        raise BadData(f"items of this kind must be texts: row {wrong} is of type {got}; name the text column")
    return [text or "" for text in known]
