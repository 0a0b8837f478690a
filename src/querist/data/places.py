"""Where images lie: a folder or a zip archive. Names are relative, with forward slashes, in both."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from querist.errors import BadData

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""The endings, in any case, by which a file counts as an image."""


def is_image(name: str) -> bool:
    """Say whether a name ends as an image does.

    >>> is_image("scan/001.JPG"), is_image("notes.txt")
    (True, False)
    """
    return name.lower().endswith(ENDINGS)


def is_archive(path: str | Path) -> bool:
    """Say whether a path is a zip archive by its ending."""
    return str(path).lower().endswith(".zip")


def images_in(root: Path) -> list[str]:
    """List the images below a folder or in a zip archive, sorted by name; hidden files and folders are left out.

    Raises BadData when the place cannot be read. Cost O(number of files).
    """
    names = _archive(root).namelist() if is_archive(root) else _below(root)
    return sorted(name for name in names if is_image(name) and not _is_hidden(name))


def _below(root: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise BadData(f"cannot read the folder {str(error.filename)!r}: {error.strerror or error}")

    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        place = Path(folder).relative_to(root)
        yield from ((place / file).as_posix() for file in files)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def read_bytes(root: str, name: str) -> bytes:
    """Read one file of a folder or archive; raises BadData that names what is missing, the file or the whole place."""
    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
        raise BadData(f"the image {name!r} lies outside its folder: name files inside it only")
    try:
        if is_archive(root):
            return _archive(Path(root)).read(name)
        return Path(root, name).read_bytes()
    except (FileNotFoundError, KeyError):
        raise BadData(_gone(Path(root), name)) from None
    except (zipfile.BadZipFile, OSError) as error:
        raise BadData(f"cannot read the image {name!r}: {getattr(error, 'strerror', None) or error}") from None


def _gone(root: Path, name: str) -> str:
    if not root.exists():
        what = "archive" if is_archive(root) else "folder"
        return (
            f"the {what} {str(root)!r} with the images is not there (wanted: {name!r}): put it back, or make a link "
            "of that name to where it is now"
        )
    return f"the image {name!r} is not in {str(root)!r} any more: put it back"


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return _opened(str(path), path.stat().st_mtime_ns)
    except (zipfile.BadZipFile, EOFError) as error:
        raise BadData(f"{path.name} is not a whole zip archive ({error}): fetch it again") from None


@lru_cache(maxsize=4)
def _opened(path: str, changed: int) -> zipfile.ZipFile:
    """Keep the few archives in use open: reading the list of ten thousand files for each of them would take minutes."""
    return zipfile.ZipFile(path)
