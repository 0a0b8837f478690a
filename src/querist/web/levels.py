"""Grey values as they were recorded, and pictures of a part of their range: the window of a scan."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.data import dicom
from querist.data.images import Images, as_png
from querist.data.mrc import SHOWN
from querist.errors import BadData
from querist.web.images import Shown
from querist.web.models import Levels

BURNT = "text is burnt into these pixels: it may name the patient"
MAYBE = "nobody has said whether text is burnt into these pixels: look before sharing"
SELDOM_BURNT = frozenset({"CT", "MR", "PT", "NM", "CR", "DX", "MG"})
"""Kinds of scans that say nothing of text in their pixels because there is none."""
EDGES = (0.5, 99.5)
"""Percentiles that become black and white where the file names no window: single pixels decide nothing."""


def levels(images: Images) -> Levels:
    """Give the range of one image's values, the window to begin with, and a warning or "". Raises BadData."""
    values = _values(images)
    low, high = float(values.min()), float(values.max())
    ends = np.percentile(values, EDGES)
    centre, width, warning = float(ends.mean()), float(ends[1] - ends[0]), ""
    if dicom.is_dicom(images.names[0]):
        head = _head(images)
        told = _number(head.get("WindowCenter")), _number(head.get("WindowWidth"))
        if told[0] is not None and told[1] is not None and told[1] > 0:
            centre, width = told[0], told[1]
        warning = _warning(head)
    return Levels(low=low, high=high, centre=centre, width=max(width, 1e-6), warning=warning)


def windowed(images: Images, centre: float, width: float) -> Shown:
    """Draw one image with the values from centre − width/2 to centre + width/2 as black to white. Raises BadData."""
    return cut_out(images, _values(images), centre, width)


def cut_out(images: Images, values: NDArray[np.float32], centre: float, width: float) -> Shown:
    """Draw some values of one image in a window. Raises BadData."""
    from PIL import Image

    grey = np.clip((values - (centre - width / 2)) / width, 0.0, 1.0)
    if dicom.is_dicom(images.names[0]) and _head(images).get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 1.0 - grey
    return Shown(as_png(Image.fromarray((255 * grey).round().astype(np.uint8))), "image/png")


def _values(images: Images) -> NDArray[np.float32]:
    """Read the values, as small as a browser gets micrographs; those of the last images are kept.

    So a hand that moves a window waits for no decoder.
    """
    return _kept(One.of(images))


class One(NamedTuple):
    """One image as a key of what is kept of it."""

    root: str
    name: str
    digest: bytes
    size: bytes

    @classmethod
    def of(cls, images: Images) -> One:
        """Make the key of the first image."""
        return cls(images.roots[0], images.names[0], images.digests[:1].tobytes(), images.sizes[:1].tobytes())

    @property
    def images(self) -> Images:
        """The image again."""
        roots, names = np.array([self.root, None], object)[:1], np.array([self.name, None], object)[:1]
        digests = np.frombuffer(self.digest, np.uint8).reshape(1, -1)
        return Images(roots, names, digests, np.frombuffer(self.size, np.int32).reshape(1, 2))

    @property
    def factor(self) -> int:
        """The side of the squares of pixels that become one in the picture that a browser gets of the values."""
        return max(1, -(-int(self.images.sizes.max()) // SHOWN))


@lru_cache(maxsize=3)
def _kept(one: One) -> NDArray[np.float32]:
    return one.images.values(0, one.factor)


@lru_cache(maxsize=64)
def _header(path: Path, changed: int) -> Any:
    return dicom.header(path)


def _head(images: Images) -> Any:
    path = Path(images.roots[0], dicom.parted(images.names[0])[0])
    try:
        return _header(path, path.stat().st_mtime_ns)
    except OSError:
        raise BadData(f"the file {dicom.shown(path.name)!r} is not there any more: put it back") from None


def _number(value: Any) -> float | None:
    try:
        return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
    except (TypeError, ValueError, IndexError):
        return None


def _warning(head: Any) -> str:
    said = str(head.get("BurnedInAnnotation") or "").strip()
    if said == "YES":
        return BURNT
    return "" if said == "NO" or head.get("Modality") in SELDOM_BURNT else MAYBE
