"""Boxes that lie beside images: COCO, Pascal VOC, YOLO or KITTI, found by what a folder holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from querist.data.folders import Found, Names
from querist.errors import BadData, BadLabel, near
from querist.formats import LabelRow, Read, folder_format, label_format
from querist.formats._files import read_bytes, read_text
from querist.formats.coco import is_coco
from querist.formats.voc import is_voc
from querist.formats.yolo import NAMES
from querist.tasks.boxes import Boxes
from querist.tasks.protocol import Label

COLUMN = "image"
"""The column of the table that names the images."""
KINDS = ("coco", "voc", "yolo", "kitti")
_TAKEN = frozenset((COLUMN, "label", "id", "width", "height"))


def annotated(root: Path, names: Sequence[str], asked: str | None) -> Found | None:
    """Find the boxes beside the images of a folder; None when there are none.

    ``asked`` is the format, with options if you like (``voc(first=1)``); None: the first of ``KINDS`` that is there.
    What is wrong is left out and named. Images that no annotation names are unlabelled items where they lie in a folder
    with named ones, and left out elsewhere (pictures of masks, for example). Raises BadData, UnknownName.
    """
    kind = None if asked is None else asked.partition("(")[0]
    if kind is not None and kind not in KINDS:
        raise BadData(f"no format of boxes beside images is called {asked!r}: {near(kind, KINDS)}")
    for each in KINDS if kind is None else (kind,):
        read = _READERS[each](root, asked or each)
        if read is not None:
            return _found(root, names, read, each)
    if kind is not None:
        raise BadData(f"the folder {root.name!r} holds no annotations of the format {kind}")
    return None


def of_file(path: Path, names: Sequence[str], asked: str | None) -> Found | None:
    """Read one COCO file with the images beside it; None when it is none of that kind."""
    if path.suffix.lower() != ".json" or not is_coco(read_text(path).decode()):
        return None
    return _found(path.parent, names, _sound(path, asked or "coco"), "coco")


def _coco(root: Path, spec: str) -> Read | None:
    files = [p for p in (*_files(root, ".json"), *_files(root / "annotations", ".json")) if _looks_coco(p)]
    reads = [_sound(path, spec) for path in files]
    if not reads:
        return None
    return Read(
        [row for read in reads for row in read.rows],
        [line for read in reads for line in read.skipped],
        tuple(note for read in reads for note in read.notes),
    )


def _sound(path: Path, spec: str) -> Read:
    read: Read = label_format(spec).read_sound(path)  # type: ignore[attr-defined]
    return read


def _looks_coco(path: Path) -> bool:
    try:
        return is_coco(read_text(path).decode())
    except BadData:
        return False


def _voc(root: Path, spec: str) -> Read | None:
    places = (root / "Annotations", root / "annotations", root)
    place = next((p for p in places if any(is_voc(read_bytes(file)) for file in _files(p, ".xml")[:1])), None)
    return None if place is None else _of_folder(place, spec)


def _yolo(root: Path, spec: str) -> Read | None:
    there = any((root / name).is_file() for name in NAMES)
    texts = there and any(p.name not in NAMES for p in root.rglob("*.txt"))
    return _of_folder(root, spec) if texts else None


def _kitti(root: Path, spec: str) -> Read | None:
    return _of_folder(root, spec) if (root / "label_2").is_dir() else None


def _of_folder(root: Path, spec: str) -> Read:
    reader = folder_format(spec)
    assert reader is not None
    return reader.read_folder(root)


_READERS: Mapping[str, Callable[[Path, str], Read | None]] = {
    "coco": _coco,
    "voc": _voc,
    "yolo": _yolo,
    "kitti": _kitti,
}


def _files(folder: Path, ending: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name.lower().endswith(ending))


def _found(root: Path, names: Sequence[str], read: Read, kind: str) -> Found | None:
    """Make the table that names the images; None where the annotations name none of them."""
    known = Names.of(names)
    rows, skipped, sizes = [], list(read.skipped), {}
    for row in read.rows:
        image, wrong = _image_of(row.id, known)
        if wrong is not None:
            skipped.append(f"{row.id}: {wrong}: its boxes were left out")
            continue
        rows.append(_record(image, row))
        sizes[image] = (row.data.get("width"), row.data.get("height"))
    if not rows:
        return None
    rows += [{COLUMN: name, "label": None} for name in _unnamed(names, [row[COLUMN] for row in rows])]
    boxes = sum(len(row["label"]) for row in rows if row["label"] is not None)
    note = f"the {kind} annotations beside the images are the labels: {boxes:,} boxes"
    return Found(root, tuple(names), _table(rows), COLUMN, (note, *read.notes), tuple(skipped), sizes)


def _table(rows: Sequence[Mapping[str, Any]]) -> Any:
    from querist.formats._rows import table_of

    bare = all(row["label"] is None for row in rows)
    kept = [{k: v for k, v in row.items() if k != "label"} for row in rows] if bare else rows
    return table_of(kept, lambda at: f"image {at + 1}")


def _image_of(id: str, known: Names) -> tuple[str, str | None]:
    """Find the image that an annotation names: its path, else its bare name, as folders are often called otherwise."""
    found = known.of_value(id) or known.of_value(PurePosixPath(id.replace("\\", "/")).name)
    if len(found) == 1:
        return found[0], None
    if not found:
        return "", "there is no such image"
    return "", f"it may be {' or '.join(map(repr, found[:3]))}"


def _record(image: str, row: LabelRow) -> dict[str, Any]:
    label = row.answers[-1].label if row.answers else None
    return {COLUMN: image, **{k: v for k, v in row.data.items() if k not in _TAKEN}, "label": label}


def _unnamed(names: Sequence[str], named: Sequence[str]) -> list[str]:
    """List the images without an annotation in the folders that hold some with one."""
    there = set(named)
    folders = {PurePosixPath(name).parent for name in there}
    return [name for name in names if name not in there and PurePosixPath(name).parent in folders]


@dataclass(frozen=True)
class _Sized:
    """What a task sees of an image: its size."""

    sizes: tuple[tuple[int, int]]


def fitted(
    labels: Sequence[Label | None], stated: Sequence[Any], real: Sequence[tuple[int, int]]
) -> Iterator[tuple[Label | None, str | None]]:
    """Give each label, or None and the reason where it does not fit its image.

    Boxes drawn on an image of another size than the file has (turned, or scaled) lie in other places than they say.
    """
    task = Boxes.from_labels(labels) if any(labels) else None
    for label, said, size in zip(labels, stated, real, strict=True):
        wrong = None
        if label and said is not None and None not in said and tuple(said) != tuple(size):
            wrong = f"its boxes are of an image of {said[0]} × {said[1]} pixels, and it has {size[0]} × {size[1]}"
        elif label and task is not None:
            try:
                task.check(label, _Sized((size,)))
            except BadLabel as error:
                wrong = str(error)
        yield (label, None) if wrong is None else (None, f"{wrong}: left unlabelled")
