"""Images as items: each a file of a folder or archive, read when somebody looks, never all at once."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist._parallel import cores
from querist.data import dicom, mrc, png, tiff
from querist.data.places import read_bytes
from querist.errors import BadData

PIXELS = 89_478_485
"""Images of more pixels are left out, as a few bytes could else fill the memory; Pillow warns at the same number."""

_SHOWN = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "BMP": "image/bmp"}
_EIGHT_BITS = ("1", "L", "LA", "P", "RGB", "RGBA")
_PLAIN = ("L", "LA", "RGB", "RGBA")
_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


class Picture(NamedTuple):
    """An image as a browser can show it: the encoded bytes, their media type, and the size on the screen."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Images:
    """N images on the disk: what a pool of images holds as its ``items``.

    ``roots`` and ``names`` are object arrays [N] of texts: the folder or zip archive, and the file's name in it.
    ``digests`` uint8 [N, 16] are the contents when the pool was made (BLAKE2b), ``sizes`` int32 [N, 2] width and height
    when turned upright. An integer array takes rows, as from any array; nothing is read then. 120 bytes an image or so.
    """

    roots: NDArray[np.object_]
    names: NDArray[np.object_]
    digests: NDArray[np.uint8]
    sizes: NDArray[np.int32]

    @property
    def shape(self) -> tuple[int]:
        """The number of images, as of an array."""
        return (len(self.names),)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: Rows | slice) -> Images:
        return Images(self.roots[rows], self.names[rows], self.digests[rows], self.sizes[rows])

    def encoded(self, row: int) -> bytes:
        """Read the bytes of a file; raises BadData when it is missing, or no longer what it was."""
        root, name = self.roots[row], self.names[row]
        data = read_bytes(root, name)
        self._unchanged(row, digest(data))
        return data

    def _unchanged(self, row: int, found: bytes) -> None:
        if found != self.digests[row].tobytes():
            name = self.names[row]
            known = dicom.shown(name) if dicom.is_dicom(name) else name
            raise BadData(
                f"the image {known!r} has changed since it was read: put the old file back, or give the new one "
                "another name and add it"
            )

    def upright(self, row: int, side: int | None = None) -> Any:
        """Decode one image: upright, 8 bits, grey (mode L) or colour (RGB), of ``PIL.Image``; raises BadData.

        ``side``: the least that its sides need to have; a large JPEG is then decoded at a half, a quarter or an
        eighth of its size, which is several times faster.
        """
        if mrc.is_mrc(self.names[row]):
            self._unchanged(row, mrc.digest(self.roots[row], self.names[row]))
            return mrc.image(self.roots[row], self.names[row], side)
        if dicom.is_dicom(self.names[row]):
            self._unchanged(row, dicom.digest(self.roots[row], self.names[row]))
            return dicom.image(self.roots[row], self.names[row])
        if tiff.is_tile(self.names[row]):
            self._unchanged(row, tiff.digest(self.roots[row], self.names[row]))
            return tiff.image(self.roots[row], self.names[row])
        data = self.encoded(row)
        try:
            image = _open(data)
            if side is not None:
                image.draft(None, (side, side))
            return _upright(image)
        except Exception as error:  # a decoder may raise anything on a damaged file
            raise BadData(f"the image {self.names[row]!r} cannot be read: {_reason(error)}") from None

    def picture(self, row: int) -> Picture:
        """Give one image as a browser can show it: the file's own bytes, else a PNG; raises BadData."""
        width, height = self.sizes[row].tolist()
        if any(known(self.names[row]) for known in (mrc.is_mrc, dicom.is_dicom, tiff.is_tile)):
            return Picture(as_png(self.upright(row)), "image/png", width, height)
        data = self.encoded(row)
        image = _open(data)
        if image.format in _SHOWN and image.mode in _EIGHT_BITS:
            return Picture(data, _SHOWN[image.format], width, height)
        return Picture(as_png(self.upright(row)), "image/png", width, height)

    def values(self, row: int, factor: int = 1) -> NDArray[np.float32]:
        """Read the grey values of one image as they were recorded, each the mean of factor² pixels; raises BadData.

        float32 [⌈height / factor⌉, ⌈width / factor⌉]. Of an MRC file no more than a few rows are in memory at once.
        """
        if mrc.is_mrc(self.names[row]):
            return mrc.values(self.roots[row], self.names[row], factor)
        if dicom.is_dicom(self.names[row]):
            return mrc.binned(dicom.values(self.roots[row], self.names[row]), factor)
        if tiff.is_tile(self.names[row]):
            return mrc.binned(_grey(tiff.pixels(self.roots[row], self.names[row])), factor)
        image = _open(self.encoded(row))
        recorded = image.mode == "F" or image.mode.startswith("I")
        grey = np.asarray(image if recorded else self.upright(row).convert("L"), np.float32)
        if not np.isfinite(grey).all():
            raise BadData(f"the image {self.names[row]!r} holds NaN or infinity: mend the file or leave it out")
        return mrc.binned(grey, factor)

    def cut(self, row: int, frame: tuple[int, int, int, int], factor: int = 1) -> NDArray[np.float32] | None:
        """Read a rectangle (x, y, width, height) of what ``values`` gives, and no more of the file; raises BadData.

        None for kinds of files of which no part can be read without the whole.
        """
        root, name = self.roots[row], self.names[row]
        if mrc.is_mrc(name):
            self._unchanged(row, mrc.digest(root, name))
            return mrc.cut(root, name, frame, factor)
        if tiff.is_tile(name):
            self._unchanged(row, tiff.digest(root, name))
            return mrc.binned(_grey(tiff.pixels(root, tiff.inner(name, frame))), factor)
        return None

    def pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        """Read all N images as colour, squeezed to one size; uint8 [N, height, width, 3]. Threads share the work."""

        def small(row: int) -> NDArray[np.uint8]:
            return resized(self.upright(row, 2 * max(width, height)), width, height)

        with ThreadPoolExecutor(cores()) as threads:
            read = list(threads.map(small, range(len(self))))
        return np.stack(read) if read else np.empty((0, height, width, 3), np.uint8)


def _grey(pixels: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(pixels[..., :3].mean(axis=2) if pixels.ndim == 3 else pixels, np.float32)


def resized(image: Any, width: int, height: int) -> NDArray[np.uint8]:
    """Squeeze an image to a size, bilinear over all the pixels that fall together; colour [height, width, 3]."""
    from PIL import Image

    # shrinking before the colours are made is several times faster on large grey images, with the same result
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR).convert("RGB"))


def drawn(values: NDArray[Any], span: tuple[float, float]) -> Picture:
    """Draw an array [height, width] or [height, width, 1, 3 or 4] as PNG, the ends of ``span`` black and white.

    >>> drawn(np.array([[0.0, 1.0]]), (0.0, 1.0))[1:]
    ('image/png', 2, 1)
    """
    from PIL import Image

    low, high = span
    scaled = (np.asarray(values, np.float64) - low) * (255.0 / (high - low) if high > low else 0.0)
    squeezed = scaled[..., 0] if scaled.ndim == 3 and scaled.shape[2] not in (3, 4) else scaled
    grey = squeezed.astype(np.uint8)
    return Picture(as_png(Image.fromarray(grey)), "image/png", grey.shape[1], grey.shape[0])


def as_png(image: Any) -> bytes:
    """Write an image of ``PIL.Image`` as PNG."""
    if image.mode in _PLAIN and "transparency" not in image.info:
        return png.encode(np.asarray(image))
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def digest(data: bytes) -> bytes:
    """Digest content to 16 bytes (BLAKE2b)."""
    return blake2b(data, digest_size=16).digest()


def concatenate(parts: Sequence[Images]) -> Images:
    """Append images to images."""
    return Images(*(np.concatenate([getattr(part, name) for part in parts]) for name in Images.__dataclass_fields__))


class Facts(NamedTuple):
    """What there is to know of a file: content, size, whether it holds several frames; or why it is no use."""

    digest: bytes = b""
    width: int = 0
    height: int = 0
    several: bool = False
    wrong: str | None = None


def inspect(root: str, names: Sequence[str]) -> list[Facts]:
    """Read and decode each file once, so that a damaged one is known before anybody is asked about it.

    Threads share the work, and no more images are in memory than there are threads. Cost: one decoding per image.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(cores()) as threads:
        # set for all threads at once, and here only: what Pillow warns of is looked at below, or does no harm
        warnings.simplefilter("ignore")
        return list(threads.map(lambda name: _facts(root, name), names))


def _facts(root: str, name: str) -> Facts:
    try:
        data = read_bytes(root, name)
        if not data:
            return Facts(wrong="it is empty (0 bytes)")
        return _seen(data)
    except Exception as error:  # a decoder may raise anything on a damaged file
        return Facts(wrong=_reason(error))


def _seen(data: bytes) -> Facts:
    image = _open(data)
    width, height = image.size
    if width * height > PIXELS:
        return Facts(wrong=f"it has {width} × {height} pixels, the limit is {PIXELS:,} in all: cut it into tiles")
    sideways = image.getexif().get(_ORIENTATION) in _SIDEWAYS
    several = getattr(image, "n_frames", 1) > 1
    image.draft(None, (width // 8, height // 8))  # a JPEG is still read to its end, but three times faster
    image.load()
    return Facts(digest(data), *((height, width) if sideways else (width, height)), several)


def _open(data: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(data))


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, BadData):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "Pillow does not know it as an image: it is damaged, or of another kind than its ending says"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {2 * PIXELS:,} pixels: cut it into tiles"
    return f"it is damaged or cut short ({error or type(error).__name__})"


def _upright(image: Any) -> Any:
    from PIL import Image

    # not ImageOps.exif_transpose: it writes the other tags again, and fails where one of them is odd
    turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    plain = _plain(image)
    return plain if turn is None else plain.transpose(Image.Transpose[turn])


def _plain(image: Any) -> Any:
    """Bring an image to grey or colour of 8 bits; transparency lies on white, as on a page."""
    from PIL import Image

    if image.mode in ("L", "RGB"):
        image.load()
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(stretched(np.asarray(image)))
    if image.mode in ("RGBA", "PA", "La", "RGBa") or (image.mode == "P" and "transparency" in image.info):
        front = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", front.size, "white"), front).convert("RGB")
    return image.convert("L" if image.mode in ("1", "LA") else "RGB")


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring grey values of more than 8 bits to 0 … 255: the darkest of the image becomes 0, the brightest 255.

    Files of 16 bits rarely use their whole range, so a fixed scale would leave most of them black.

    >>> stretched(np.array([[1000, 3000], [2000, 5000]], np.uint16)).tolist()
    [[0, 127], [63, 255]]
    """
    known = np.where(np.isfinite(values), values, 0).astype(np.float64)
    low, high = known.min(), known.max()
    scale = 255.0 / (high - low) if high > low else 0.0
    scaled: NDArray[np.uint8] = ((known - low) * scale).astype(np.uint8)
    return scaled
