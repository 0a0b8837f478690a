"""Frozen representations: what turns raw items into features, before any label is known."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["Encoder", "encoder_for"]


class Encoder(Protocol):
    """A representation that never changes."""

    @property
    def version(self) -> str:
        """Name what decides the encoding, for caches and logs."""
        ...

    def encode(self, items: Any) -> Any:
        """Turn N raw items into a feature matrix [N, D], row-wise."""
        ...


def encode_pool(items: Any) -> tuple[Encoder | None, Any]:
    """Fit the encoder that a pool needs, and encode the pool in the same pass.

    >>> import numpy as np
    >>> encode_pool(np.array(["a text", "another"], dtype=object))[1].shape
    (2, 4)
    """
    if getattr(getattr(items, "dtype", None), "kind", "O") not in ("O", "U", "T"):
        return None, items
    from querist.embed.text import Tfidf

    return Tfidf().fit_encode(items)


def encoder_for(items: Any) -> Encoder | None:
    """Fit the encoder that the items of a pool need: TF-IDF for texts, None for numbers.

    >>> import numpy as np
    >>> encoder_for(np.zeros((2, 3))) is None
    True
    >>> encoder_for(np.array(["a text", "another"], dtype=object)).encode(["a text"]).shape
    (1, 4)
    """
    return encode_pool(items)[0]
