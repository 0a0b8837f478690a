"""How a published language model is trained on, for texts and for tokens alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from querist.errors import BadInput
from querist.learners._drawn import check_count
from querist.learners._settings import Settings

STEP = 16
"""Texts are padded to a multiple of so many tokens, each by its own length: no text changes what another one gives."""


@dataclass(frozen=True)
class FineTuning(Settings):
    """Which model is fine-tuned, and how: the defaults are those usual for language models.

    ``model`` is a folder, or a name on the Hugging Face hub; texts have ``max_length`` tokens at most. The rest is told
    under ``Settings``. Raises BadInput.

    >>> FineTuning("prajjwal1/bert-tiny").epochs
    20
    """

    model: str
    max_length: int = 128
    epochs: int = field(default=20, kw_only=True)
    rate: float = field(default=5e-5, kw_only=True)
    decay: float = field(default=0.01, kw_only=True)
    batch: int = field(default=16, kw_only=True)
    patience: int = field(default=5, kw_only=True)

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        check_count("max_length", self.max_length, least=STEP)
        if not isinstance(self.model, str) or not self.model:
            raise BadInput(f"model must be a folder, or a name on the Hugging Face hub: got {self.model!r}")
