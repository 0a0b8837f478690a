"""Frames of DICOM files: their pixels as a person reads them, and no more of the header than that takes.

An image is a file, or one frame of it: ``scan.dcm`` or ``scan.dcm#3``, frames counted from 0. Names of patients are
not read here, and errors name a file by the last part of its path alone, since folders often hold names.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData, MissingExtra

MAGIC = b"DICM"
ENDINGS = (".dcm", ".dicom", ".dic")
_LOCK = threading.Lock()
_STEP = 1 << 20
_DEFLATED = "1.2.840.10008.1.2.1.99"
_INVERTED = "MONOCHROME1"


def is_dicom(name: str) -> bool:
    """Say whether the name of an item is one of a DICOM file or frame: ``a.dcm``, or any name with ``#`` and a number.

    >>> is_dicom("a.dcm"), is_dicom("series/IM7#0"), is_dicom("a.png"), is_dicom("a.mrc#0,0,5,5")
    (True, True, False, False)
    """
    file, frame = parted(name)
    return file.lower().endswith(ENDINGS) or (frame is not None and "." not in PurePosixPath(file).name)


def parted(name: str) -> tuple[str, int | None]:
    """Part a name into the file and the frame, None for a file as a whole.

    >>> parted("a.dcm#12"), parted("a.dcm")
    (('a.dcm', 12), ('a.dcm', None))
    """
    file, hash, frame = name.rpartition("#")
    return (file, int(frame)) if hash and frame.isdigit() else (name, None)


def shown(name: str) -> str:
    """Name a file in a message: the last part of its path, since folders often hold the names of patients.

    >>> shown("DOE_JANE/study/IM0001.dcm#2")
    'IM0001.dcm#2'
    """
    return PurePosixPath(name).name


def has_magic(path: Path) -> bool:
    """Say whether a file begins as a DICOM file does: 128 bytes of anything, then DICM."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == MAGIC
    except OSError:
        return False


def package() -> Any:
    """Import pydicom; raises MissingExtra without it."""
    try:
        import pydicom
    except ImportError:
        raise MissingExtra("DICOM files need pydicom: pip install 'querist[medical]'") from None
    return pydicom


def tags() -> frozenset[str]:
    """Name the tags that a header may hold, by their keywords."""
    from pydicom.datadict import DicomDictionary

    return frozenset(entry[4] for entry in DicomDictionary.values() if entry[4])


@contextmanager
def quiet() -> Iterator[None]:
    """Let one thread at a time use pydicom, without its warnings: they may hold what is in the header."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def header(path: Path) -> Any:
    """Read the header of a file, not its pixels; raises BadData."""
    pydicom = package()
    with quiet():
        try:
            return pydicom.dcmread(path, stop_before_pixels=True)
        except FileNotFoundError:
            raise BadData(f"the file {shown(path.name)!r} is not there any more: put it back") from None
        except Exception as error:  # a damaged file may raise anything
            raise BadData(f"the header of {shown(path.name)!r} cannot be read ({type(error).__name__})") from None


def digest(root: str, name: str) -> bytes:
    """Digest the content of a file and the number of the frame, 16 bytes; read a part at a time. Raises BadData."""
    file, frame = parted(name)
    path = Path(root, file)
    try:
        stat = path.stat()
        content = _content(str(path), stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise BadData(f"cannot read the file {shown(name)!r}: {error.strerror or error}") from None
    return blake2b(content + str(frame).encode(), digest_size=16).digest()


@lru_cache(maxsize=4096)
def _content(path: str, changed: int, size: int) -> bytes:
    """Digest a file once for all its frames."""
    state = blake2b(digest_size=16)
    with open(path, "rb") as file:
        while part := file.read(_STEP):
            state.update(part)
    return state.digest()


def image(root: str, name: str) -> Any:
    """Decode one frame as 8 bits, grey or colour, of ``PIL.Image``; raises BadData.

    Grey values are rescaled as the file says (to Hounsfield units, for example), cut to its first window, and turned
    where white is meant to be low (MONOCHROME1). Without a window the frame's own range is used.
    """
    from PIL import Image

    found, pixels = _decoded(root, name)
    if pixels.ndim == 3:
        return Image.fromarray(_eight_bits(pixels))
    return Image.fromarray(_windowed(found, _rescaled(found, pixels), pixels))


def values(root: str, name: str) -> NDArray[np.float32]:
    """Give the grey values of one frame as recorded, rescaled: float32 [height, width]; raises BadData.

    Colour becomes its mean. No window is applied: what a person does not see may tell a model something.
    """
    found, pixels = _decoded(root, name)
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else _rescaled(found, pixels)
    return np.asarray(grey, np.float32)


def _decoded(root: str, name: str) -> tuple[Any, NDArray[Any]]:
    """Decode one frame: [height, width], or [height, width, 3] of red, green and blue."""
    file, frame = parted(name)
    path = Path(root, file)
    found = header(path)
    with quiet():
        try:
            from pydicom.pixels import apply_color_lut, pixel_array

            # of a deflated file the pixels cannot be found without reading all of it
            whole = found.file_meta.get("TransferSyntaxUID") == _DEFLATED
            pixels = pixel_array(package().dcmread(path) if whole else path, index=frame or 0)
            if found.PhotometricInterpretation == "PALETTE COLOR":
                pixels = apply_color_lut(pixels, found)
        except Exception as error:  # a decoder may raise anything on a damaged file
            why = reason(error, found.file_meta.get("TransferSyntaxUID"))
            raise BadData(f"the image {shown(name)!r} cannot be decoded: {why}") from None
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise BadData(f"the image {shown(name)!r} is no picture: its pixels have the shape {pixels.shape}")
    return found, pixels


def reason(error: Exception, syntax: Any = None) -> str:
    """Say why a file cannot be decoded, in one line and without what is in its header."""
    text = " ".join(str(error).split())
    if "has no 'Pixel Data'" in text or "no pixel data to decode" in text:
        return "it has no pixel data"
    if "less than expected" in text or "cannot reshape" in text:
        return "it is cut short: it has fewer pixels than its header says"
    if isinstance(error, AttributeError) or "Missing required element" in text:
        return "its header does not say how its pixels are stored"
    if "unable to decode" in text.lower() or "plugin" in text:
        name = getattr(syntax, "name", "unknown")
        return (
            f"no installed decoder reads its compression ({name}): pip install 'querist[medical]', or store it "
            "uncompressed"
        )
    if "invalid literal" in text or "could not convert" in text:
        return "its header holds a text where a number belongs"
    return f"it is damaged ({type(error).__name__})"


def _rescaled(found: Any, pixels: NDArray[Any]) -> NDArray[np.float64]:
    from pydicom.pixels import apply_modality_lut

    with quiet():
        return np.asarray(apply_modality_lut(pixels, found), np.float64)


def _windowed(found: Any, values: NDArray[np.float64], stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring grey values to 8 bits by the window of the file, else by the range of what is no padding."""
    from pydicom.pixels import apply_voi

    if found.get("VOILUTSequence"):
        with quiet():
            values = np.asarray(apply_voi(values.astype(stored.dtype), found), np.float64)
        low, high = _range(values, None)
    elif (window := _window(found)) is not None:
        values, low, high = window(values)
    else:
        padding = found.get("PixelPaddingValue")
        low, high = _range(values, None if padding is None else stored != padding)
    grey = np.clip((values - low) / (high - low if high > low else 1.0), 0.0, 1.0)
    if found.PhotometricInterpretation == _INVERTED:
        grey = 1.0 - grey
    return np.asarray((255 * grey).round(), np.uint8)


def _range(values: NDArray[np.float64], kept: NDArray[np.bool_] | None) -> tuple[float, float]:
    part = values if kept is None or not kept.any() else values[kept]
    return float(part.min()), float(part.max())


def _window(found: Any) -> Any:
    """Give the function of the first window: values, and which of them are black and white; None without a window.

    DICOM PS3.3 C.11.2.1: LINEAR runs from c − ½ − (w − 1)/2 to c − ½ + (w − 1)/2, LINEAR_EXACT from c − w/2 to c + w/2,
    SIGMOID is 1 / (1 + exp(−4 (x − c) / w)).
    """
    centre, width = _first(found.get("WindowCenter")), _first(found.get("WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None
    kind = found.get("VOILUTFunction", "LINEAR")
    if kind == "SIGMOID":
        return lambda x: (1.0 / (1.0 + np.exp(-4.0 * np.clip((x - centre) / width, -100, 100))), 0.0, 1.0)
    half, middle = (width / 2, centre) if kind == "LINEAR_EXACT" else (max(width - 1, 1e-9) / 2, centre - 0.5)
    return lambda x: (x, middle - half, middle + half)


def _first(value: Any) -> float | None:
    try:
        found = value[0] if isinstance(value, list | tuple) or hasattr(value, "__getitem__") else value
        return None if found is None else float(found)
    except (TypeError, ValueError, IndexError):
        return None


def _eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    top = float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind in "ui" else max(float(pixels.max()), 1.0)
    return np.asarray((255.0 * pixels.astype(np.float64) / top).round(), np.uint8)
