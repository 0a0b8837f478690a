"""Which image a file of labels belongs to, and how large it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from querist.errors import BadData
from querist.formats._boxes import Size, bare

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_LABELS, _IMAGES = ("labels", "label_2"), ("images", "image_2")


def images_below(path: Path) -> dict[str, Size]:
    """Give the images below a folder by their path in it, sorted, with their upright size; only headers are read.

    What is no image, whatever its name says, is passed over.
    """
    found = {}
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.lower().endswith(ENDINGS) and (size := _size(Path(folder, name))) is not None:
                found[Path(folder, name).relative_to(path).as_posix()] = size
    return dict(sorted(found.items()))


def _size(file: Path) -> Size | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            width, height = image.size
            return (height, width) if image.getexif().get(0x0112) in (5, 6, 7, 8) else (width, height)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None


@dataclass(frozen=True)
class Stems:
    """The images of a place by their path without ending, and by their bare name."""

    paths: Mapping[str, list[str]]
    names: Mapping[str, list[str]]

    @staticmethod
    def of(images: Iterable[str]) -> Stems:
        """Index images.

        >>> Stems.of(["images/train/a.jpg", "images/val/a.jpg"]).image_of("labels/train/a.txt")
        'images/train/a.jpg'
        """
        paths: dict[str, list[str]] = {}
        names: dict[str, list[str]] = {}
        for id in images:
            paths.setdefault(bare(id), []).append(id)
            names.setdefault(PurePosixPath(bare(id)).name, []).append(id)
        return Stems(paths, names)

    def image_of(self, name: str) -> str:
        """Find the image of a file of labels: beside it, or in ``images`` where it lies in ``labels``.

        Else the only one of its name, wherever it lies. Raises BadData when there is none, or more than one.
        """
        stem = PurePosixPath(name).with_suffix("")
        turned = (_turned(stem.parts), stem.as_posix(), PurePosixPath(*stem.parts[1:]).as_posix())
        found = next((self.paths[path] for path in turned if path in self.paths), self.names.get(stem.name, []))
        if not found:
            raise BadData(f"{name}: there is no image {stem.name!r} that it could belong to")
        if len(found) > 1:
            several = " or ".join(map(repr, found[:3]))
            raise BadData(f"{name} may belong to {several}: put it into a folder of the same name")
        return found[0]


def _turned(parts: tuple[str, ...]) -> str:
    pairs = dict(zip(_LABELS, _IMAGES, strict=True))
    return PurePosixPath(*(pairs.get(part, part) for part in parts)).as_posix()
