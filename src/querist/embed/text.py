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
    as (2, 4)); ``min_documents`` a term must occur in: None takes 1 up to 200 texts, 2 up to 20,000, else 3, so that
    tiny sets keep their words and large ones lose their noise; ``limit`` terms at most, the most frequent.
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

    def __post_init__(self) -> None:
        if not 1 <= self.ngrams[0] <= self.ngrams[1]:
            raise BadInput(f"ngrams must be (shortest, longest) with 1 ≤ shortest ≤ longest: got {self.ngrams}")
        if self.analyzer not in ("word", "char_wb"):
            raise BadInput(f"analyzer must be 'word' or 'char_wb': got {self.analyzer!r}")
        if self.limit < 1:
            raise BadInput(f"limit must be 1 or more: got {self.limit}")

    def fit(self, texts: Texts) -> TfidfEncoder:
        """Learn vocabulary and weights; no label is needed. Raises BadData for a text that is none."""
        return self.fit_encode(texts)[0]

    def fit_encode(self, texts: Texts) -> tuple[TfidfEncoder, Any]:
        """Learn vocabulary and weights, and encode the same texts in one pass: half the cost of fit, then encode."""
        known = _checked(texts)
        for least in (self._least(len(known)), 1):
            model = self._model(least)
            try:
                return TfidfEncoder(model), model.fit_transform(known)
            except ValueError:
                # scikit-learn refuses when no term is frequent enough: then every term counts
                continue
        return TfidfEncoder(None), _empty(len(known))

    def _least(self, count: int) -> int:
        """Say how many documents a term must occur in."""
        if self.min_documents is None:
            return 1 + (count > 200) + (count > 20_000)
        return max(1, min(self.min_documents, count))

    def _model(self, least: int) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            ngram_range=self.ngrams,
            analyzer=self.analyzer,
            min_df=least,
            max_features=self.limit,
            sublinear_tf=True,
            token_pattern=r"(?u)\b\w+\b" if self.analyzer == "word" else None,
            dtype=np.float32,
        )


@dataclass(frozen=True, eq=False)
class TfidfEncoder:
    """A fitted vocabulary; ``model`` None stands for texts without any term."""

    model: Any

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: a digest of settings, terms and weights."""
        state = blake2b(digest_size=8)
        if self.model is not None:
            vocabulary: dict[str, int] = self.model.vocabulary_
            state.update("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)).encode())
            state.update(np.asarray(self.model.idf_, np.float64).astype("<f8").tobytes())
            state.update(repr((self.model.analyzer, self.model.ngram_range)).encode())
        return f"tfidf-1/{state.hexdigest()}"

    @property
    def width(self) -> int:
        """The number of columns, 1 when there is no term."""
        return 1 if self.model is None else len(self.model.vocabulary_)

    def encode(self, texts: Texts) -> Any:
        """Encode texts as a CSR matrix [N, D], float32, rows of length 1; a text without known terms is a row of 0.

        Row-wise: a text has the same vector whatever the others are.
        """
        known = _checked(texts)
        if self.model is None or not known:  # scikit-learn refuses to encode no text at all
            return _empty(len(known), self.width)
        return self.model.transform(known)


def _empty(count: int, width: int = 1) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((count, width), dtype=np.float32)


def _checked(texts: Texts) -> list[str]:
    known = texts.tolist() if isinstance(texts, np.ndarray) else list(texts)
    wrong = next((i for i, text in enumerate(known) if not isinstance(text, str) and text is not None), None)
    if wrong is not None:
        got = type(known[wrong]).__name__
        raise BadData(f"items of this kind must be texts: row {wrong} is of type {got}; name the text column")
    return [text or "" for text in known]
