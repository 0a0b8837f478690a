"""Micrographs in a folder become a data set, with the picks beside them; stacks of particle images too."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from querist.data import mrc
from querist.data.images import Images
from querist.data.pool import Pool
from querist.errors import BadData, near
from querist.formats import _points, _star
from querist.formats.protocol import LabelRow, Read
from querist.tasks._picks import spacing
from querist.tasks.protocol import Label

_LABELS = (".star", ".box", "_info.json", ".topaz", ".topaz.txt")


@dataclass(frozen=True)
class Folder:
    """The MRC files of a folder, by their path in it."""

    root: Path
    names: tuple[str, ...]


def find(path: Path) -> Folder | None:
    """Find the MRC files below a folder; None when there are none. Hidden files and folders are left out."""
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(folder).relative_to(path)
        found += [(inside / name).as_posix() for name in files if mrc.is_mrc(name) and not name.startswith(".")]
    return Folder(path.resolve(), tuple(sorted(found))) if found else None


def pool_of(found: Folder, label: Any = None) -> tuple[Pool, list[Label | None] | None, tuple[str, ...]]:
    """Make a pool of micrographs, or of the images of stacks where there are no micrographs; its labels; what is left.

    A micrograph has one section; its picks come from a STAR file that names micrographs, from a STAR file, a ``.box``
    or an ``_info.json`` called after it, or from a table of Topaz, the first of these that there is; where a file tells
    of it, all of it counts as searched. A file that is damaged, and a micrograph that is named and is not there, is a
    line of what was left out; raises BadData where nothing is left, and for picks outside a micrograph or there twice.
    The labels of stacks are the column of their STAR file that ``label`` names (``rlnClassNumber``), if any.
    """
    wrong = {name: mrc.wrong(str(found.root), name) for name in found.names}
    skipped = [f"{name}: {reason}" for name, reason in wrong.items() if reason is not None]
    sound = [name for name in found.names if wrong[name] is None]
    if not sound:
        raise BadData(f"none of the {len(found.names)} MRC files of {found.root.name!r} can be read: {skipped[0]}")
    single = [name for name in sound if _sections(found.root, name) == 1]
    if not single:
        pool, more = stack_pool(found.root, sound)
        return pool, _column(pool, label) if label else None, (*skipped, *more)
    skipped += [f"{name}: {_why_not(found.root, name)}" for name in sound if name not in single]
    images = images_of(str(found.root), single)
    read, notes = _picks(found.root, dict(zip(single, sizes_of(images), strict=True)))
    labels = _labels(single, read.rows)
    about = {"notes": [*notes, *_spacing_note(labels)]}
    pool = Pool(tuple(single), images, _records(found.root, single), None, "image", about)
    return pool, labels if read.rows else None, (*skipped, *read.skipped)


def _sections(root: Path, name: str) -> int:
    return mrc.head(root / name).sections


def _why_not(root: Path, name: str) -> str:
    count = _sections(root, name)
    return f"it holds {count} sections, a stack, a movie or a volume: give the averaged micrograph, or the stack alone"


def images_of(root: str, names: Sequence[str]) -> Images:
    """Give the items of names: files, rectangles or sections of them (see ``querist.data.mrc``); raises BadData."""
    roots, files = np.empty(len(names), object), np.empty(len(names), object)
    roots[:], files[:] = root, list(names)
    digests = np.frombuffer(b"".join(mrc.digest(root, name) for name in names), np.uint8).reshape(-1, 16)
    sizes = np.array([mrc.sizes(root, name) for name in names], np.int32).reshape(-1, 2)
    return Images(roots, files, digests, sizes)


def sizes_of(images: Images) -> list[tuple[int, int]]:
    """Give the width and height of each image."""
    return [(int(width), int(height)) for width, height in images.sizes.tolist()]


def _records(root: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    sizes = [mrc.head(root / name).pixel_size for name in names]
    return [{} if size is None else {"pixel_size": size} for size in sizes]


def _labels(names: Sequence[str], rows: Iterable[LabelRow]) -> list[Label | None]:
    known = {row.id: row.answers[0].label for row in rows}
    return [known.get(name) for name in names]


def _spacing_note(labels: Sequence[Label | None]) -> list[str]:
    """Say what stands in for the diameter, as the files do not tell it."""
    found = spacing([label for label in labels if label is not None])
    if found is None:
        return []
    return [
        f"no file tells the particles' diameter: {found:.3g} pixels, the distance of a pick to the next, stand in; "
        "say --task 'particles(diameter=…)'"
    ]


def _picks(root: Path, images: Mapping[str, tuple[int, int]]) -> tuple[Read, list[str]]:
    """Read the picks of a folder from the first kind of file that has any; gives them and how they were found."""
    from querist.formats.autopick import Autopick
    from querist.formats.eman import Eman

    for reader, what in ((_combined, "a STAR file that names them"), (_topaz, "a table of Topaz")):
        read = reader(root, images)
        if read is not None:
            return read, [f"the picks are those of {what}"]
    for form, what in ((Autopick(), "STAR files called after them"), (Eman(), "EMAN2's files called after them")):
        try:
            return form.read_folder(root, images), [f"the picks are those of {what}"]
        except BadData as error:
            if "holds no" not in str(error):
                raise
    return Read([], []), []


def _combined(root: Path, images: Mapping[str, tuple[int, int]]) -> Read | None:
    from querist.formats.star import rows_of

    for file in _points.files_below(root, (".star",)):
        found = _star.blocks(file)
        if any(block.has(_star.MICROGRAPH, _star.X, _star.Y) for block in found.values()):
            return _points.matched(rows_of(found, file.name), images, file.name)
    return None


def _topaz(root: Path, images: Mapping[str, tuple[int, int]]) -> Read | None:
    from querist.formats import open_text
    from querist.formats.topaz import Topaz

    for file in _points.files_below(root, (".topaz.txt", ".topaz")):
        return _points.matched(Topaz().read_rows(open_text(file)), images, file.name)
    return None


def stack_pool(root: Path, names: Sequence[str]) -> tuple[Pool, tuple[str, ...]]:
    """Make a pool of the images of particle stacks, an item each, with the columns of the STAR files that name them.

    The id is RELION's, ``000007@stack.mrcs``. Gives a line, too, for each STAR file that cannot be read, and for each
    that names images which no stack has.
    """
    parts = [mrc.Part(name, section) for name in names for section in range(_sections(root, name))]
    ids = [f"{part.section + 1:06d}@{part.file}" for part in parts]
    told, skipped = _told(root, set(ids))
    images = images_of(str(root), [part.name for part in parts])
    return Pool(tuple(ids), images, [told.get(id, {}) for id in ids], None, "image", {"notes": []}), tuple(skipped)


def _column(pool: Pool, label: str) -> list[Label | None]:
    from querist.data.labels import canonical

    records = pool.records or ()
    if not any(label in record for record in records):
        names = sorted({str(name) for record in records for name in record})
        raise BadData(f"no STAR file of the stacks has a column {label!r}: {near(label, names)}")
    return canonical([record.get(label) for record in records], lambda row: pool.ids[row])


def _told(root: Path, ids: set[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    found: dict[str, dict[str, Any]] = {}
    skipped: list[str] = []
    for file in _points.files_below(root, (".star",)):
        try:
            blocks = _star.blocks(file)
            block = next((each for each in blocks.values() if each.has(_star.IMAGE)), None)
            if block is not None:
                missing = _read_rows(block, ids, found)
                skipped += [f"{block.where}, _{_star.IMAGE}: {missing} of its images are not here"] if missing else []
        except BadData as error:
            skipped.append(str(error))
    return found, skipped


def _read_rows(block: _star.Block, ids: set[str], found: dict[str, dict[str, Any]]) -> int:
    """Note the row of each image by its id; gives how many images are not there."""
    rows, missing = block.frame.to_dict("records"), 0
    for at, (name, row) in enumerate(zip(block.column(_star.IMAGE), rows, strict=True), 1):
        id = _id_of(name, ids, f"{block.where}, row {at}, _{_star.IMAGE}")
        if id is None:
            missing += 1
        else:
            found[id] = {str(key): value for key, value in row.items()}
    return missing


def _id_of(name: str, ids: set[str], where: str) -> str | None:
    """Find the item that an image name means: by the section and the stack's path, else its bare name."""
    section, at, file = name.partition("@")
    if not at or not section.isdigit():
        raise BadData(f"{where}: an image is named SECTION@STACK: got {name!r}")
    wanted = (f"{int(section):06d}@{file}", f"{int(section):06d}@{Path(file).name}")
    return next((id for id in wanted if id in ids), None)
