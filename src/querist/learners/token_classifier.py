"""Fine-tuned language models as taggers of tokens, for spans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadLabel
from querist.learners._constant import entropy_of
from querist.learners._drawn import check_count
from querist.learners._extra import need
from querist.learners._fine_tuning import FineTuning
from querist.learners._tagging import Pieces, Tags, TagShares, pieces_of, texts_of
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.learners.transformers import Transformers
from querist.tasks._bio import UNSEEN, tag_count, tags_of
from querist.view import Need

GIVES: frozenset[Need] = frozenset({"elements", "places", "paths", "cost"})


@dataclass(frozen=True)
class TokenClassifier(FineTuning):
    """Fine-tune AutoModelForTokenClassification on texts and their spans.

    ``model`` as of ``transformers``; its tokenizer must be a fast one. Tokens are those of the task; a token is tagged
    where its first piece stands (Devlin et al. 2019), and a text of more than ``max_length`` pieces is cut between
    tokens into parts, which do not see each other. Tokens that nobody looked at are left out of the loss. Every fit
    begins with the model as it was published. Settings of the training: see ``Settings``.

    Evidence: elements [M, 1 + 2C], or with ``draws`` K > 0 those of K thinned networks, [M, K, 1 + 2C] (``dropout`` has
    the details); places [M, 2], cost, and paths: the tags of two tokens count as independent. Where fewer than two tags
    have a label every token has their smoothed shares.

    Cost of a fit: epochs·L passes forward and back. Needs ``pip install 'querist[text,torch]'``. Raises BadInput,
    BadData, BadLabel, LearnerFailed.

    >>> TokenClassifier("prajjwal1/bert-tiny", draws=10).eats
    'raw'
    """

    draws: int = 0
    paths: int = 10

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "any token classifier of transformers, for spans (querist[text,torch])",
        ("elements", "places", "paths", "cost"),
        eats,
        "epochs·L passes forward and back",
    )

    def __post_init__(self) -> None:
        FineTuning.__post_init__(self)
        check_count("draws", self.draws, least=0)
        check_count("paths", self.paths)

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, paths, cost."""
        return GIVES

    @cached_property
    def source(self) -> Transformers:
        """What loads the model and its tokenizer."""
        return Transformers(self.model, self.max_length)

    def fit(
        self,
        items: Items,
        targets: NDArray[Any],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Fine-tune on L texts and their spans, each int64 [S, 3]; ``warm`` is not used."""
        texts = texts_of(items, by="token-classifier")
        if targets.dtype != object:
            raise BadLabel(
                f"token-classifier learns spans, an object array [L] of tables [S, 3]: got {targets.dtype}; it belongs "
                "to the task spans"
            )
        tags = [tags_of(spans, text.offsets) for spans, text in zip(targets, texts, strict=True)]
        known = np.concatenate([*tags, np.empty(0, np.int64)])
        counts = np.bincount(known[known != UNSEEN], minlength=tag_count(classes))
        if np.count_nonzero(counts) < 2:
            return TagShares(Tags.of_shares(counts, self.draws), self.paths)
        need("torch", extra="text,torch", by="a language model")
        need("transformers", extra="text,torch", by="a language model")
        return self._trained(pieces_of(texts, self.source), known, len(counts), rng)

    def _trained(self, pieces: Pieces, tags: NDArray[np.int64], width: int, rng: np.random.Generator) -> Predictor:
        from querist.learners import _pieces

        lessons = _pieces.lessons_of(pieces, tags)
        module = self.source.loaded(width, rng, kind="TokenClassification")
        module = _pieces.taught(module, lessons, self, rng)
        masks = _pieces.masked(module, lessons, self, entropy_of(rng))
        return _pieces.TrainedTagger(module, self.source, masks, self.paths)
