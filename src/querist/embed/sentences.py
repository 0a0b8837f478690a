"""Texts as what a sentence model makes of them: any text model of transformers in a folder, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.embed.text import Texts, checked
from querist.errors import BadEvidence, BadInput, MissingExtra

ROWS = 32
STEP = 16
"""Texts are padded to a multiple of so many tokens, each by its own length: no text changes what another one gives."""
POOLINGS = ("mean", "first")


@dataclass(frozen=True)
class Sentences:
    """Describe a text by the mean of what a language model makes of its tokens, scaled to length 1.

    ``path`` is a folder with config.json, a tokenizer and model.safetensors, such as that of a model of
    sentence-transformers; nothing is fetched, and no code of a model is run. ``pooling`` "mean" averages the tokens,
    "first" takes the first one, as the model was trained. Texts are cut at ``max_length`` tokens.

    Cost: one pass forward a text, about 10 ms for a sentence and a model of six layers on one core. Needs
    ``pip install 'querist[text,torch]'``. Raises BadInput for a folder that holds no model. Source: Reimers & Gurevych
    2019.
    """

    path: str
    pooling: str = "mean"
    max_length: int = 256

    def __post_init__(self) -> None:
        if not (Path(self.path) / "config.json").is_file():
            raise BadInput(
                f"there is no text model in the folder {self.path!r}: give one that holds config.json, a tokenizer and "
                "model.safetensors"
            )
        if self.pooling not in POOLINGS:
            raise BadInput(f"the pooling of an encoder is one of {', '.join(POOLINGS)}: got {self.pooling!r}")
        if not isinstance(self.max_length, int) or self.max_length < STEP:
            raise BadInput(f"max_length must be a whole number, {STEP} or more: got {self.max_length!r}")

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: a digest of the model's files, the pooling and the length."""
        state = blake2b(digest_size=8)
        for file in sorted(Path(self.path).iterdir()):
            if file.suffix in (".json", ".txt", ".safetensors"):
                state.update(file.name.encode())
                state.update(file.read_bytes())
        state.update(repr((self.pooling, self.max_length)).encode())
        return f"sentences-1/{state.hexdigest()}"

    @cached_property
    def width(self) -> int:
        """The number of features."""
        return int(self._model.config.hidden_size)

    def encode(self, texts: Texts) -> NDArray[np.float32]:
        """Encode N texts as rows [N, D] float32 of length 1; row-wise. Raises BadData for a text that is none."""
        known = checked(texts)
        found = np.zeros((len(known), self.width), np.float32)
        numbers = self._tokenizer(known, truncation=True, max_length=self.max_length)["input_ids"] if known else []
        padded = np.array([-(-max(len(one), 1) // STEP) * STEP for one in numbers], np.int64)
        for length in np.unique(padded).tolist():
            rows = np.flatnonzero(padded == length)
            for start in range(0, len(rows), ROWS):
                part = rows[start : start + ROWS]
                found[part] = self._block([numbers[row] for row in part.tolist()], length)
        if not np.isfinite(found).all():
            raise BadEvidence(f"the encoder {Path(self.path).name} gives NaN or infinity: take another one")
        return found

    def _block(self, numbers: Sequence[Sequence[int]], length: int) -> NDArray[np.float32]:
        """Encode texts of one padded length; the block is always full, so that its size changes no digit."""
        import torch

        tokens = np.full((ROWS, length), self._tokenizer.pad_token_id or 0, np.int64)
        mask = np.zeros((ROWS, length), np.int64)
        mask[:, 0] = 1  # attention to nothing at all would be no number
        for row, one in enumerate(numbers):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        with torch.inference_mode():
            states = self._model(input_ids=torch.from_numpy(tokens), attention_mask=torch.from_numpy(mask))[0].numpy()
        return self._pooled(states, mask)[: len(numbers)]

    def _pooled(self, states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = states[:, 0]
        if self.pooling == "mean":
            weight = mask[:, :, None].astype(np.float32)
            rows = (states * weight).sum(axis=1) / weight.sum(axis=1)
        size = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
        return np.asarray(np.divide(rows, size, out=np.zeros_like(rows), where=size != 0), np.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        return self._load("AutoTokenizer")

    @cached_property
    def _model(self) -> Any:
        return self._load("AutoModel", use_safetensors=True).float().eval()

    def _load(self, kind: str, **options: Any) -> Any:
        try:
            import torch  # noqa: F401
            import transformers
        except ImportError:
            raise MissingExtra(
                "a sentence encoder needs torch and transformers: pip install 'querist[text,torch]'; without it, texts "
                "are described by TF-IDF, which needs no encoder"
            ) from None
        from querist.learners.transformers import quiet

        try:
            with quiet():
                return getattr(transformers, kind).from_pretrained(self.path, local_files_only=True, **options)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            said = " ".join(str(error).split())[:200]
            raise BadInput(
                f"cannot load the text model in {self.path!r}: {said}; give a folder with config.json, a tokenizer and "
                "model.safetensors"
            ) from None
