"""File formats: one file each, reading and writing."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from querist._load import find, names
from querist.errors import BadData, UnknownName, near
from querist.formats._delimited import guard
from querist.formats._files import open_text, write_bytes
from querist.formats.protocol import About, Arrays, Format, LabelFormat, LabelRow

__all__ = [
    "About",
    "Arrays",
    "Format",
    "LabelFormat",
    "LabelRow",
    "by_path",
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
    """Find a format that carries labels; raises UnknownName that lists those.

    >>> label_format("csv").about.name
    'csv'
    """
    able = [n for n in names("formats") if hasattr(find("formats", n), "read_labels")]
    if name not in able:
        raise UnknownName(f"no format that carries labels is called {name!r}: {near(name, able)}")
    return cast(LabelFormat, find("formats", name)())
