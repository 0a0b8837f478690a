"""Representations: what turns raw items into features, before any label is known."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from querist._load import parse
from querist.errors import BadInput, UnknownName, near

__all__ = ["Encoder", "encode_pool", "encoder_for", "image_encoder", "text_encoder"]


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

    Texts become what ``text_encoder(encoder)`` makes of them, TF-IDF by default; images what ``image_encoder(encoder)``
    makes; numbers stay as they are. What a frozen encoder makes is kept below the folder ``cache`` if one is given; of
    images, a fitted encoder too, what it makes of its pool, and what its frozen ``base`` makes.
    Raises BadInput for an encoder where the items are neither.

    >>> import numpy as np
    >>> encode_pool(np.array(["a text", "another"], dtype=object))[1].shape
    (2, 4)
    """
    if is_images(items):
        return _encode_image_pool(image_encoder(encoder), items, cache)
    if getattr(getattr(items, "dtype", None), "kind", "O") not in ("O", "U", "T"):
        if encoder is not None:
            raise BadInput(f"the encoder {encoder!r} reads images or texts: these items are numbers; leave it away")
        return None, items
    made = text_encoder(encoder)
    if not is_frozen(made):
        fitted: tuple[Encoder, Any] = made.fit_encode(items)
        return fitted
    keys = [blake2b(str(text).encode("utf-8", "replace"), digest_size=16).digest() for text in items]
    return _encode_frozen(made, items, keys, cache)


def _encode_image_pool(made: Any, items: Any, cache: Path | None) -> tuple[Encoder, Any]:
    if is_frozen(made):
        return made, encode_images(made, items, cache)
    read = lru_cache(maxsize=1)(partial(encode_images, made.base, items, cache))
    if cache is None:
        fitted: tuple[Encoder, Any] = made.fit_rows(read())
        return fitted
    from querist.embed.fitted import FittedCache

    return FittedCache(cache, made).pool(_contents(items), read)


def encode_images(frozen: Any, items: Any, cache: Path | None) -> Any:
    """Encode images by what never changes: a frozen encoder, or the ``base`` of one that is fitted on its pool."""
    return _encode_frozen(frozen, items, _contents(items), cache)[1]


def _contents(items: Any) -> list[bytes]:
    return [row.tobytes() for row in items.digests]


def is_images(items: Any) -> bool:
    """Say whether items are images on the disk."""
    return hasattr(items, "pixels")


def is_frozen(encoder: Any) -> bool:
    """Say whether an encoder never changes, so that what it makes can be kept; TF-IDF is fitted on its pool.

    >>> [is_frozen(each) for each in (text_encoder(), image_encoder(), image_encoder("particles"))]
    [False, True, False]
    """
    return not hasattr(encoder, "fit_encode")


def fitted_as(encoder: str | None) -> str | None:
    """Name what decides the features of an encoder that is fitted on its pool, beside the pool; None for a frozen one.

    >>> fitted_as("tfidf(characters=(2, 5))"), fitted_as("pixels"), fitted_as(None)
    ('tfidf(characters=(2, 5))', None, None)
    >>> fitted_as("particles").startswith(image_encoder("particles").base.version)
    True
    """
    if encoder == "particles":
        return str(image_encoder(encoder).version)
    return encoder if (encoder or "").startswith("tfidf") else None


def _encode_frozen(made: Any, items: Any, keys: list[bytes], cache: Path | None) -> tuple[Encoder, Any]:
    if cache is None:
        return made, made.encode(items)
    from querist.embed.cache import Cache

    return made, Cache(cache, made.version, made.width).rows(keys, lambda rows: made.encode(items[rows]))


def text_encoder(text: str | None = None) -> Any:
    """Build the encoder of texts that a text names; None: ``tfidf``, words and word pairs, which needs nothing.

    Either ``tfidf(characters=(2, 5))`` with any option of ``querist.embed.text.Tfidf``, or the folder of a text model,
    or ``sentences(path='FOLDER', pooling='mean', max_length=256)``. Raises UnknownName, BadInput.

    >>> text_encoder("tfidf(characters=(2, 5))").characters
    (2, 5)
    """
    from querist.embed.sentences import Sentences
    from querist.embed.text import Tfidf

    if text is not None and Path(text).is_dir():
        return Sentences(text)
    spec = parse(text or "tfidf")
    made = {"tfidf": Tfidf, "sentences": Sentences}.get(spec.name)
    if made is None:
        raise UnknownName(
            f"no encoder of texts is called {spec.name!r}: {near(spec.name, ['tfidf', 'sentences'])}; or give the "
            "folder of a text model"
        )
    try:
        return made(**spec.options)
    except TypeError:
        options = ", ".join(field.name for field in fields(made))
        raise BadInput(f"cannot build {text!r}: the options of {spec.name} are {options}") from None


def image_encoder(text: str | None = None) -> Any:
    """Build the encoder of images that a text names; None: ``pixels``, which needs nothing.

    Either ``pixels``, ``particles`` (single particles, turned as they like; fitted on its pool), the path of an .onnx
    file, or ``onnx(path='FILE', scale='imagenet', output='NAME')``. Raises UnknownName, BadInput.

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
    """Write an encoder with its options, as ``image_encoder`` and ``text_encoder`` read it.

    >>> from querist.embed.onnx import Onnx
    >>> spec_of_encoder(Onnx(__file__, scale="unit")) == f"onnx(path={__file__!r}, scale='unit', output=None)"
    True
    """
    options = ((field.name, getattr(encoder, field.name)) for field in fields(encoder))
    return f"{type(encoder).__name__.lower()}({', '.join(f'{name}={value!r}' for name, value in options)})"


def encoder_for(items: Any, encoder: str | None = None) -> Encoder | None:
    """Fit the encoder that the items of a pool need: as ``encode_pool``, but images are read by a fitted one alone.

    >>> import numpy as np
    >>> encoder_for(np.zeros((2, 3))) is None
    True
    >>> encoder_for(np.array(["a text", "another"], dtype=object)).encode(["a text"]).shape
    (1, 4)
    """
    if is_images(items) and is_frozen(made := image_encoder(encoder)):
        frozen: Encoder = made
        return frozen
    return encode_pool(items, encoder)[0]
