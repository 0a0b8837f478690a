"""KITTI: a text file for each frame, boxes by their corners, with what KITTI knows of each in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from querist.errors import BadData
from querist.formats._boxes import (
    Drawn,
    Noted,
    Size,
    bare,
    boxes_in,
    files_below,
    numbers,
    one_each,
    rows_of,
    rows_of_table,
    sound_rows,
    table_of_rows,
    write_folder,
)
from querist.formats._images import Stems, images_below
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints
from querist.formats.yolo import read_lines

_COLUMNS = (15, 16)
_SIDES = ("left", "top", "right", "bottom")
IGNORED = "DontCare"


@dataclass(frozen=True)
class Kitti:
    """A folder of text files, 15 columns a line: type, truncated, occluded, alpha, the box, and its 3-D shape.

    Read are the type and the box (left, top, right, bottom in pixels from 0); ``label_2/a.txt`` belongs to
    ``image_2/a.png``, or the two lie side by side. DontCare marks regions that nobody labelled: they are left out and
    named. What is written has the placeholders of the devkit for truncation and everything of three dimensions (−1,
    −1, −10 and −1, −1, −1, −1000, −1000, −1000, −10): querist keeps boxes in the image only. ``clip`` cuts boxes to
    the image instead of refusing those that go beyond it.
    """

    clip: bool = False

    about: ClassVar[About] = About("kitti", (), True, True, "a folder of boxes, a text file a frame (KITTI object)")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a folder with its images as a table: id, width, height, label; raises BadData."""
        noted, wrong = _noted(Path(path), images_below(Path(path)))
        if wrong:
            raise BadData(wrong[0])
        return table_of_rows(rows_of(noted, clip=self.clip), Path(path).name)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it into a folder."""
        self.write_folder(rows_of_table(rows), path)

    def read_folder(self, path: Path, images: Mapping[str, Size] | None = None) -> Read:
        """Read what is sound of a folder, and say what is not; ``images`` are the sizes, by default of those in it."""
        path = Path(path)
        noted, wrong = _noted(path, images_below(path) if images is None else images)
        read = sound_rows(noted, clip=self.clip)
        return read._replace(skipped=[*wrong, *read.skipped])

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write a file for each labelled item below ``label_2``; raises BadData on types with blanks."""
        labelled = [row for row in rows if boxes_in(row, "kitti") is not None]
        files = one_each(labelled, lambda id: f"label_2/{bare(id).removeprefix('image_2/')}.txt")
        write_folder(
            {name: "".join(map(_line, boxes_in(row, "kitti") or ())) for name, row in files.items()}, Path(path)
        )


def _noted(path: Path, images: Mapping[str, Size]) -> tuple[list[Noted], list[str]]:
    stems = Stems.of(images)
    found: dict[str, Noted] = {}
    wrong: list[str] = []
    for file in files_below(path, ".txt"):
        name = file.relative_to(path).as_posix()
        if "calib" in file.relative_to(path).parts[:-1]:
            continue
        try:
            id = stems.image_of(name)
        except BadData as error:
            wrong.append(f"{error}: the file was left out")
            continue
        found[id] = _frame(id, images[id], read_lines(file), name)
    return [found.get(id, Noted(id, size, None)) for id, size in images.items()], wrong


def _frame(id: str, size: Size, lines: Sequence[str], name: str) -> Noted:
    pairs = [(f"{name}, line {at}", line.split()) for at, line in enumerate(lines, 1) if line.strip()]
    ignored = sum(cells[0] == IGNORED for _, cells in pairs)
    left = (f"{name}: {ignored} region{'s' * (ignored > 1)} {IGNORED} left out",) if ignored else ()
    return Noted(id, size, tuple(_drawn(cells, where) for where, cells in pairs if cells[0] != IGNORED), left=left)


def _drawn(cells: Sequence[str], where: str) -> Drawn:
    nothing = (0.0, 0.0, 0.0, 0.0)
    if len(cells) not in _COLUMNS:
        return Drawn(None, nothing, where, f"a line must have 15 columns, or 16 with a score: got {len(cells)}")
    try:
        left, top, right, bottom = numbers(cells[4:8], where, names=_SIDES)
    except BadData as error:
        return Drawn(None, nothing, where, str(error).removeprefix(f"{where}: "))
    return Drawn(cells[0], (left, top, right - left, bottom - top), where)


def _line(box: Mapping[str, Any]) -> str:
    label = str(box["label"])
    if not label or len(label.split()) != 1:
        raise BadData(f"the class {label!r} has a blank in it: KITTI parts its columns by blanks; rename the class")
    x, y, width, height = box["box"]
    corners = " ".join(f"{value:.2f}" for value in (x, y, x + width, y + height))
    return f"{label} -1 -1 -10 {corners} -1 -1 -1 -1000 -1000 -1000 -10\n"
