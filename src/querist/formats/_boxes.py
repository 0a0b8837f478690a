"""What the formats of boxes share: what a file says of an image, checked box by box, becomes a labelled row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeAlias

from querist.errors import BadData
from querist.formats._labelled import as_table, is_boxes
from querist.formats.protocol import LabelRow, Read, Table
from querist.tasks.boxes import ROUNDING
from querist.tasks.protocol import Answer

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""


class Drawn(NamedTuple):
    """A box as a file has it, and where it stands; ``wrong`` says why it cannot be used, if so."""

    label: Any
    sides: tuple[float, float, float, float]
    where: str
    wrong: str | None = None


@dataclass(frozen=True)
class Noted:
    """What a file says of an image: its name, size and boxes; ``drawn`` None: nobody looked at it.

    ``left`` has a line for each part that is no box: regions that were not labelled, for example.
    """

    id: str
    size: Size | None
    drawn: tuple[Drawn, ...] | None
    data: Mapping[str, Any] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def rows_of(noted: Iterable[Noted], *, clip: bool) -> list[LabelRow]:
    """Make a row of each image; raises BadData at the first box that is wrong."""
    return [_row(each, [_box(drawn, each.size, clip=clip) for drawn in each.drawn or ()]) for each in noted]


def sound_rows(noted: Iterable[Noted], *, clip: bool) -> Read:
    """Make a row of each image; a box without area is left out, another wrong one leaves the image unlabelled.

    A box of no area shows nothing, so the others still say all there is. Of a box that lies outside, or of an unknown
    class, nobody knows what it should be: a label without it would teach that nothing is there.
    """
    noted = list(noted)
    pairs = [_sound(each, clip=clip) for each in noted]
    notes = tuple(line for each in noted for line in each.left)
    return Read([row for row, _ in pairs], [line for _, lines in pairs for line in lines], notes)


def _sound(noted: Noted, *, clip: bool) -> tuple[LabelRow, list[str]]:
    boxes, lines, whole = [], [], True
    for drawn in noted.drawn or ():
        try:
            boxes.append(_box(drawn, noted.size, clip=clip))
        except BadData as error:
            empty = drawn.wrong is None and 0 in drawn.sides[2:]
            whole = whole and empty
            lines.append(f"{error}: {'the box was left out' if empty else 'the image was left unlabelled'}")
    return _row(noted if whole else Noted(noted.id, noted.size, None, noted.data), boxes), lines


def _row(noted: Noted, boxes: list[dict[str, Any]]) -> LabelRow:
    size = {} if noted.size is None else {"width": noted.size[0], "height": noted.size[1]}
    answers = () if noted.drawn is None else (Answer(noted.id, boxes),)
    return LabelRow(noted.id, {**size, **noted.data}, answers, task="boxes")


def _box(drawn: Drawn, size: Size | None, *, clip: bool) -> dict[str, Any]:
    """Check one box; ``clip`` cuts it to the image, and says nothing where that leaves something of it."""
    if drawn.wrong is not None:
        raise BadData(f"{drawn.where}: {drawn.wrong}")
    sides = _clipped(drawn.sides, size) if clip and size is not None else drawn.sides
    for name, side in zip(("width", "height"), sides[2:], strict=True):
        if side <= 0:
            raise BadData(f"{drawn.where}: the {name} must be greater than 0: got {side:g}")
    if size is not None:
        ends = (("x", sides[0], sides[0] + sides[2], size[0]), ("y", sides[1], sides[1] + sides[3], size[1]))
        for name, low, high, end in ends:
            if low < -ROUNDING or high > end + ROUNDING:
                raise BadData(
                    f"{drawn.where}: {name} goes from {low:g} to {high:g}, outside the image of {size[0]} × {size[1]} "
                    "pixels (clip=True cuts boxes to the image)"
                )
    return {"label": drawn.label, "box": [float(side) for side in sides]}


def _clipped(sides: Sequence[float], size: Size) -> tuple[float, float, float, float]:
    left, top = (min(max(low, 0.0), end) for low, end in zip(sides[:2], size, strict=True))
    right, bottom = (
        min(max(low + extent, 0.0), end) for low, extent, end in zip(sides[:2], sides[2:], size, strict=True)
    )
    return left, top, right - left, bottom - top


def numbers(values: Sequence[Any], where: str, *, names: Sequence[str]) -> tuple[float, ...]:
    """Read numbers that a file has as texts or numbers; raises BadData that names the field.

    >>> numbers(["1", 2.5], "a.txt, line 1", names=("xmin", "ymin"))
    (1.0, 2.5)
    """
    found = []
    for name, value in zip(names, values, strict=True):
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not abs(number) < float("inf"):
            raise BadData(f"{where}: {name} must be a number: got {value!r}")
        found.append(number)
    return tuple(found)


def table_of_rows(rows: Sequence[LabelRow], name: str) -> Table:
    """Make a table of images and their boxes: id, the data, label."""
    return as_table(rows, lambda at: f"{name}, image {at + 1}")


def rows_of_table(table: Table) -> list[LabelRow]:
    """Make rows of a table as ``table_of_rows`` gives it; a label that is null is none."""
    found = []
    for record in table.to_pylist():
        data = {name: value for name, value in record.items() if name not in ("id", "label")}
        label = record.get("label")
        found.append(LabelRow(record["id"], data, () if label is None else (Answer(record["id"], label),)))
    return found


def boxes_in(row: LabelRow, form: str) -> list[dict[str, Any]] | None:
    """Give the latest boxes of an item; None where nobody labelled it. Raises BadData on other labels."""
    labels = [answer.label for answer in row.answers if answer.kind == "label"]
    if not labels:
        return None
    if not is_boxes(labels[-1]):
        raise BadData(f"item {row.id!r} is labelled {labels[-1]!r}: {form} holds boxes; export it as jsonl")
    return list(labels[-1])


def size_in(row: LabelRow, form: str) -> Size:
    """Give the size of an item's image; raises BadData where its data do not say it."""
    size = row.data.get("width"), row.data.get("height")
    if not all(isinstance(side, int | float) and side > 0 for side in size):
        raise BadData(f"item {row.id!r} has no width and height: {form} needs the size of the image; export it as coco")
    return int(size[0] or 0), int(size[1] or 0)


def classes_of(rows: Iterable[LabelRow], form: str) -> list[str]:
    """List the classes of the latest labels, sorted."""
    return sorted({str(box["label"]) for row in rows for box in boxes_in(row, form) or ()})


def write_folder(files: Mapping[str, str], path: Path) -> None:
    """Write texts below a folder; a name must stay inside it. Raises BadData."""
    for name, text in files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BadData(f"the item that makes {name!r} lies outside the folder: give it another id")
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


def bare(id: str) -> str:
    """Give the name of an image without its ending.

    >>> bare("images/a.b.png")
    'images/a.b'
    """
    known = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp", ".dcm")
    return id.rpartition(".")[0] if id.lower().endswith(known) else id


def one_each(rows: Sequence[LabelRow], name_of: Callable[[str], str]) -> dict[str, LabelRow]:
    """Give the file of each item; raises BadData where two items would share one."""
    found: dict[str, LabelRow] = {}
    for row in rows:
        name = name_of(row.id)
        if name in found:
            raise BadData(f"the items {found[name].id!r} and {row.id!r} would both be written to {name!r}: rename one")
        found[name] = row
    return found


def files_below(path: Path, ending: str) -> list[Path]:
    """List the files below a folder that end so, sorted, hidden ones left out; raises BadData when there is none."""
    if not path.is_dir():
        raise BadData(f"{str(path)!r} is not a folder: give the folder with the {ending} files")
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if name.lower().endswith(ending) and not name.startswith(".")]
    if not found:
        raise BadData(f"the folder {path.name!r} holds no {ending} files")
    return sorted(found)
