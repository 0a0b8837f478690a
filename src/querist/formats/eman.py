"""EMAN2: a folder of ``NAME.box``, by corners, or of ``NAME_info.json``, by centres."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from querist.errors import BadData, BadInput
from querist.formats._files import read_text
from querist.formats._points import (
    Points,
    Size,
    bare,
    files_below,
    matched,
    points_of,
    row_of,
    rows_of_table,
    table_rows,
)
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints

BOX, INFO = ".box", "_info.json"


@dataclass(frozen=True)
class Eman:
    """Picks of a micrograph NAME in ``NAME.box`` (x and y of the corner, width, height), or in ``NAME_info.json``.

    ``write`` says which is written; the boxes of a ``.box`` are ``size`` pixels wide. Pixels of the micrograph as it
    was recorded. Where a micrograph has both files, the ``.box`` is read. Raises BadInput.
    """

    size: int = 128
    form: Literal["box", "json"] = "box"

    about: ClassVar[About] = About("eman", (), True, True, "a folder of picks, as EMAN2 has them (.box, _info.json)")

    def __post_init__(self) -> None:
        if self.size < 1 or self.form not in ("box", "json"):
            raise BadInput(f"eman: size must be 1 or more and form box or json: got {self.size!r} and {self.form!r}")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a folder as a table of micrograph, x, y; raises BadData."""
        from querist.formats._rows import table_of

        return table_of(table_rows(self.read_folder(path).rows), lambda at: f"{Path(path).name}, pick {at + 1}")

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it into a folder."""
        self.write_folder(rows_of_table(rows.to_pylist(), Path(path).name), path)

    def read_folder(self, path: Path, images: Mapping[str, Size] | None = None) -> Read:
        """Read the picks of a folder; a micrograph that is not among ``images`` is a line of what was skipped."""
        path = Path(path)
        found = {bare(file.name[: -len(INFO)]): _info(file) for file in files_below(path, (INFO,))}
        found |= {bare(file.name[: -len(BOX)]): _boxes(file) for file in files_below(path, (BOX,))}
        if not found:
            raise BadData(f"the folder {path.name!r} holds no .box and no _info.json")
        where = f"the folder {path.name!r}"
        return matched([row_of(name, points, where) for name, points in found.items()], images, where)

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write a file for each item with picks; raises BadData for two micrographs of one name."""
        picks = points_of(rows, "eman")
        if len({bare(name) for name in picks}) < len(picks):
            raise BadData("two micrographs have the same name in different folders: export them as star")
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        for name, points in picks.items():
            ending = BOX if self.form == "box" else INFO
            (path / f"{bare(name)}{ending}").write_text(self._written(points), encoding="utf-8", newline="\n")

    def _written(self, points: Points) -> str:
        if self.form == "json":
            return json.dumps({"boxes": [[x, y, "manual"] for x, y in points]}) + "\n"
        half = self.size / 2
        return "".join(f"{x - half:.3f}\t{y - half:.3f}\t{self.size}\t{self.size}\n" for x, y in points)


def _boxes(file: Path) -> Points:
    """Read the centres of a ``.box``."""
    found = []
    for line, text in enumerate(read_text(file).decode().splitlines(), 1):
        cells = text.split()
        if not cells:
            continue
        try:
            x, y, width, height = (float(cell) for cell in cells[:4])
        except ValueError:
            raise BadData(f"{file.name}, line {line}: x, y, width, height are needed: got {text!r}") from None
        found.append([x + width / 2, y + height / 2])
    return found


def _info(file: Path) -> Points:
    """Read the centres of an ``_info.json``."""
    try:
        boxes = json.loads(read_text(file).decode()).get("boxes", [])
        return [[float(box[0]), float(box[1])] for box in boxes]
    except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise BadData(f'{file.name} must hold {{"boxes": [[x, y, "manual"], …]}}: {error}') from None
