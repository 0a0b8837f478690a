"""Fine-tuned language models as learners of texts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Rows
from querist.errors import BadData, BadInput
from querist.learners._constant import entropy_of
from querist.learners._drawn import GIVES, check_count
from querist.learners._extra import need
from querist.learners._fine_tuning import STEP, FineTuning
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.learners.torch import TorchPredictor
from querist.view import Need

if TYPE_CHECKING:
    from querist.learners._lesson import Lesson
    from querist.learners._network import Network

PADDING = -1
ROWS = 32


@dataclass(frozen=True)
class Transformers(FineTuning):
    """Fine-tune AutoModelForSequenceClassification on texts.

    ``model`` is a folder, or a name on the Hugging Face hub, which is then asked for it unless it was fetched before or
    QUERIST_OFFLINE=1 forbids that. Weights are read from safetensors only, and no code of a model is run. Texts are cut
    at ``max_length`` tokens. Every fit begins with the model as it was published. Settings of the training: see
    ``Settings``; the defaults here are those usual for fine-tuning.

    Evidence: probs; embed, what enters the last linear layer; head, that layer; draws [N, K, C] from the Laplace
    posterior of the head. ``dropout``, ``ensemble``, ``laplace`` and ``bnn`` take it as their base. Without labels of
    two classes probs are the smoothed shares, and embed is that of the model before any training.

    Cost of a fit: epochs·L passes forward and back. Needs ``pip install 'querist[text,torch]'``. Raises BadInput for a
    model that cannot be loaded, BadData for items that are no texts.

    >>> Transformers("prajjwal1/bert-tiny", epochs=3).eats
    'raw'
    """

    draws: int = 50

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "any text classifier of transformers (querist[text,torch])",
        tuple(sorted(GIVES)),
        eats,
        "epochs·L passes forward and back",
    )

    def __post_init__(self) -> None:
        FineTuning.__post_init__(self)
        check_count("draws", self.draws)

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, embed, head."""
        return GIVES

    def fit(
        self,
        items: Items,
        targets: NDArray[np.int64],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Fine-tune; ``warm`` is not used. Raises BadInput, BadData, BadLabel, LearnerFailed, MissingExtra."""
        lesson = self.lesson(items, targets, classes=classes, pool=pool)
        if lesson.hopeless:
            return lesson.constant(GIVES, self.draws, entropy_of(rng))
        return TorchPredictor(self.network(lesson, rng), lesson, self.draws, entropy_of(rng))

    def lesson(self, items: Items, targets: NDArray[np.int64], *, classes: int, pool: Items | None) -> Lesson:
        """Read what is to be learnt; raises BadData, BadLabel, MissingExtra."""
        need("torch", extra="text,torch", by="a language model")
        need("transformers", extra="text,torch", by="a language model")
        from querist.learners._lesson import Lesson

        return Lesson.of(Texts(self), items, targets, classes=classes)

    def network(
        self, lesson: Lesson, rng: np.random.Generator, *, warm: Predictor | None = None, anew: bool = False
    ) -> Network:
        """Fine-tune one model; ``anew`` changes nothing: the layer of the classes is always a new one."""
        from querist.learners._build import taught

        module = self.loaded(len(lesson.counts), rng)
        done = taught(module, lesson, self, rng)
        return self._as_network(done.module, lesson, done.notes)

    def restored(self, lesson: Lesson, state: Mapping[str, Any]) -> Network:
        """Make a network of weights that were trained in another process."""
        from querist.learners._build import with_state
        from querist.learners._training import device_of

        module = self.loaded(len(lesson.counts), np.random.default_rng(0))
        return self._as_network(with_state(module, state).to(device_of(self.device)), lesson)

    def loaded(self, classes: int, rng: np.random.Generator, *, kind: str = "SequenceClassification") -> Any:
        """Load the model with a new layer for the classes of texts or tokens; raises BadInput."""
        import transformers

        from querist.learners._training import device_of, own_generator

        auto = getattr(transformers, f"AutoModelFor{kind}")
        with own_generator(rng, device_of("cpu")):
            return self._load(auto, num_labels=classes, ignore_mismatched_sizes=True, use_safetensors=True).float()

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer that belongs to the model."""
        from transformers import AutoTokenizer

        found = self._load(AutoTokenizer)
        if found.pad_token_id is None:
            found.pad_token = found.eos_token
        return found

    def _as_network(self, module: Any, lesson: Lesson, notes: tuple[str, ...] = ()) -> Network:
        from querist.learners._network import network_of

        module.config.pad_token_id = self.tokenizer.pad_token_id
        return replace(network_of(module, lesson.reader, lesson.known, notes=notes), size=ROWS)

    def _load(self, kind: Any, **options: Any) -> Any:
        offline = os.environ.get("QUERIST_OFFLINE", "") not in ("", "0")
        try:
            with quiet():
                return kind.from_pretrained(self.model, local_files_only=offline, **options)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            where = " (QUERIST_OFFLINE forbids to look on the hub)" if offline else ""
            said = " ".join(str(error).split())[:200]
            raise BadInput(
                f"cannot load the model {self.model!r}{where}: {said}; give the folder of a text model with its "
                "tokenizer and model.safetensors, or its name on the hub"
            ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the notices and bars of a loading away: that the layer of the classes is new is meant."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts as a language model takes them; what is read are token numbers [N, max_length], −1 where a text ended."""

    source: Transformers

    def alone(self) -> Texts:
        """Give itself: it holds no pool."""
        return self

    def read(self, items: Items) -> NDArray[np.int32]:
        """Tokenise texts; raises BadData for items of another kind."""
        texts = items.tolist() if isinstance(items, np.ndarray) and items.dtype == object else None
        if texts is None or not all(isinstance(text, str) for text in texts):
            got = f"an array of {items.dtype}" if isinstance(items, np.ndarray) else type(items).__name__
            raise BadData(f"transformers reads texts: got {got}; give a pool of texts (text=… names the column)")
        out = np.full((len(texts), self.source.max_length), PADDING, np.int32)
        if texts:
            found = self.source.tokenizer(texts, truncation=True, max_length=self.source.max_length)["input_ids"]
            for row, numbers in enumerate(found):
                out[row, : len(numbers)] = numbers
        return out

    def embed(self, matrix: NDArray[np.int32]) -> Array:
        """Represent texts by the model before it is trained."""
        from querist.learners._network import network_of

        module = self.source.loaded(2, np.random.default_rng(0))
        network = replace(network_of(module, self, matrix), size=ROWS)
        return network.apply(matrix, network.forward)[1]

    def inputs(self, matrix: NDArray[np.int32], rows: Rows | slice) -> dict[str, Any]:
        """Give some texts as token numbers and mask, as long as the longest of them needs."""
        found = matrix[rows]
        return self._inputs(found[:, : int(_padded(found).max(initial=STEP))])

    def blocks(self, matrix: NDArray[np.int32], size: int) -> Iterator[tuple[Rows, dict[str, Any]]]:
        """Cut texts of one padded length into blocks of ``size``, filled up with empty ones; one block at least."""
        lengths = _padded(matrix)
        for length in np.unique(lengths) if len(lengths) else [STEP]:
            same = np.flatnonzero(lengths == length)
            for start in range(0, max(len(same), 1), size):
                rows = same[start : start + size]
                block = np.full((size, int(length)), PADDING, np.int32)
                block[: len(rows)] = matrix[rows, : int(length)]
                yield rows, self._inputs(block)

    def _inputs(self, numbers: NDArray[np.int32]) -> dict[str, Any]:
        import torch

        mask = numbers != PADDING
        mask[:, 0] = True  # attention to nothing at all would be no number
        filled = np.where(numbers == PADDING, self.source.tokenizer.pad_token_id, numbers).astype(np.int64)
        return {"input_ids": torch.from_numpy(filled), "attention_mask": torch.from_numpy(mask.astype(np.int64))}


def _padded(matrix: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give the padded length of every text, at most the width, [N]."""
    lengths = (matrix != PADDING).sum(axis=1)
    return np.asarray(np.minimum(np.maximum(-(-lengths // STEP), 1) * STEP, matrix.shape[1]))
