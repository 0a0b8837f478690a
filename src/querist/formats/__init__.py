"""File formats: one file each, reading and writing."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from querist._load import find, make, names, parse
from querist.errors import BadData, UnknownName, near
from querist.formats._delimited import guard
from querist.formats._files import open_text, write_bytes
from querist.formats.protocol import About, Arrays, FolderFormat, Format, LabelFormat, LabelRow, Read

__all__ = [
    "About",
    "Arrays",
    "FolderFormat",
    "Format",
    "LabelFormat",
    "LabelRow",
    "Read",
    "by_path",
    "folder_format",
    "guard",
    "label_format",
    "listing",
    "open_text",
    "stem",
    "write_bytes",
]


def listing() -> list[About]:
    """List what each format is, in order of name.

    >>> [about.name for about in listing() if ".jsonl" in about.suffixes]
    ['jsonl']
    """
    return [find("formats", name).about for name in names("formats")]


def by_path(path: str | Path) -> Format:
    """Find the format of a file by its ending, ``.gz`` left aside; raises BadData that lists the endings.

    >>> by_path("heart.libsvm.gz").about.name
    'libsvm'
    """
    bare = Path(path).name.lower().removesuffix(".gz")
    found = [(len(suffix), about.name) for about in listing() for suffix in about.suffixes if bare.endswith(suffix)]
    if found:
        return cast(Format, find("formats", max(found)[1])())  # the longest: .doccano.jsonl before .jsonl
    known = ", ".join(suffix for about in listing() for suffix in about.suffixes)
    raise BadData(f"cannot tell the format of {Path(path).name!r} by its ending: known are {known} (also with .gz)")


def stem(path: str | Path) -> str:
    """Give the name of a file without its format.

    >>> stem("data/heart.libsvm.gz")
    'heart'
    """
    name = Path(path).name
    bare = name[:-3] if name.lower().endswith(".gz") else name
    endings = [suffix for about in listing() for suffix in about.suffixes if bare.lower().endswith(suffix)]
    return bare[: -len(max(endings, key=len))].rstrip(".") or bare if endings else bare


def label_format(name: str) -> LabelFormat:
    """Build a format that carries labels; ``name`` may have options. Raises UnknownName that lists those, BadInput.

    >>> label_format("csv").about.name, label_format("coco(clip=True)").clip
    ('csv', True)
    """
    able = [n for n in names("formats") if hasattr(find("formats", n), "read_labels")]
    if parse(name).name not in able:
        raise UnknownName(f"no format that carries labels is called {name!r}: {near(name, able)}")
    return cast(LabelFormat, make("formats", f"{name}" if "(" in name else f"{name}()"))


def folder_format(name: str) -> FolderFormat | None:
    """Build a format that keeps its labels in a folder of files; None for another one, or an unknown name.

    >>> folder_format("voc(first=1)").first, folder_format("csv")
    (1, None)
    """
    known = parse(name).name in names("formats")
    if not known or not hasattr(find("formats", parse(name).name), "write_folder"):
        return None
    return cast(FolderFormat, make("formats", f"{name}" if "(" in name else f"{name}()"))
