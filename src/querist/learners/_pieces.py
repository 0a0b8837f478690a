"""A language model that tags pieces: its training, and its predictions put together token by token.

This file imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist.errors import LearnerFailed
from querist.learners._checks import check_needs
from querist.learners._head import softmax_of
from querist.learners._lesson import Lesson
from querist.learners._masks import Masks, masks_of
from querist.learners._network import Network
from querist.learners._order import content_order
from querist.learners._tagging import Pieces, Tags, evidence_of, pieces_of, texts_of
from querist.learners._training import Examples, Loss, Module, Tensor, call, moved, tensor_in, train
from querist.learners.protocol import Items
from querist.learners.transformers import ROWS, Texts, Transformers
from querist.tasks._bio import UNSEEN
from querist.tasks._tokens import Tokens
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.learners.token_classifier import TokenClassifier

NO_TAG = -100
"""The target of a piece that has none: PyTorch leaves it out of the loss."""


class Lessons(NamedTuple):
    """Parts of texts with the tags of their pieces, int64 [R, length], in an order of their content."""

    numbers: NDArray[np.int32]
    tags: NDArray[np.int64]


def lessons_of(pieces: Pieces, tags: NDArray[np.int64]) -> Lessons:
    """Put the tags of tokens where they begin; parts in which nobody looked at a token are left out."""
    table = np.full(pieces.numbers.shape, NO_TAG, np.int64)
    table[pieces.row, pieces.column] = np.where(tags == UNSEEN, NO_TAG, tags)
    told = (table != NO_TAG).any(axis=1)
    numbers, table = pieces.numbers[told], table[told]
    order = content_order(np.hstack([numbers, table]), np.zeros(len(table), np.int64))
    return Lessons(numbers[order], table[order])


def taught(module: Module, lessons: Lessons, settings: TokenClassifier, rng: np.random.Generator) -> Module:
    """Train a module on the tags of pieces."""
    reader = Texts(settings.source)
    module.config.pad_token_id = settings.source.tokenizer.pad_token_id

    def batch(rows: Rows) -> tuple[Any, Tensor]:
        inputs = reader.inputs(lessons.numbers, rows)
        return inputs, torch.from_numpy(lessons.tags[rows][:, : inputs["input_ids"].shape[1]])

    each = float((lessons.tags != NO_TAG).sum(axis=1).mean())
    return train(module, Examples(len(lessons.tags), batch), loss=_log_loss(each), settings=settings, rng=rng).module


def _log_loss(each: float) -> Loss:
    """Give the log loss of tags, over the tokens that a part has on average: so every token counts the same."""

    def loss(outputs: Any, tags: Tensor) -> Tensor:
        logits = tensor_in(outputs).float()
        total = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), tags.flatten(), ignore_index=NO_TAG, reduction="sum"
        )
        return total / (len(tags) * each)

    return loss


def masked(module: Module, lessons: Lessons, settings: TokenClassifier, entropy: tuple[int, ...]) -> Masks | None:
    """Draw the masks of dropout; None where no draws are asked for. Raises BadInput for a module without dropout."""
    if not settings.draws:
        return None
    reader, none = Texts(settings.source), np.zeros(0, np.int64)
    network, lesson = Network(module, reader), Lesson(reader, lessons.numbers, none, none)
    return masks_of(network, lesson, settings.draws, rate=None, entropy=entropy)


@dataclass(frozen=True, eq=False)
class TrainedTagger:
    """A trained module, its tokenizer, the masks of its draws, and how many best paths it tells."""

    module: Module
    source: Transformers
    masks: Masks | None
    n: int

    moves: ClassVar[bool] = True
    """Its representation is learnt anew in every round."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, paths, cost."""
        return frozenset({"elements", "places", "paths", "cost"})

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadData, LearnerFailed."""
        check_needs(needs, self.provides)
        return evidence_of(texts_of(items, by="token-classifier"), needs, Tags(self.probs), self.n)

    def probs(self, texts: Sequence[Tokens]) -> Floats:
        """Compute the probabilities of the tags of every token."""
        pieces = pieces_of(texts, self.source)
        device = next(self.module.parameters()).device
        found: list[tuple[Rows, NDArray[np.float32]]] = []
        with torch.inference_mode():
            for rows, inputs in Texts(self.source).blocks(pieces.numbers, ROWS):
                made = self._logits(moved(inputs, device)).float().cpu().numpy()
                tokens = np.flatnonzero(np.isin(pieces.row, rows))
                at = np.searchsorted(rows, pieces.row[tokens])
                found.append((tokens, made[at, ..., pieces.column[tokens], :]))
        order = np.argsort(np.concatenate([tokens for tokens, _ in found]), kind="stable")
        logits = np.concatenate([part for _, part in found])[order]
        if not np.isfinite(logits).all():
            raise LearnerFailed("the language model gives NaN or infinity on a text: train at a lower rate")
        return np.asarray(softmax_of(logits), np.float64)

    def _logits(self, inputs: Any) -> Tensor:
        if self.masks is not None:
            return self.masks.of_block(self.module, inputs)
        return tensor_in(call(self.module, inputs))
