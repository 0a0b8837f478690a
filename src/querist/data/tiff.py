"""Whole slides and other large TIFF files: rectangles of them as items, read without the rest.

An image is a rectangle of one level of a file: ``slide.tif#1:0,512,512,256`` is level 1 (0 is the finest), then the
corner x, y and the width and height, all in pixels of that level.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.data.pool import Pool
from querist.errors import BadData, MissingExtra

ENDINGS = (".tif", ".tiff", ".svs", ".ndpi", ".scn")
_NAME = re.compile(r"(.+)#(\d+):(\d+),(\d+),(\d+),(\d+)")
_ENDS = 1 << 20


class Frame(NamedTuple):
    """A rectangle of a level: its corner and its size."""

    level: int
    x: int
    y: int
    width: int
    height: int


class Slides(NamedTuple):
    """A TIFF file, or a folder of them, to be cut into tiles."""

    path: Path


def slides_in(path: Path) -> Slides | None:
    """Take a file that ends as a slide does, or a folder that has such files; None for another."""
    if path.is_dir():
        return Slides(path) if any(p.name.lower().endswith(ENDINGS) for p in path.rglob("*")) else None
    return Slides(path) if path.name.lower().endswith(ENDINGS) else None


def is_tile(name: str) -> bool:
    """Say whether the name of an item is one of a rectangle of a TIFF file.

    >>> is_tile("a.tif#0:0,0,256,256"), is_tile("a.tif")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def parted(name: str) -> tuple[str, Frame]:
    """Part a name into the file and the rectangle.

    >>> parted("a.tif#1:0,512,256,128")
    ('a.tif', Frame(level=1, x=0, y=512, width=256, height=128))
    """
    found = _NAME.fullmatch(name)
    assert found is not None
    return found[1], Frame(*map(int, found.groups()[1:]))


def slide_tiles(source: str | Path, *, side: int = 512, level: int = 0) -> tuple[Pool, tuple[str, ...]]:
    """Make a pool of the tiles of a slide, or of every slide of a folder; and a line for each file left out.

    Tiles are ``side`` × ``side`` pixels of ``level`` (0 is the finest; those at the right and lower border are
    smaller) and do not overlap. The id is ``FILE#LEVEL:x,y,width,height``, the group the file, and the record says
    file, level, x and y: the parent of the tile, and where it lies in it. Nothing but headers is read. Raises BadData,
    MissingExtra without tifffile. Cost: O(tiles).

    >>> _grid(1000, 600, 512)[:2]
    [(0, 0, 512, 512), (512, 0, 488, 512)]
    """
    if side < 1:
        raise BadData(f"tiles need a side of 1 pixel or more: got {side}")
    path = Path(source)
    root = path if path.is_dir() else path.parent
    files = sorted(p for p in path.rglob("*") if p.name.lower().endswith(ENDINGS)) if path.is_dir() else [path]
    names, skipped = [], []
    for file in files:
        name = file.relative_to(root).as_posix()
        try:
            names.append((name, _names(file, name, side, level)))
        except BadData as error:
            skipped.append(f"{name}: {error}")
    if not names:
        raise BadData(f"no slide of {path.name!r} can be read: {skipped[0] if skipped else 'there is none'}")
    return _pool(root.resolve(), names), tuple(skipped)


def _pool(root: Path, slides: Sequence[tuple[str, Sequence[str]]]) -> Pool:
    from querist.data.images import Images

    names = [name for _, tiles in slides for name in tiles]
    frames = [parted(name)[1] for name in names]
    roots, files = np.empty(len(names), object), np.empty(len(names), object)
    roots[:], files[:] = str(root), names
    digests = np.frombuffer(b"".join(digest(str(root), name) for name in names), np.uint8).reshape(-1, 16)
    sizes = np.array([(frame.width, frame.height) for frame in frames], np.int32)
    slide = [file for file, tiles in slides for _ in tiles]
    records = [{"slide": s, "level": f.level, "x": f.x, "y": f.y} for s, f in zip(slide, frames, strict=True)]
    group = np.repeat(np.arange(len(slides)), [len(tiles) for _, tiles in slides]).astype(np.int64)
    several = "1 slide" if len(slides) == 1 else f"{len(slides)} slides"
    notes = [f"{len(names):,} tiles of {several}; the group of a tile is its slide"]
    return Pool(tuple(names), Images(roots, files, digests, sizes), records, group, "image", {"notes": notes})


def _names(file: Path, name: str, side: int, level: int) -> list[str]:
    with _opened(file) as slide:
        page = _page(slide, level)
        width, height = int(page.imagewidth), int(page.imagelength)
    return [f"{name}#{level}:{','.join(map(str, frame))}" for frame in _grid(width, height, side)]


def _grid(width: int, height: int, side: int) -> list[tuple[int, int, int, int]]:
    return [
        (x, y, min(side, width - x), min(side, height - y))
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def _opened(file: Path) -> Any:
    try:
        import tifffile
    except ImportError:
        raise MissingExtra("large TIFF files need tifffile: pip install 'querist[medical]'") from None
    try:
        return tifffile.TiffFile(file)
    except (tifffile.TiffFileError, OSError, ValueError) as error:
        raise BadData(f"it cannot be read as TIFF ({type(error).__name__})") from None


def _page(slide: Any, level: int) -> Any:
    levels = slide.series[0].levels if slide.series else []
    if level >= len(levels):
        raise BadData(f"it has {len(levels)} levels: level {level} is not there, 0 is the finest")
    page = levels[level].pages[0]
    if page.samplesperpixel not in (1, 3, 4) or (page.samplesperpixel > 1 and page.planarconfig != 1):
        raise BadData(
            f"its pixels have {page.samplesperpixel} channels, kept apart: one, or three side by side, are read"
        )
    return page


def inner(name: str, frame: tuple[int, int, int, int]) -> str:
    """Name a rectangle (x, y, width, height) of a rectangle.

    >>> inner("a.tif#1:512,512,256,256", (10, 0, 8, 8))
    'a.tif#1:522,512,8,8'
    """
    file, outer = parted(name)
    x, y, width, height = frame
    return f"{file}#{outer.level}:{outer.x + x},{outer.y + y},{width},{height}"


def pixels(root: str, name: str) -> NDArray[Any]:
    """Read one rectangle, [height, width] or [height, width, channels], with no more of the file than it touches.

    In memory are the rectangle and one tile (or strip) of the file. Raises BadData.
    """
    file, frame = parted(name)
    with _opened(Path(root, file)) as slide:
        page = _page(slide, frame.level)
        if frame.x + frame.width > page.imagewidth or frame.y + frame.height > page.imagelength:
            raise BadData(f"{name!r} lies outside its slide of {page.imagewidth} × {page.imagelength} pixels")
        try:
            return _gathered(slide, page, frame)
        except (ValueError, RuntimeError, OSError, ImportError) as error:
            raise BadData(
                f"{name!r} cannot be decoded ({type(error).__name__}): its compression is {page.compression.name}; "
                "pip install 'querist[medical]' brings decoders"
            ) from None


def _gathered(slide: Any, page: Any, frame: Frame) -> NDArray[Any]:
    """Decode the tiles or strips that a rectangle touches, one at a time."""
    high, wide = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    across = -(-page.imagewidth // wide)
    found = np.zeros((frame.height, frame.width, page.samplesperpixel), page.dtype)
    for row in range(frame.y // high, -(-(frame.y + frame.height) // high)):
        for column in range(frame.x // wide, -(-(frame.x + frame.width) // wide)):
            part = _chunk(slide, page, row * across + column)
            if part is not None:
                _place(found, part, (column * wide - frame.x, row * high - frame.y))
    return found[:, :, 0] if page.samplesperpixel == 1 else found


def _chunk(slide: Any, page: Any, index: int) -> NDArray[Any] | None:
    """Decode one tile or strip; None where the file leaves it out, as empty background."""
    count = page.databytecounts[index]
    if not count:
        return None
    slide.filehandle.seek(page.dataoffsets[index])
    data = slide.filehandle.read(count)  # before the decoder is looked up, which moves in the file
    decoded = page.decode(data, index, jpegtables=page.jpegtables)[0]
    part: NDArray[Any] | None = None if decoded is None else decoded[0]
    return part


def _place(found: NDArray[Any], part: NDArray[Any], at: tuple[int, int]) -> None:
    """Copy what falls into the rectangle; ``at`` is the corner of the part as seen from the rectangle's."""
    (x, y), (height, width) = at, found.shape[:2]
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + part.shape[0], height), min(x + part.shape[1], width)
    if bottom > top and right > left:
        found[top:bottom, left:right] = part[top - y : bottom - y, left - x : right - x]


def image(root: str, name: str) -> Any:
    """Decode one rectangle as 8 bits, grey or colour, of ``PIL.Image``; raises BadData."""
    from PIL import Image

    from querist.data.images import stretched

    found = pixels(root, name)
    colour = found[:, :, :3] if found.ndim == 3 else found
    return Image.fromarray(np.ascontiguousarray(colour) if colour.dtype == np.uint8 else stretched(colour))


def digest(root: str, name: str) -> bytes:
    """Digest the size and both ends of a file, and the rectangle; 16 bytes.

    Slides have gigabytes: a change in their middle that keeps the size is not seen. Raises BadData.
    """
    file, frame = parted(name)
    path = Path(root, file)
    try:
        stat = path.stat()
        ends = _ends(str(path), stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise BadData(f"cannot read the slide {file!r}: {error.strerror or error}") from None
    return blake2b(ends + repr(tuple(frame)).encode(), digest_size=16).digest()


@lru_cache(maxsize=256)
def _ends(path: str, changed: int, size: int) -> bytes:
    state = blake2b(str(size).encode(), digest_size=16)
    with open(path, "rb") as file:
        state.update(file.read(_ENDS))
        file.seek(max(0, size - _ENDS))
        state.update(file.read(_ENDS))
    return state.digest()
