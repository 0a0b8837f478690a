"""A folder of picks as RELION's auto-picker leaves it: a STAR file for each micrograph, and one that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from querist.errors import BadData
from querist.formats import _star
from querist.formats._points import (
    Size,
    bare,
    files_below,
    matched,
    points_of,
    row_of,
    rows_of_table,
    table_rows,
)
from querist.formats._star import INDEX, MICROGRAPH, X, Y
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints
from querist.formats.star import coordinates

COORDINATES = "rlnMicrographCoordinates"
ENDS = ("_autopick", "_manualpick", "_topaz", "_pick", "_picks", "")


class Autopick:
    """``NAME_autopick.star`` for each micrograph, in its pixels, and the index ``autopick.star`` that RELION reads.

    A folder is read by its index where it has one, else every ``NAME….star`` in it that has coordinates and no name
    of a micrograph is that of micrograph NAME. Needs ``pip install 'querist[cryoem]'``.
    """

    about: ClassVar[About] = About("autopick", (), True, True, "a folder of picks, as RELION's auto-picker writes it")

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
        files = files_below(path, (".star",))
        index = next((found for file in files if INDEX in (found := _star.blocks(file))), None)
        rows = list(_listed(index[INDEX], path) if index is not None else _named(files))
        if not rows:
            raise BadData(f"the folder {path.name!r} holds no STAR file with _{X} and _{Y} of a micrograph")
        return matched(rows, images, f"the folder {path.name!r}")

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write the latest picks of each item, and the index; raises BadData for two micrographs of one name."""
        path, picks = Path(path), points_of(rows, "autopick")
        files = {name: f"{bare(name)}_autopick.star" for name in picks}
        if len(set(files.values())) < len(files):
            raise BadData("two micrographs have the same name in different folders: export them as star")
        path.mkdir(parents=True, exist_ok=True)
        for name, points in picks.items():
            table = _star.text_of({"": _star.frame_of(coordinates(points))})
            (path / files[name]).write_text(table, encoding="utf-8", newline="\n")
        listed = _star.frame_of({MICROGRAPH: list(files), COORDINATES: list(files.values())})
        (path / "autopick.star").write_text(_star.text_of({INDEX: listed}), encoding="utf-8", newline="\n")


def _listed(index: _star.Block, path: Path) -> Iterator[LabelRow]:
    """Read the files of an index; they lie where it says, seen from the folder, one above it, or in it by name."""
    for name, file in zip(index.column(MICROGRAPH), index.column(COORDINATES), strict=True):
        places = (path / file, path.parent / file, path.parent.parent / file, path / Path(file).name)
        there = next((place for place in places if place.is_file()), None)
        if there is None:
            raise BadData(f"{index.where}, _{COORDINATES}: there is no file {file!r}: put it beside the index")
        yield _picked(name, there)


def _named(files: Iterable[Path]) -> Iterator[LabelRow]:
    for file in files:
        found = _star.blocks(file)
        block = next((each for each in found.values() if each.has(X, Y) and not each.has(MICROGRAPH)), None)
        if block is not None:
            yield _picked(micrograph_of(file), file)


def micrograph_of(file: Path) -> str:
    """Say which micrograph a coordinate file is called after.

    >>> micrograph_of(Path("a/mic_0001_autopick.star"))
    'mic_0001'
    """
    stem = file.name.removesuffix(".gz")[: -len(".star")]
    return next(stem[: len(stem) - len(end)] for end in ENDS if stem.endswith(end))


def _picked(name: str, file: Path) -> LabelRow:
    found = _star.blocks(file)
    block = next(iter(found.values()))
    return row_of(name, zip(block.numbers(X), block.numbers(Y), strict=True), block.where)
