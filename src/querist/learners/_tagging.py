"""Texts as pieces of a language model's vocabulary, and tag probabilities as evidence; nothing here needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadData, BadInput
from querist.learners import _lattice
from querist.learners._checks import check_needs
from querist.learners.protocol import Items
from querist.learners.transformers import PADDING, Transformers
from querist.tasks._tokens import COLUMN, Tokens, tokenise
from querist.view import Evidence, Need, Ragged

TINY = 1e-30


def texts_of(items: Items, *, by: str) -> list[Tokens]:
    """Cut texts into tokens; raises BadData for items of another kind."""
    texts = items.tolist() if isinstance(items, np.ndarray) and items.dtype == object else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        got = f"an array of {items.dtype}" if isinstance(items, np.ndarray) else type(items).__name__
        raise BadData(f"{by} reads texts: got {got}; give a pool of texts (text=… names the column)")
    return [tokenise(text) for text in texts]


class Pieces(NamedTuple):
    """Parts of texts as numbers of pieces [R, length], −1 behind their end; where each token begins.

    ``row`` and ``column`` int64 [M] are the place of a token's first piece, in the order of texts and tokens.
    """

    numbers: NDArray[np.int32]
    row: NDArray[np.int64]
    column: NDArray[np.int64]


def pieces_of(texts: Sequence[Tokens], source: Transformers) -> Pieces:
    """Cut texts into pieces, and these between tokens into parts of at most ``max_length``; raises BadInput."""
    cutter = _Cutter.of(source)
    rows: list[list[int]] = []
    places: list[tuple[int, int]] = []
    for text in texts:
        words = [part.partition(COLUMN)[0] for part in text.parts]
        for part in cutter.parts(words):
            column = len(cutter.before)
            for pieces in part:
                places.append((len(rows), column))
                column += len(pieces)
            rows.append([*cutter.before, *(piece for pieces in part for piece in pieces), *cutter.after])
    numbers = np.full((len(rows), source.max_length), PADDING, np.int32)
    for at, row in enumerate(rows):
        numbers[at, : len(row)] = row
    first = np.array(places, np.int64).reshape(-1, 2)
    return Pieces(numbers, first[:, 0], first[:, 1])


class _Cutter(NamedTuple):
    """A tokenizer, and the marks that it sets around a text."""

    tokenizer: Any
    before: list[int]
    after: list[int]
    room: int

    @staticmethod
    def of(source: Transformers) -> _Cutter:
        tokenizer = source.tokenizer
        if not tokenizer.is_fast:
            raise BadInput(
                f"the tokenizer of {source.model!r} does not say which piece belongs to which token: give a model with "
                "a fast tokenizer (tokenizer.json)"
            )
        before, after = ([] if n is None else [n] for n in (tokenizer.cls_token_id, tokenizer.sep_token_id))
        return _Cutter(tokenizer, before, after, source.max_length - len(before) - len(after))

    def parts(self, words: list[str]) -> list[list[list[int]]]:
        """Give the pieces of each word, part by part; a word that has none is the unknown piece."""
        parts: list[list[list[int]]] = []
        free = 0
        for pieces in self._pieces(words):
            if len(pieces) > free:
                parts.append([])
                free = self.room
            parts[-1].append(pieces)
            free -= len(pieces)
        return parts

    def _pieces(self, words: list[str]) -> list[list[int]]:
        if not words:
            return []
        found = self.tokenizer(
            words, is_split_into_words=True, add_special_tokens=False, truncation=False, verbose=False
        )
        pieces: list[list[int]] = [[] for _ in words]
        for number, word in zip(found["input_ids"], found.word_ids(), strict=True):
            pieces[word].append(number)
        unknown = self.tokenizer.unk_token_id
        spare = self.tokenizer.pad_token_id if unknown is None else unknown
        return [each[: self.room] or [spare] for each in pieces]


@dataclass(frozen=True, eq=False)
class Tags:
    """How the probabilities of tags are computed: from texts to [M, 1 + 2C], or [M, K, 1 + 2C]."""

    probs: Callable[[Sequence[Tokens]], Floats]

    @staticmethod
    def of_shares(counts: NDArray[np.int64], draws: int) -> Tags:
        """Give every token the smoothed shares of the tags, [1 + 2C]."""
        shares = (counts + 1) / (counts.sum() + len(counts))
        shape = (draws, len(counts)) if draws else (len(counts),)
        return Tags(lambda texts: np.broadcast_to(shares, (sum(len(t.parts) for t in texts), *shape)).copy())


def evidence_of(texts: Sequence[Tokens], needs: Set[Need], tags: Tags, paths: int) -> Evidence:
    """Compute what is asked on some texts whose tags count as independent of each other."""
    starts = np.cumsum([0, *(len(text.parts) for text in texts)]).astype(np.int64)
    found: dict[Need, Any] = {}
    if "places" in needs:
        found["places"] = Ragged(np.concatenate([np.empty((0, 2), np.int64), *(t.offsets for t in texts)]), starts)
    if "cost" in needs:
        found["cost"] = np.maximum(np.diff(starts), 1).astype(np.float64)
    if needs & {"elements", "paths"}:
        probs = tags.probs(texts)
        if "elements" in needs:
            found["elements"] = Ragged(probs, starts)
        if "paths" in needs:
            found["paths"] = _paths(probs.mean(axis=1) if probs.ndim == 3 else probs, starts, paths)
    return found


def _paths(probs: Floats, starts: NDArray[np.int64], count: int) -> Ragged:
    logs = np.log(np.maximum(probs, TINY))
    scores = _lattice.best(logs, np.zeros((logs.shape[1], logs.shape[1])), starts, n=count)
    there = np.isfinite(scores)
    return Ragged(np.minimum(scores[there], 0.0), np.cumsum([0, *there.sum(axis=1)]).astype(np.int64))


@dataclass(frozen=True, eq=False)
class TagShares:
    """The predictor of smoothed shares."""

    tags: Tags
    n: int

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, paths, cost."""
        return frozenset({"elements", "places", "paths", "cost"})

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadData."""
        check_needs(needs, self.provides)
        return evidence_of(texts_of(items, by="token-classifier"), needs, self.tags, self.n)
