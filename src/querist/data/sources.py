"""Where items come from: arrays, tables, files, folders and built-in sets, by what the source is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from querist.data import dicom, radiology
from querist.data.arrow_folder import saved_in
from querist.data.builtin import builtin, builtin_names
from querist.data.folders import Found, find
from querist.data.folders import beside as images_beside
from querist.data.labels import as_list
from querist.data.micrographs import Folder
from querist.data.micrographs import find as find_micrographs
from querist.data.places import images_in, is_archive
from querist.data.roles import Wish, hints
from querist.data.tiff import Slides, slides_in
from querist.errors import BadData
from querist.formats import by_path, listing, stem
from querist.formats._files import beside
from querist.formats.protocol import Arrays, Table


class Source(NamedTuple):
    """What was read: arrays, a table or images, what to call it, and labels that came beside it."""

    content: Arrays | Table | Found | Folder | Slides
    name: str
    labels: Any = None


def read(source: Any, wish: Wish) -> Source:
    """Read a source of any kind; raises BadData."""
    if isinstance(source, str | os.PathLike):
        return _named(source, wish)
    if isinstance(source, tuple) and len(source) == 2 and not isinstance(source[0], str | Mapping):
        return read(source[0], wish)._replace(labels=source[1])
    if isinstance(source, list | tuple):
        return _rows(list(source))
    content = _object(source)
    return Source(content, "array" if isinstance(content, Arrays) else "table")


def _object(source: Any) -> Arrays | Table:
    import pyarrow as pa

    package = type(source).__module__.partition(".")[0]
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if package == "pandas" and hasattr(source, "columns"):
        return _pandas(source)
    if package == "polars" and hasattr(source, "collect"):
        source = source.collect()
    if package == "polars" and hasattr(source, "get_columns"):
        return source.to_arrow()
    if package in ("pandas", "polars"):  # a series
        return Arrays(np.array(as_list(source), dtype=object))
    if hasattr(source, "shape"):
        return Arrays(source)
    raise BadData(
        f"items cannot be read from a {type(source).__name__}: give an array, a sparse matrix, a table, a list of "
        f"texts or of dicts, (X, y), a file, a folder, or one of {', '.join(builtin_names())}"
    )


def _pandas(frame: Any) -> Table:
    import pyarrow as pa

    if frame.index.name is not None:
        frame = frame.reset_index()
    frame = frame.rename(columns=str)
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowTypeError, ValueError) as error:
        raise BadData(
            f"the frame cannot be read ({' '.join(map(str, error.args))}): one kind of value a column, each name once"
        ) from None


def _rows(rows: list[Any]) -> Source:
    from querist.formats._rows import table_of

    if not rows:
        raise BadData("the list has zero rows: give at least one")
    if all(isinstance(row, Mapping) for row in rows):
        return Source(table_of(rows, lambda i: f"row {i + 1}"), "records")
    if all(isinstance(row, str | None) for row in rows):
        return Source(Arrays(np.array(rows, dtype=object)), "texts")
    try:
        return Source(Arrays(np.asarray(rows, dtype=np.float64)), "array")
    except (TypeError, ValueError):
        kinds = ", ".join(sorted({type(row).__name__ for row in rows}))
        raise BadData(f"a list of items must hold texts, dicts, or rows of numbers: got {kinds}") from None


def _named(source: str | os.PathLike[str], wish: Wish) -> Source:
    path = Path(source)
    if wish.tile is not None and (slides := slides_in(path)) is not None:
        return Source(slides, path.stem)
    if path.is_dir():
        return _folder(path, "train", wish)
    if path.exists():
        return file(path, wish)
    name = os.fspath(source)
    if name in builtin_names():
        return Source(builtin(name), name)
    raise BadData(
        f"{name!r} is neither a file nor a built-in data set: {beside(path, builtin_names())} "
        f"(built in: {', '.join(builtin_names())})"
    )


def file(path: Path, wish: Wish) -> Source:
    """Read one file by its ending; of a zip archive the images, and of a table those that it names."""
    if is_archive(path):
        return _archive(path, wish)
    found = _of_annotations(path, wish)
    if found is not None:
        return Source(found, path.parent.resolve().name)
    if dicom.has_magic(path):
        return Source(radiology.Folder(path.parent.resolve(), (path.name,)), path.stem)
    if slides_in(path) is not None:
        raise BadData(f"{path.name!r} is one image: cut it into items with tile=512 (--tile 512), or name its folder")
    form = by_path(path)
    if form.about.name == "libsvm":
        form = _libsvm_like(wish)
    content = form.read(path, partial(hints, wish=wish))
    images = None if isinstance(content, Arrays) or wish.text else images_beside(path, content)
    return Source(content if images is None else images, stem(path))


def _of_annotations(path: Path, wish: Wish) -> Found | None:
    """Take a file of COCO with the images beside it; raises BadData when they are not there."""
    if path.suffix.lower() != ".json":
        return None
    from querist.data.annotations import of_file

    found = of_file(path, images_in(path.parent), wish.annotations)
    if found is None and by_path(path).about.name == "coco":
        raise BadData(f"{path.name} is no COCO, or none of the images that it names lies in its folder or below")
    return found


def _archive(path: Path, wish: Wish) -> Source:
    found = find(path, "train", wish)
    if found is None:
        raise BadData(f"the archive {path.name!r} holds no images")
    return Source(found, path.stem)


def _libsvm_like(wish: Wish) -> Any:
    from querist.formats.libsvm import Libsvm

    pool = wish.like
    if pool is None or pool.kind == "text" or "columns" in pool.about:
        return Libsvm()
    first = pool.about.get("libsvm", {}).get("first")
    return Libsvm(pool.items.shape[1], first, isinstance(pool.items, np.ndarray))


def _folder(path: Path, part: str, wish: Wish) -> Source:
    name = path.resolve().name
    if (saved := saved_in(path, part)) is not None:
        return Source(saved, name)
    found = part_of(path, part)
    if found is not None:
        return file(found, wish)._replace(name=name)
    images = find_micrographs(path) or find(path, part, wish)
    if images is not None:
        return Source(images, name)
    only, scans = _only_readable(path), radiology.find(path)
    if only is not None and (scans is None or not only.name.lower().endswith(radiology.TABLES)):
        return file(only, wish)._replace(name=name)
    if scans is not None:
        return Source(scans, name)
    held = ", ".join(sorted(p.name for p in path.iterdir())[:8]) or "nothing"
    raise BadData(
        f"the folder {path.name!r} holds no train.csv, train.jsonl or the like, no train-images-idx3-ubyte and no "
        f"images: it holds {held}; name one of its files"
    )


def _only_readable(path: Path) -> Path | None:
    """Find the one file of a folder that a format reads by its ending, where there is just one."""
    endings = tuple(ending for about in listing() if about.reads for ending in about.suffixes)
    found = [p for p in path.iterdir() if p.is_file() and p.name.lower().removesuffix(".gz").endswith(endings)]
    return found[0] if len(found) == 1 else None


def part_of(path: Path, part: str) -> Path | None:
    """Find the file of a folder that holds the part called train or test; None when there is none.

    Raises BadData when several could be it, or when it is of an unknown format.
    """
    starts = {"train": ("train",), "test": ("test", "t10k")}[part]
    found = [p for p in sorted(path.iterdir()) if p.is_file() and _is_part(p, starts)]
    if len(found) > 1:
        raise BadData(f"the folder {path.name!r} holds {' and '.join(p.name for p in found)}: name the one to read")
    return found[0] if found else None


def _is_part(path: Path, starts: tuple[str, ...]) -> bool:
    name = path.name.lower()
    return name.split(".")[0] in starts or any(name.startswith((f"{s}-images-idx", f"{s}-images.idx")) for s in starts)


def read_test(source: Any, wish: Wish) -> Source | None:
    """Read the test part that belongs to a source: of a folder, or of a split npz; None when there is none."""
    if not isinstance(source, str | os.PathLike):
        return None
    path = Path(source)
    if path.is_dir():
        return _test_of_folder(path, wish)
    if is_archive(path):
        images = find(path, "test", wish)
        return None if images is None else Source(images, path.stem)
    if path.exists() and by_path(path).about.name == "npz":
        from querist.formats.npz import Npz

        arrays = Npz().read_test(path)
        return None if arrays is None else Source(arrays, stem(path))
    return None


def _test_of_folder(path: Path, wish: Wish) -> Source | None:
    name = path.resolve().name
    if (saved := saved_in(path, "test")) is not None:
        return Source(saved, name)
    found = part_of(path, "test")
    if found is not None:
        return file(found, wish)._replace(name=name)
    if part_of(path, "train") is not None or find_micrographs(path) is not None:
        return None
    images = find(path, "test", wish)
    if images is not None:
        return Source(images, name)
    only = None if find(path, "train", wish) is not None else _only_readable(path)
    return None if only is None else read_test(only, wish)
