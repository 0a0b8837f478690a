"""Images as they go over the wire: PNG, JPEG or WebP, of a limited number of pixels."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from querist.data.images import PIXELS, Picture, as_png
from querist.errors import BadData

AS_THEY_ARE = frozenset({"image/png", "image/jpeg", "image/webp"})


class Shown(NamedTuple):
    """Encoded bytes and their media type."""

    data: bytes
    kind: str


def shown(picture: Picture, width: int | None) -> Shown:
    """Bring a picture to a kind that every browser draws and none runs, no wider than asked for; raises BadData."""
    small = width is not None and width < picture.width
    if picture.media_type in AS_THEY_ARE and not small:
        return Shown(picture.data, picture.media_type)
    return Shown(_drawn_again(picture, width if small else None), "image/png")


def _drawn_again(picture: Picture, width: int | None) -> bytes:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            if opened.width * opened.height > PIXELS:
                raise BadData(f"the image has {opened.width} × {opened.height} pixels, the limit is {PIXELS:,} in all")
            return as_png(_small(opened, width))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadData(f"the image cannot be drawn: {error}") from None


def _small(opened: Any, width: int | None) -> Any:
    from PIL import ImageOps

    image = ImageOps.exif_transpose(opened)
    image = image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")
    if width is None:
        return image
    return image.resize((width, max(round(image.height * width / image.width), 1)))
