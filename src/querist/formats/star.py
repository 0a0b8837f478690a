"""STAR of RELION: the picks of many micrographs in one file, or particles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

import pyarrow as pa

from querist.errors import BadData
from querist.formats import _star
from querist.formats._files import name_of, write_bytes
from querist.formats._points import points_of, row_of
from querist.formats._star import GROUP, MICROGRAPH, OPTICS, PARTICLES, PIXEL, X, Y
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer

FIGURE, CLASS, PSI = "rlnAutopickFigureOfMerit", "rlnClassNumber", "rlnAnglePsi"


class Star:
    """Picks as RELION 3.1 keeps particles: optics groups, and a line for each pick, in pixels of its micrograph.

    Read are 3.0 (one table) and 3.1 or later (``data_optics``, ``data_particles``), with any line ends; the id of an
    item is its ``_rlnMicrographName``. cryoSPARC speaks it too: `csparc2star.py` of pyem writes what is read here, and
    its import of particle stacks reads what is written. As a table, a file is its particles, a column each, every
    value a text. Needs ``pip install 'querist[cryoem]'``.
    """

    about: ClassVar[About] = About("star", (".star",), True, True, "picks or particles, as RELION has them")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read the table of particles, all columns as texts; raises BadData."""
        found = _star.blocks(path)
        frame = _star.of_particles(found, Path(path).name)[1].frame
        return pa.table({str(name): pa.array(frame[name].tolist(), pa.string()) for name in frame.columns})

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``data_particles``."""
        columns = {name: [str(value) for value in rows.column(name).to_pylist()] for name in rows.column_names}
        write_bytes(path, _star.text_of({PARTICLES: _star.frame_of(columns)}).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write the latest picks of each item, with an optics group for each pixel size; raises BadData.

        ``rlnClassNumber`` and ``rlnAnglePsi`` are 0: RELION's own joins need the columns.
        """
        picks = points_of(rows, "star")
        sizes = {str(row.data.get("micrograph") or row.id): row.data.get("pixel_size") for row in rows}
        groups = {size: at for at, size in enumerate(dict.fromkeys(sizes[name] for name in picks), 1)}
        frames = {PARTICLES: _particles(picks, {name: groups[sizes[name]] for name in picks})}
        stream.write(_star.text_of({OPTICS: _optics(groups), **frames}))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read the picks of each micrograph; raises BadData that names the block and the column."""
        name = name_of(stream)
        return rows_of(_star.parsed(stream.read().removeprefix("\ufeff"), name), name)

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the file."""
        return answers_of(self.read_rows(stream))


def subset(path: Path, keep: Sequence[int], out: Path) -> None:
    """Write some rows (from 0) of the particles of a file, with every column, optics group and other table as it is.

    Raises BadData for a row that is not there, and where ``out`` is a study or the file itself.
    """
    _star.subset(Path(path), keep, Path(out))


def rows_of(found: Mapping[str, _star.Block], name: str) -> list[LabelRow]:
    """Gather the picks of a file by micrograph; raises BadData."""
    block = _star.of_particles(found, name)[1]
    picks: dict[str, list[list[float]]] = {}
    places = zip(block.numbers(X), block.numbers(Y), strict=True)
    for micrograph, place in zip(block.column(MICROGRAPH), places, strict=True):
        picks.setdefault(str(micrograph), []).append(list(place))
    if not picks:
        raise BadData(f"{block.where} has no rows: it needs at least one")
    return [row_of(micrograph, points, block.where) for micrograph, points in picks.items()]


def _optics(groups: Mapping[Any, int]) -> _star.Frame:
    columns: dict[str, list[str]] = {
        "rlnOpticsGroupName": [f"opticsGroup{at}" for at in groups.values()],
        GROUP: [str(at) for at in groups.values()],
    }
    if all(size is not None for size in groups):
        columns[PIXEL] = [f"{float(size):.6f}" for size in groups]
    return _star.frame_of(columns)


def _particles(picks: Mapping[str, Sequence[Sequence[float]]], groups: Mapping[str, int]) -> _star.Frame:
    flat = [(name, x, y) for name, points in picks.items() for x, y in points]
    return _star.frame_of(
        {
            MICROGRAPH: [name for name, _, _ in flat],
            **coordinates([(x, y) for _, x, y in flat]),
            GROUP: [str(groups[name]) for name, _, _ in flat],
        }
    )


def coordinates(points: Sequence[Sequence[float]]) -> dict[str, list[str]]:
    """Give the columns of picks that RELION's auto-picker writes, in its order."""
    return {
        X: [f"{point[0]:.6f}" for point in points],
        Y: [f"{point[1]:.6f}" for point in points],
        FIGURE: ["0.000000"] * len(points),
        CLASS: ["0"] * len(points),
        PSI: ["0.000000"] * len(points),
    }
