"""MRC files: micrographs, and stacks of particle images, read where somebody looks and no farther.

Which row is where, said once: an MRC file stores row y = 0 first, and within a row column x = 0. Coordinates count from
there, as RELION's do. The browser shows row 0 at the top, so y grows downwards. Programs that put the origin at the
bottom left (IMOD, EMAN2's display) show the same file upside down; the numbers are the same.

An item is named by its file, and what of it is meant: ``a.mrc``, ``a.mrc#512,0,512,512`` for a rectangle (x, y, width,
height, which may reach over the border), ``a.mrcs#7@`` for the section number 7 of a stack, from 1 as RELION counts.
"""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData, MissingExtra

ENDINGS = (".mrc", ".mrcs", ".mrc.gz", ".mrc.bz2", ".mrcs.gz", ".mrcs.bz2")
"""The endings, in any case, by which a file counts as MRC."""
SHOWN = 2048
"""The most pixels a side of what a browser gets: a larger micrograph is shown at a half, a third … of its size."""
BLOCK = 1 << 22
"""Pixels that are read at once, so that a micrograph of any size needs little memory."""
CHECKED = 1 << 25
"""A file of no more pixels is looked through for NaN when it is added; of a larger one only its head is read."""
_HEAD = 1024
_NAME = re.compile(r"(?P<file>[^#]*)(#((?P<section>\d+)@)?((?P<frame>-?\d+,-?\d+,\d+,\d+))?)?")

Values = NDArray[np.float32]


class Head(NamedTuple):
    """What the head of a file says: columns, rows, sections, the numbers, where they start, Å per pixel or None."""

    width: int
    height: int
    sections: int
    kind: np.dtype[Any]
    offset: int
    pixel_size: float | None


class Part(NamedTuple):
    """A file and what of it is meant: the section from 0, and the rectangle (x, y, width, height) or None for all."""

    file: str
    section: int = 0
    frame: tuple[int, int, int, int] | None = None

    @property
    def name(self) -> str:
        """Write it as an item is named.

        >>> Part("a.mrc", 0, (512, 0, 64, 64)).name, Part("b.mrcs", 6).name, Part("a.mrc").name
        ('a.mrc#512,0,64,64', 'b.mrcs#7@', 'a.mrc')
        """
        section = f"{self.section + 1}@" if self.file.lower().split(".mrc")[-1].startswith("s") else ""
        frame = "" if self.frame is None else ",".join(map(str, self.frame))
        return f"{self.file}#{section}{frame}" if section or frame else self.file


def is_mrc(name: str) -> bool:
    """Say whether a name is that of an MRC file, or of a part of one.

    >>> is_mrc("a.MRC"), is_mrc("a.mrc.bz2#0,0,8,8"), is_mrc("a.png")
    (True, True, False)
    """
    return name.partition("#")[0].lower().endswith(ENDINGS)


def part_of(name: str) -> Part:
    """Read the name of an item; raises BadData.

    >>> part_of("b.mrcs#7@")
    Part(file='b.mrcs', section=6, frame=None)
    """
    found = _NAME.fullmatch(name)
    if found is None or found["section"] == "0":
        raise BadData(f"cannot read the name {name!r}: write FILE, FILE#x,y,width,height or FILE#section@")
    frame = None if found["frame"] is None else tuple(int(number) for number in found["frame"].split(","))
    return Part(found["file"], int(found["section"] or 1) - 1, frame)  # type: ignore[arg-type]


def head(path: Path) -> Head:
    """Read the head of a file; raises BadData for one that is damaged, cut short or of an unknown mode.

    Modes: 0 int8, 1 int16, 2 float32, 6 uint16, 12 float16, and 4 complex64, of which the magnitude is shown.
    """
    if not path.is_file():
        raise BadData(f"the micrograph {path.name!r} is not in {str(path.parent)!r}: put it there, or mend its name")
    return _head(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=4096)
def _head(path: Path, changed: int, size: int) -> Head:
    raw = _read_head(path)
    columns, rows, sections = int(raw.nx), int(raw.ny), int(raw.nz)
    if min(columns, rows, sections) < 1:
        raise BadData(f"{path.name} says that it has {columns} × {rows} × {sections} pixels: it is no image")
    kind = _kind(path, int(raw.mode), raw.nx.dtype.byteorder)
    offset = _HEAD + int(raw.nsymbt)
    found = Head(columns, rows, sections, kind, offset, _pixel_size(raw))
    wanted = offset + columns * rows * sections * kind.itemsize
    if not _is_packed(path) and size < wanted:
        raise BadData(
            f"{path.name} is cut short: its head tells of {columns} × {rows} × {sections} pixels, {wanted:,} bytes, "
            f"and it has {size:,}; fetch it again"
        )
    return found


def _read_head(path: Path) -> Any:
    mrcfile = _library()
    try:
        with mrcfile.open(path, header_only=True) as file:
            return file.header
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise BadData(f"{path.name} is not a whole MRC file: {_line(error)}") from None


def _library() -> Any:
    try:
        import mrcfile
    except ImportError:
        raise MissingExtra("reading MRC files needs mrcfile: pip install 'querist[cryoem]'") from None
    return mrcfile


def _kind(path: Path, mode: int, order: str) -> np.dtype[Any]:
    known = {0: "i1", 1: "i2", 2: "f4", 4: "c8", 6: "u2", 12: "f2"}
    if mode not in known:
        raise BadData(
            f"{path.name} is of mode {mode}: known are {', '.join(map(str, known))}; convert it, for example with "
            "`newstack -mode 2` of IMOD"
        )
    return np.dtype(known[mode]).newbyteorder(order)  # type: ignore[arg-type]


def _pixel_size(raw: Any) -> float | None:
    size = float(raw.cella.x) / int(raw.mx) if int(raw.mx) > 0 else 0.0
    return round(size, 6) if 0 < size < float("inf") else None


def sizes(root: str, name: str) -> tuple[int, int]:
    """Give width and height of an item; raises BadData for a section or a rectangle that the file does not have."""
    part = part_of(name)
    found = head(Path(root, part.file))
    if part.section >= found.sections:
        raise BadData(f"{part.file} has {found.sections} sections: there is no number {part.section + 1}")
    if part.frame is None:
        return found.width, found.height
    x, y, width, height = part.frame
    if x >= found.width or y >= found.height or x + width <= 0 or y + height <= 0 or not width or not height:
        raise BadData(f"the rectangle {part.frame} lies outside {part.file}, of {found.width} × {found.height} pixels")
    return width, height


def values(root: str, name: str, factor: int = 1) -> Values:
    """Read the pixels of an item, float32 [⌈height / factor⌉, ⌈width / factor⌉], each the mean of factor² pixels.

    Means of squares, and not a cut in Fourier space: they need one pass over the file and the memory of a few rows, so
    a micrograph of any size is read; an ice crystal or a hot pixel rings nowhere; and a place keeps its meaning, x in
    the small one being factor·x + (factor − 1) / 2 in the file. The price is a contrast of 0.64 at the new Nyquist
    frequency, and noise from above it folded in at that strength at most. Beyond the border the edge repeats. Raises
    BadData that names the first pixel that is NaN or infinite.
    """
    return cut(root, name, (0, 0, *sizes(root, name)), factor)


def cut(root: str, name: str, frame: tuple[int, int, int, int], factor: int = 1) -> Values:
    """Read a rectangle (x, y, width, height) of an item as ``values`` reads all of it, and no more rows of the file."""
    part = part_of(name)
    sizes(root, name)
    x, y = (0, 0) if part.frame is None else part.frame[:2]
    left, above, width, height = x + frame[0], y + frame[1], frame[2], frame[3]
    step = max(1, BLOCK // max(1, width * factor)) * factor
    blocks = [
        binned(_rows(Path(root, part.file), part.section, (left, above + top, width, min(step, height - top))), factor)
        for top in range(0, height, step)
    ]
    return np.concatenate(blocks)


def _rows(path: Path, section: int, frame: tuple[int, int, int, int]) -> Values:
    found = head(path)
    x, y, width, height = frame
    # a block wholly beside the image repeats its edge too
    left = min(max(x, 0), found.width - 1)
    right = max(min(x + width, found.width), left + 1)
    top = min(max(y, 0), found.height - 1)
    bottom = max(min(y + height, found.height), top + 1)
    raw = _mapped(path, section, top, bottom)[:, left:right]
    block = np.abs(raw) if raw.dtype.kind == "c" else raw
    taken = np.asarray(block, np.float32)
    if raw.dtype.kind in "fc" and not np.isfinite(taken).all():
        _refuse(path, taken, (left, top))
    above = min(max(top - y, 0), height - 1)
    below = height - above - (bottom - top)
    before = min(max(left - x, 0), width - 1)
    after = width - before - (right - left)
    if (above, below, before, after) == (0, 0, 0, 0):
        return taken
    return np.pad(taken, ((above, max(below, 0)), (before, max(after, 0))), mode="edge")[:height, :width]


def _refuse(path: Path, block: Values, corner: tuple[int, int]) -> None:
    row, column = np.argwhere(~np.isfinite(block))[0]
    raise BadData(
        f"{path.name} holds {block[row, column]} at x {corner[0] + column}, y {corner[1] + row}: pixels must be "
        "finite; mend the file or leave it out"
    )


def _mapped(path: Path, section: int, top: int, bottom: int) -> NDArray[Any]:
    """Map some rows; the map goes with the array, so that what was read does not stay in memory."""
    found = head(path)
    if _is_packed(path):
        unpacked: NDArray[Any] = _unpacked(path, path.stat().st_mtime_ns)[section, top:bottom]
        return unpacked
    row = found.width * found.kind.itemsize
    start = found.offset + (section * found.height + top) * row
    return np.memmap(path, found.kind, "r", start, (bottom - top, found.width))


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith((".gz", ".bz2"))


@lru_cache(maxsize=1)
def _unpacked(path: Path, changed: int) -> NDArray[Any]:
    """Unpack a whole file, and keep the last one: its rows are asked for one block after another."""
    found = head(path)
    count = found.width * found.height * found.sections * found.kind.itemsize
    opened = gzip.open if path.name.lower().endswith(".gz") else bz2.open
    try:
        with opened(path) as file:
            data = file.read(found.offset + count)
    except (EOFError, OSError, zlib.error) as error:
        raise BadData(f"{path.name} cannot be unpacked: {_line(error)}") from None
    if len(data) < found.offset + count:
        raise BadData(f"{path.name} is cut short: {found.offset + count:,} bytes are needed, {len(data):,} are there")
    shape = (found.sections, found.height, found.width)
    return np.frombuffer(data, found.kind, offset=found.offset).reshape(shape)


def binned(block: Values, factor: int) -> Values:
    """Average squares of factor × factor pixels; those at the right and lower edge may have fewer.

    >>> binned(np.array([[1, 3, 8], [5, 7, 0]], np.float32), 2).tolist()
    [[4.0, 4.0]]
    """
    if factor == 1:
        return block
    height, width = block.shape
    total = _summed(_summed(block, factor, 1), factor, 0)
    tall = np.diff(np.arange(0, height, factor), append=height)
    wide = np.diff(np.arange(0, width, factor), append=width)
    return np.asarray(total / (tall[:, None] * wide[None, :]), np.float32)


def _summed(block: Values, factor: int, axis: int) -> Values:
    """Sum ``factor`` rows (axis 0) or columns (axis 1) at a time; the last sum may have fewer."""

    def every(start: int) -> Values:
        return block[start::factor] if axis == 0 else block[:, start::factor]

    total = every(0).copy()
    for start in range(1, factor):
        part = every(start)
        total[: part.shape[0], : part.shape[1]] += part
    return total


def span(image: Values) -> tuple[Any, Any]:
    """Give the values that are drawn black and white: the 0.5th and the 99.5th percentile.

    >>> [float(end) for end in span(np.array([[0.0, 1.0, 2.0]] * 100 + [[900.0, 1.0, 1.0]], np.float32))]
    [0.0, 2.0]
    """
    step = max(1, int((image.size / 1e6) ** 0.5))  # a million pixels tell the percentiles
    low, high = np.percentile(image[::step, ::step], [0.5, 99.5])
    return low, high


def contrast(image: Values, ends: tuple[Any, Any] | None = None) -> NDArray[np.uint8]:
    """Bring values to 0 … 255, the ends of their ``span`` black and white: single pixels decide nothing.

    ``ends``: those of the whole image, where the values are a part of it.

    >>> contrast(np.array([[0.0, 1.0, 2.0]] * 100 + [[900.0, 1.0, 1.0]], np.float32))[0].tolist()
    [0, 127, 255]
    """
    low, high = span(image) if ends is None else ends
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.asarray(np.clip(image - low, 0, max(high - low, 0)) * scale).astype(np.uint8)


def image(root: str, name: str, side: int | None = None) -> Any:
    """Give an item as grey ``PIL.Image``, as small as its sides may be; ``side`` None: as a browser gets it."""
    from PIL import Image

    width, height = sizes(root, name)
    most = max(width, height) / SHOWN if side is None else min(width, height) / side
    factor = max(1, int(np.ceil(most)) if side is None else int(most))
    return Image.fromarray(contrast(values(root, name, factor)))


def digest(root: str, name: str) -> bytes:
    """Digest an item: its name within the file, and of the file its length, its head and 256 samples of 4 KiB.

    Samples, as micrographs have 100 MB and more: an edit of a few pixels may go unseen, another file does not.
    """
    part = part_of(name)
    path = Path(root, part.file)
    state = blake2b(f"{part.section} {part.frame} {path.stat().st_size}".encode(), digest_size=16)
    with path.open("rb") as file:
        for start in _samples(path.stat().st_size):
            file.seek(start)
            state.update(file.read(4096))
    return state.digest()


def _samples(size: int) -> Iterator[int]:
    yield from range(0, size, max(4096, size // 256))


def wrong(root: str, name: str) -> str | None:
    """Say what is wrong with a file: head, length and, up to ``CHECKED`` pixels, NaN or infinity; None: nothing."""
    try:
        found = head(Path(root, part_of(name).file))
        if found.kind.kind in "fc" and found.width * found.height * found.sections <= CHECKED:
            for section in range(found.sections):
                values(root, Part(part_of(name).file, section).name if found.sections > 1 else name, 1)
    except BadData as error:
        return str(error)
    return None


def suffixless(name: str) -> str:
    """Give the name of a micrograph without folders and ending, as coordinate files name it.

    >>> suffixless("micrographs/a_001.mrc.gz")
    'a_001'
    """
    bare = PurePosixPath(name.partition("#")[0]).name
    ending = max((e for e in (*ENDINGS, ".tif", ".tiff") if bare.lower().endswith(e)), key=len, default="")
    return bare[: len(bare) - len(ending)]


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
