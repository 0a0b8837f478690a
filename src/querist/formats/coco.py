"""COCO: one JSON file with images, categories and the boxes of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from querist.errors import BadData, near
from querist.formats._boxes import (
    Drawn,
    Noted,
    boxes_in,
    classes_of,
    numbers,
    rows_of,
    rows_of_table,
    sound_rows,
    table_of_rows,
)
from querist.formats._files import name_of, read_text, write_bytes
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, answers_of, no_hints
from querist.tasks.protocol import Answer

_SIDES = ("bbox x", "bbox y", "bbox width", "bbox height")
_KEPT = ("id", "file_name", "width", "height", "license", "flickr_url", "coco_url", "date_captured")


@dataclass(frozen=True)
class Coco:
    """Boxes in pixels from the corner at the top left, ``[x, y, width, height]``; ending .coco.json or .json.

    The id of an item is the ``file_name``. An image of the list without annotations holds nothing, so its label is the
    empty list; what else is said of an image (sequence, frame) stays in its data. Crowd regions (``iscrowd`` 1) are no
    boxes and are left out; so are masks and keypoints. ``clip`` cuts boxes to the image instead of refusing those that
    go beyond it. Written is the latest label of each item; items without one are left out.
    """

    clip: bool = False

    about: ClassVar[About] = About("coco", (".coco.json", ".json"), True, True, "boxes in images, as COCO has them")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read images and their boxes as a table: id (the file's name), label; raises BadData."""
        name = Path(path).name
        return table_of_rows(rows_of(_noted(read_text(path).decode(), name), clip=self.clip), name)

    def read_sound(self, path: Path) -> Read:
        """Read what is sound, and say what is not; raises BadData when the file as a whole is no COCO."""
        name = Path(path).name
        found = _parsed(read_text(path).decode(), name)
        read = sound_rows(_images(found, name), clip=self.clip)
        return read._replace(skipped=[*read.skipped, *_strays(found, name)])

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it."""
        write_bytes(path, _dump(rows_of_table(rows)).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write the images that have a label; raises BadData on labels that are no boxes."""
        stream.write(_dump(rows))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read images with their boxes; raises BadData that names the annotation and the field."""
        return rows_of(_noted(stream.read().removeprefix("\ufeff"), name_of(stream)), clip=self.clip)

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the images."""
        return answers_of(self.read_rows(stream))


def is_coco(text: str) -> bool:
    """Say whether a text begins as the JSON of COCO may: an object that has images and annotations."""
    if not text.lstrip().startswith("{") or '"images"' not in text or '"annotations"' not in text:
        return False
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found.get("images"), list) and isinstance(found.get("annotations"), list)


def _noted(text: str, name: str) -> list[Noted]:
    found = _parsed(text, name)
    strays = _strays(found, name)
    if strays:
        raise BadData(strays[0])
    return _images(found, name)


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadData(f"{name} is not JSON ({error}): export it again") from None
    if not isinstance(found, dict):
        raise BadData(f"{name} must hold one object with images, annotations and categories: got a list; "
                      "a list of results has no images: give the annotations")  # fmt: skip
    for part in ("images", "annotations", "categories"):
        if not isinstance(found.get(part), list) or not all(isinstance(each, dict) for each in found[part]):
            raise BadData(f"{name}: {part!r} must be a list of objects: got {str(found.get(part))[:60]!r}")
    if not found["images"]:
        raise BadData(f"{name}: 'images' is empty: it needs at least one")
    return found


def _images(found: Mapping[str, Any], name: str) -> list[Noted]:
    names = {category.get("id"): category.get("name") for category in found["categories"]}
    boxes: dict[Any, list[Drawn]] = {image.get("id"): [] for image in found["images"]}
    crowds: dict[Any, int] = {}
    for at, each in enumerate(found["annotations"], 1):
        image = each.get("image_id")
        if each.get("iscrowd") == 1:
            crowds[image] = crowds.get(image, 0) + 1
        elif image in boxes:
            boxes[image].append(_drawn(each, names, f"{name}, annotation {each.get('id', at)}"))
    if len(boxes) < len(found["images"]):
        raise BadData(f"{name}: two images have the same id: number them anew")
    return [_image(image, boxes[image.get("id")], crowds.get(image.get("id"), 0), name) for image in found["images"]]


def _image(image: Mapping[str, Any], boxes: list[Drawn], crowds: int, name: str) -> Noted:
    file = image.get("file_name")
    if not isinstance(file, str) or not file:
        raise BadData(f"{name}, image {image.get('id')}: file_name must be the name of a file: got {file!r}")
    size = image.get("width"), image.get("height")
    known = all(isinstance(side, int) and side > 0 for side in size)
    data = {key: value for key, value in image.items() if key not in _KEPT and isinstance(value, str | int | float)}
    left = (f"{name}, image {file!r}: {crowds} crowd region{'s' * (crowds > 1)} left out",) if crowds else ()
    where = [each._replace(where=f"{each.where} (image {file!r})") for each in boxes]
    return Noted(file, (int(size[0] or 0), int(size[1] or 0)) if known else None, tuple(where), data, left)


def _drawn(annotation: Mapping[str, Any], names: Mapping[Any, Any], where: str) -> Drawn:
    label, box = names.get(annotation.get("category_id")), annotation.get("bbox")
    nothing = (0.0, 0.0, 0.0, 0.0)
    if not isinstance(label, str) or not label:
        known = [str(key) for key in names]
        got = annotation.get("category_id")
        return Drawn(None, nothing, where, f"category_id {got!r} is no category: {near(str(got), known)}")
    if not isinstance(box, list) or len(box) != 4:
        return Drawn(label, nothing, where, f"bbox must be [x, y, width, height]: got {box!r}")
    try:
        x, y, width, height = numbers(box, where, names=_SIDES)
    except BadData as error:
        return Drawn(label, nothing, where, str(error).removeprefix(f"{where}: "))
    return Drawn(label, (x, y, width, height), where)


def _strays(found: Mapping[str, Any], name: str) -> list[str]:
    """Name the annotations whose image is not in the list."""
    known = {image.get("id") for image in found["images"]}
    return [
        f"{name}, annotation {each.get('id', at)}: image_id {each.get('image_id')!r} is of no image"
        for at, each in enumerate(found["annotations"], 1)
        if each.get("image_id") not in known
    ]


def _dump(rows: Sequence[LabelRow]) -> str:
    classes = classes_of(rows, "coco")
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for row in rows:
        boxes = boxes_in(row, "coco")
        if boxes is None:
            continue
        plain = {k: v for k, v in row.data.items() if isinstance(v, str | int | float) and k not in ("id", "file_name")}
        images.append({"id": len(images) + 1, "file_name": row.id, **plain})
        for box in boxes:
            code = 1 + classes.index(str(box["label"]))
            annotations.append(_annotation(box["box"], len(annotations) + 1, image=len(images), category=code))
    categories = [{"id": code, "name": name} for code, name in enumerate(classes, 1)]
    whole = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    parts = (f'"{part}": {_lines(value)}' for part, value in whole.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(values: Any) -> str:
    """Write a list with a line for each of its objects, so that two versions can be compared."""
    lines = ",\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"[\n{lines}\n]" if isinstance(values, list) and values else json.dumps(values)


def _annotation(box: Sequence[float], id: int, *, image: int, category: int) -> dict[str, Any]:
    sides = [int(side) if float(side).is_integer() else side for side in box]
    area = box[2] * box[3]
    return {"id": id, "image_id": image, "category_id": category, "bbox": sides, "area": area, "iscrowd": 0}
