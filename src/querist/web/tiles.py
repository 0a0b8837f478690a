"""Tiles of large images: where somebody looks closely, the pixels as they are, in the contrast of the whole picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.data import mrc
from querist.data.images import Images, as_png
from querist.web import levels
from querist.web.images import Shown
from querist.web.levels import One

SIDE = 512
"""Pixels a side of a tile; those at the right and lower border are smaller."""
DEEPEST = 8
"""The coarsest level: a tile of it covers more than any image has."""


class Tile(NamedTuple):
    """The place of a tile: its column and row among those of a level, of which 0 has the pixels as they are."""

    level: int
    x: int
    y: int

    def frame(self, width: int, height: int) -> tuple[int, int, int, int] | None:
        """Give the rectangle of an image that it covers, in pixels of level 0; None where the image does not reach.

        >>> Tile(1, 1, 0).frame(1500, 600), Tile(0, 3, 0).frame(1500, 600)
        ((1024, 0, 476, 600), None)
        """
        whole = SIDE << self.level
        left, top = self.x * whole, self.y * whole
        if left >= width or top >= height:
            return None
        return left, top, min(whole, width - left), min(whole, height - top)


def drawn(images: Images, tile: Tile, window: tuple[float, float] | None) -> Shown | None:
    """Draw a tile of one image in a window (centre, width) of its values, or as its whole picture has them.

    None where the image has no such tile. Of MRC files and of rectangles of TIFF files no more than the tile is read;
    others are decoded whole, and the last one is kept. Raises BadData.
    """
    width, height = images.sizes[0].tolist()
    frame = tile.frame(width, height)
    if frame is None:
        return None
    factor, one = 1 << tile.level, One.of(images)
    if window is not None:
        return levels.cut_out(images, _values(one, frame, factor), *window)
    if mrc.is_mrc(one.name):
        return _png(mrc.contrast(_values(one, frame, factor), _span(one)))
    left, top, wide, high = frame
    part = _upright(one).crop((left, top, left + wide, top + high))
    return Shown(as_png(part.reduce(factor) if factor > 1 else part), "image/png")


def _png(grey: NDArray[np.uint8]) -> Shown:
    from PIL import Image

    return Shown(as_png(Image.fromarray(grey)), "image/png")


def _values(one: One, frame: tuple[int, int, int, int], factor: int) -> NDArray[np.float32]:
    found = one.images.cut(0, frame, factor)
    if found is not None:
        return found
    left, top, width, height = frame
    return mrc.binned(_whole(one)[top : top + height, left : left + width], factor)


@lru_cache(maxsize=16)
def _span(one: One) -> tuple[Any, Any]:
    """The values that the whole picture has black and white."""
    return mrc.span(one.images.values(0, one.factor))


@lru_cache(maxsize=1)
def _whole(one: One) -> NDArray[np.float32]:
    return one.images.values(0)


@lru_cache(maxsize=1)
def _upright(one: One) -> Any:
    return one.images.upright(0)
