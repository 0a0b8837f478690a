"""Folders and zip archives of images: which files are items, and what says their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from querist.data.columns import is_text
from querist.data.places import images_in, is_archive, is_image
from querist.data.roles import Wish, hints
from querist.errors import BadData
from querist.formats import by_path
from querist.formats.protocol import Table

PARTS = {"train": ("train", "training"), "test": ("test", "testing"), "val": ("val", "valid", "validation")}
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
NAMING = ("image", "img", "file", "filename", "file_name", "path", "filepath", "image_path", "id")


@dataclass(frozen=True, eq=False)
class Found:
    """The images of a place, by name, and a table with the column that names them, if there is one.

    ``sizes`` are the width and height that annotations say of an image, where the table is one of boxes.
    ``within`` is the folder inside the place of which all the images are: names of classes are read below it.
    """

    root: Path
    names: tuple[str, ...]
    table: Table = None
    column: str | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    sizes: Mapping[str, Any] | None = None

    @property
    def within(self) -> PurePosixPath:
        """The deepest folder that holds every image."""
        return _common(self.names)


def find(path: Path, part: str, wish: Wish) -> Found | None:
    """Find the images of the train or test part of a folder or archive; None when there are none.

    A folder may hold ``train`` and ``test`` folders or ``…train.zip`` and ``…test.zip``, or be one part, which is the
    training one. Raises BadData.
    """
    if is_archive(path):
        return _inside(path, part)
    archive = _archive(path, part)
    if archive is not None:
        return _inside(archive, "train")
    own = _part_folder(path, part)
    if own is not None:
        return _described(own, wish)
    return _described(path, wish) if part == "train" else None


def _archive(path: Path, part: str) -> Path | None:
    """Find the archive of a part in a folder: by its name, or the only one."""
    found = sorted(p for p in path.iterdir() if p.is_file() and is_archive(p))
    named = [p for p in found if p.stem.lower().endswith(PARTS[part])]
    if len(named) > 1 or (part == "train" and len(found) > 1 and not named):
        which = ", ".join(p.name for p in named or found)
        raise BadData(f"the folder {path.name!r} holds the archives {which}: name the one to read")
    if named:
        return named[0]
    # an archive beside images is a copy or something else, and not what the folder is about
    return found[0] if part == "train" and found and not images_in(path) else None


def _part_folder(path: Path, part: str) -> Path | None:
    folders = {p.name.lower(): p for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")}
    if not folders or not set(folders) <= {name for names in PARTS.values() for name in names}:
        return None
    return next((folders[name] for name in PARTS[part] if name in folders), None)


def _inside(archive: Path, part: str) -> Found | None:
    """Take the images of an archive, or of the part where its folders are called so."""
    names = images_in(archive)
    tops = {name.partition("/")[0].lower() for name in names if "/" in name}
    known = {word for words in PARTS.values() for word in words}
    if len(tops) > 1 and tops <= known:
        names = [name for name in names if name.partition("/")[0].lower() in PARTS[part]]
    elif part != "train":
        return None
    if not names and part == "train":
        raise BadData(f"the archive {archive.name!r} holds no image that ends as one does (.png, .jpg, .tif …)")
    return Found(archive, tuple(names)) if names else None


def _described(root: Path, wish: Wish) -> Found | None:
    """Take the images of a folder, with the table beside them that names them."""
    names = tuple(images_in(root))
    if not names:
        return None
    naming = [(path, table, column) for path in _tables(root) for table, column in _naming(path, names, wish)]
    if len(naming) > 1:
        both = " and ".join(path.name for path, _, _ in naming)
        raise BadData(f"the folder {root.name!r} holds {both}, which each name images: give the one to use as DATA")
    if not naming:
        from querist.data.annotations import annotated

        return annotated(root, names, wish.annotations) or Found(root, names)
    path, table, column = naming[0]
    note = f"the column {column!r} of {path.name} names the images, and its rows are the items"
    return Found(root, names, table, column, (note,))


def _tables(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_file() and p.name.lower().endswith(TABLES))


def _naming(path: Path, names: Sequence[str], wish: Wish) -> list[tuple[Table, str]]:
    try:
        # roles first asked of the names that this table has: another table of the folder may lack them
        table = by_path(path).read(path, partial(_hints, wish=wish))
    except BadData:
        return []
    column = naming_column(table, Names.of(names))
    return [] if column is None else [(table, column)]


def _hints(names: Sequence[str], wish: Wish) -> Mapping[str, Any]:
    try:
        return hints(names, wish)
    except BadData:
        return {}


def beside(path: Path, table: Table) -> Found | None:
    """Find the images that a table names when it is given as the data; None when no column names images.

    Only a column of which every value ends as an image does makes anybody look at the folder.
    """
    if not any(_ends_as_images(table.column(name)) for name in table.column_names):
        return None
    names = tuple(images_in(path.parent))
    column = naming_column(table, Names.of(names))
    if column is None:
        return None
    return Found(path.parent, names, table, column, (f"the column {column!r} names the images",))


def _ends_as_images(column: Table) -> bool:
    values = column.drop_null().to_pylist() if is_text(column.type) else []
    return bool(values) and all(is_image(value) for value in values)


def naming_column(table: Table, known: Names) -> str | None:
    """Find the column most values of which name an image; of equals the one called image, file, path or the like."""
    counts = {
        name: sum(value is not None and bool(known.of_value(value)) for value in table.column(name).to_pylist())
        for name in table.column_names
        if is_text(table.column(name).type)
    }
    best = max(counts.values(), default=0)
    if best == 0:
        return None
    equal = [name for name, count in counts.items() if count == best]
    return str(min(equal, key=lambda n: NAMING.index(n.casefold()) if n.casefold() in NAMING else len(NAMING)))


@dataclass(frozen=True, eq=False)
class Names:
    """The images of a place by all that a table may call them: path or bare name, with or without ending."""

    paths: Mapping[str, list[str]]

    @staticmethod
    def of(names: Sequence[str]) -> Names:
        """Index names.

        >>> Names.of(["a/1.png", "b/1.png"]).of_value("a/1"), Names.of(["a/1.png", "b/1.png"]).of_value("1.png")
        (['a/1.png'], ['a/1.png', 'b/1.png'])
        """
        found: dict[str, list[str]] = {}
        for name in names:
            path = PurePosixPath(name)
            for word in dict.fromkeys((name, path.with_suffix("").as_posix(), path.name, path.stem)):
                found.setdefault(word, []).append(name)
        return Names(found)

    def of_value(self, value: str) -> list[str]:
        """List the images that a value may mean: one, if the table is clear."""
        word = value.strip().replace("\\", "/").removeprefix("./")
        found = self.paths.get(word, [])
        return [word] if word in found else found


def _common(names: Sequence[str]) -> PurePosixPath:
    folders = [PurePosixPath(name).parent.parts for name in names]
    shared = []
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return PurePosixPath(*shared)
