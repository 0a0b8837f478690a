"""Frozen representations: what turns raw items into features, before any label is known."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol

from querist._load import parse
from querist.errors import BadInput, UnknownName, near

__all__ = ["Encoder", "encode_pool", "encoder_for", "image_encoder"]


class Encoder(Protocol):
    """A representation that never changes."""

    @property
    def version(self) -> str:
        """Name what decides the encoding, for caches and logs."""
        ...

    def encode(self, items: Any) -> Any:
        """Turn N raw items into a feature matrix [N, D], row-wise."""
        ...


def encode_pool(items: Any, encoder: str | None = None, *, cache: Path | None = None) -> tuple[Encoder | None, Any]:
    """Fit the encoder that a pool needs, and encode the pool in the same pass.

    Texts become TF-IDF; images what ``image_encoder(encoder)`` makes of them, kept below the folder ``cache`` if one is
    given; numbers stay as they are. Raises BadInput for an encoder where the items are no images.

    >>> import numpy as np
    >>> encode_pool(np.array(["a text", "another"], dtype=object))[1].shape
    (2, 4)
    """
    if is_images(items):
        return _encode_images(items, encoder, cache)
    if encoder is not None:
        raise BadInput(f"the encoder {encoder!r} reads images: these items are none; leave the encoder away")
    if getattr(getattr(items, "dtype", None), "kind", "O") not in ("O", "U", "T"):
        return None, items
    from querist.embed.text import Tfidf

    return Tfidf().fit_encode(items)


def is_images(items: Any) -> bool:
    """Say whether items are images on the disk."""
    return hasattr(items, "pixels")


def _encode_images(items: Any, encoder: str | None, cache: Path | None) -> tuple[Encoder, Any]:
    made = image_encoder(encoder)
    if cache is None:
        return made, made.encode(items)
    from querist.embed.cache import Cache

    keys = [row.tobytes() for row in items.digests]
    return made, Cache(cache, made.version, made.width).rows(keys, lambda rows: made.encode(items[rows]))


def image_encoder(text: str | None = None) -> Any:
    """Build the encoder of images that a text names; None: ``pixels``, which needs nothing.

    Either ``pixels``, ``particles`` (single particles, turned as they like), the path of an .onnx file, or
    ``onnx(path='FILE', scale='imagenet', output='NAME')``. Raises UnknownName, BadInput.

    >>> image_encoder("pixels").version
    'pixels-1'
    """
    from querist.embed.image import Pixels
    from querist.embed.onnx import Onnx

    if text is None or text == "pixels":
        return Pixels()
    if text == "particles":
        from querist.embed.particles import Particles

        return Particles()
    if text.lower().endswith(".onnx"):
        return Onnx(text)
    spec = parse(text)
    if spec.name != "onnx":
        raise UnknownName(
            f"no encoder of images is called {spec.name!r}: {near(spec.name, ['pixels', 'particles', 'onnx'])}; or "
            "give the path of an .onnx file"
        )
    try:
        return Onnx(**spec.options)
    except TypeError:
        raise BadInput(f"cannot build {text!r}: the options of onnx are path, scale and output") from None


def spec_of_encoder(encoder: Any) -> str:
    """Write an ``Onnx`` as ``image_encoder`` reads it.

    >>> from querist.embed.onnx import Onnx
    >>> spec_of_encoder(Onnx(__file__, scale="unit")) == f"onnx(path={__file__!r}, scale='unit', output=None)"
    True
    """
    options = ((field.name, getattr(encoder, field.name)) for field in fields(encoder))
    return f"onnx({', '.join(f'{name}={value!r}' for name, value in options)})"


def encoder_for(items: Any, encoder: str | None = None) -> Encoder | None:
    """Fit the encoder that the items of a pool need: TF-IDF for texts, None for numbers, ``image_encoder`` for images.

    >>> import numpy as np
    >>> encoder_for(np.zeros((2, 3))) is None
    True
    >>> encoder_for(np.array(["a text", "another"], dtype=object)).encode(["a text"]).shape
    (1, 4)
    """
    if is_images(items):
        made: Encoder = image_encoder(encoder)
        return made
    return encode_pool(items, encoder)[0]
