"""YOLO: a text file for each image, boxes as shares of its size, the classes in data.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from querist.errors import BadData
from querist.formats._boxes import (
    Drawn,
    Noted,
    Size,
    bare,
    boxes_in,
    classes_of,
    files_below,
    numbers,
    one_each,
    rows_of,
    rows_of_table,
    size_in,
    sound_rows,
    table_of_rows,
    write_folder,
)
from querist.formats._files import read_text
from querist.formats._images import Stems, images_below
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints

_SIDES = ("centre x", "centre y", "width", "height")
NAMES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "obj.names")
_ENTRY = re.compile(r"^\s+(?:-|(\d+)\s*:)\s*(.+?)\s*$")


@dataclass(frozen=True)
class Yolo:
    """A folder of text files, a line ``class cx cy w h`` for each box, from 0 to 1; classes are numbered from 0.

    ``labels/…/a.txt`` belongs to ``images/…/a.jpg``, or the two lie side by side. The names of the classes come from
    ``data.yaml`` (``names:``), ``classes.txt`` or ``obj.names``. An empty file says that nothing is there; an image
    without a file was not looked at, unless ``missing_is_empty``: then nothing is there. A sixth number (a confidence)
    is passed over. ``clip`` cuts boxes to the image instead of refusing those that go beyond it. Lines of polygons are
    refused.
    """

    clip: bool = False
    missing_is_empty: bool = False

    about: ClassVar[About] = About("yolo", (), True, True, "a folder of boxes, a text file an image, and data.yaml")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a folder with its images as a table: id, width, height, label; raises BadData."""
        noted, wrong = self._noted(Path(path), images_below(Path(path)))
        if wrong:
            raise BadData(wrong[0])
        return table_of_rows(rows_of(noted, clip=self.clip), Path(path).name)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it into a folder."""
        self.write_folder(rows_of_table(rows), path)

    def read_folder(self, path: Path, images: Mapping[str, Size] | None = None) -> Read:
        """Read what is sound of a folder, and say what is not; ``images`` are the sizes, by default of those in it."""
        path = Path(path)
        noted, wrong = self._noted(path, images_below(path) if images is None else images)
        read = sound_rows(noted, clip=self.clip)
        return read._replace(skipped=[*wrong, *read.skipped])

    def _noted(self, path: Path, images: Mapping[str, Size]) -> tuple[list[Noted], list[str]]:
        classes, stems = class_names(path), Stems.of(images)
        found: dict[str, Noted] = {}
        wrong: list[str] = []
        files = [file for file in files_below(path, ".txt") if file.name not in NAMES]
        for file in files:
            name = file.relative_to(path).as_posix()
            try:
                id = stems.image_of(name)
                found[id] = Noted(id, images[id], _lines(read_lines(file), name, classes, images[id]))
            except BadData as error:
                wrong.append(f"{error}: the file was left out")
        rest = () if self.missing_is_empty else None
        return [found.get(id, Noted(id, size, rest)) for id, size in images.items()], wrong

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write a file for each labelled item below ``labels``, and data.yaml; raises BadData as the others do."""
        labelled = [row for row in rows if boxes_in(row, "yolo") is not None]
        classes = classes_of(labelled, "yolo")
        files = one_each(labelled, lambda id: f"labels/{bare(id).removeprefix('images/')}.txt")
        texts = {name: _text(row, classes) for name, row in files.items()}
        write_folder({**texts, "data.yaml": _yaml(classes)}, Path(path))


def class_names(path: Path) -> list[str]:
    """Read the names of the classes of a folder; raises BadData when no file has them."""
    file = next((path / name for name in NAMES if (path / name).is_file()), None)
    if file is None:
        raise BadData(f"the folder {path.name!r} holds no data.yaml, classes.txt or obj.names: it names the classes")
    text = read_text(file).decode()
    if file.suffix in (".yaml", ".yml"):
        return _names_of_yaml(text, file.name)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _names_of_yaml(text: str, name: str) -> list[str]:
    """Read ``names:`` in its three spellings: [a, b] on a line, a list, numbered lines."""
    lines = text.splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith("names:")), None)
    if at is None:
        raise BadData(f"{name} has no 'names:', which names the classes")
    inline = lines[at].partition(":")[2].partition(" #")[0].strip()
    if inline.startswith("["):
        return [part.strip().strip("'\"") for part in inline.strip("[]").split(",") if part.strip()]
    found: dict[int, str] = {}
    for line in lines[at + 1 :]:
        entry = _ENTRY.match(line.partition(" #")[0])
        if entry is None and line.startswith("- "):
            entry = _ENTRY.match(f" {line}")
        if entry is None:
            break
        found[len(found) if entry[1] is None else int(entry[1])] = entry[2].strip("'\"")
    if not found or sorted(found) != list(range(len(found))):
        raise BadData(f"{name}: 'names:' must be a list, or numbered from 0 without a gap: got {found}")
    return [found[code] for code in range(len(found))]


def read_lines(file: Path) -> list[str]:
    """Read the lines of a text file, none of an empty one; raises BadData."""
    return [] if not file.stat().st_size else read_text(file).decode().splitlines()


def _lines(lines: Sequence[str], name: str, classes: Sequence[str], size: Size) -> tuple[Drawn, ...]:
    pairs = [(f"{name}, line {at}", line.split()) for at, line in enumerate(lines, 1) if line.strip()]
    return tuple(_drawn(cells, where, classes, size) for where, cells in pairs)


def _drawn(cells: Sequence[str], where: str, classes: Sequence[str], size: Size) -> Drawn:
    nothing = (0.0, 0.0, 0.0, 0.0)
    if len(cells) not in (5, 6):
        return Drawn(None, nothing, where, f"a line must be 'class cx cy w h': got {len(cells)} values")
    if not cells[0].isdigit() or int(cells[0]) >= len(classes):
        return Drawn(None, nothing, where, f"class must be a number from 0 to {len(classes) - 1}: got {cells[0]!r}")
    try:
        x, y, width, height = numbers(cells[1:5], where, names=_SIDES)
    except BadData as error:
        return Drawn(None, nothing, where, str(error).removeprefix(f"{where}: "))
    sides = ((x - width / 2) * size[0], (y - height / 2) * size[1], width * size[0], height * size[1])
    return Drawn(classes[int(cells[0])], sides, where)


def _text(row: LabelRow, classes: Sequence[str]) -> str:
    width, height = size_in(row, "yolo")
    lines = []
    for box in boxes_in(row, "yolo") or ():
        x, y, w, h = box["box"]
        shares = ((x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
        lines.append(f"{classes.index(str(box['label']))} {' '.join(f'{share:.10g}' for share in shares)}\n")
    return "".join(lines)


def _yaml(classes: Sequence[str]) -> str:
    names = "".join(f"  {code}: {_quoted(name)}\n" for code, name in enumerate(classes))
    return f"path: .\ntrain: images\nval: images\nnames:\n{names}"


def _quoted(name: str) -> str:
    return name if PurePosixPath(name).name == name and re.fullmatch(r"[A-Za-z_][\w .-]*", name) else f'"{name}"'
