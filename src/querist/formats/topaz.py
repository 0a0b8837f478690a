"""The table of Topaz: a line for each pick, in pixels of the micrograph made smaller."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from querist.errors import BadData, BadInput
from querist.formats._files import name_of, open_text, write_bytes
from querist.formats._points import bare, points_of, row_of, rows_of_table, table_rows
from querist.formats.protocol import About, Hints, LabelRow, Table, answers_of, no_hints
from querist.tasks.protocol import Answer

COLUMNS = ("image_name", "x_coord", "y_coord")


@dataclass(frozen=True)
class Topaz:
    """``image_name x_coord y_coord [score]``, separated by tabs; the name has no folder and no ending.

    ``scale`` is that of `topaz preprocess -s`: the numbers in the file times ``scale`` are pixels of the micrograph;
    they are written divided by it. ``height`` > 0: y was counted from the lower edge of a micrograph of that many rows
    (`--invert-y`), y' = height − 1 − y. Scores are no part of a label. Raises BadInput.
    """

    scale: float = 1.0
    height: int = 0

    about: ClassVar[About] = About("topaz", (".topaz.txt", ".topaz"), True, True, "picks, as Topaz has them")

    def __post_init__(self) -> None:
        if not 0 < self.scale < float("inf") or self.height < 0:
            raise BadInput(
                f"topaz: scale must be a positive number and height 0 or more: got {self.scale!r} and {self.height!r}"
            )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read the file as a table of micrograph, x, y in its pixels; raises BadData."""
        from querist.formats._rows import table_of

        rows = self.read_rows(open_text(path))
        return table_of(table_rows(rows), lambda at: f"{Path(path).name}, pick {at + 1}")

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it."""
        write_bytes(path, "".join(self._lines(rows_of_table(rows.to_pylist(), Path(path).name))).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write the latest picks of each item; raises BadData on other labels, and on two micrographs of one name."""
        stream.writelines(self._lines(rows))

    def _lines(self, rows: Sequence[LabelRow]) -> Iterator[str]:
        picks = points_of(rows, "topaz")
        if len({bare(name) for name in picks}) < len(picks):
            raise BadData("two micrographs have the same name in different folders: export them as star")
        yield "\t".join((*COLUMNS, "score")) + "\n"
        for name, points in picks.items():
            for x, y in points:
                yield f"{bare(name)}\t{x / self.scale:.4f}\t{self._turned(y) / self.scale:.4f}\t0\n"

    def _turned(self, y: float) -> float:
        return self.height - 1 - y if self.height else y

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read the picks of each micrograph; raises BadData that names the line and the column."""
        name = name_of(stream)
        table = csv.reader(stream, delimiter="\t")
        head = [cell.strip().removeprefix("\ufeff") for cell in next(table, [])]
        missing = [column for column in COLUMNS if column not in head]
        if missing:
            raise BadData(
                f"{name} has no column {missing[0]}: its first line must name {', '.join(COLUMNS)}: got {head}"
            )
        at = [head.index(column) for column in COLUMNS]
        picks: dict[str, list[list[float]]] = {}
        for line, row in enumerate(table, 2):
            if row:
                micrograph, x, y = self._pick(row, at, f"{name}, line {line}")
                picks.setdefault(micrograph, []).append([x, y])
        return [row_of(micrograph, points, name) for micrograph, points in picks.items()]

    def _pick(self, row: Sequence[str], at: Sequence[int], where: str) -> tuple[str, float, float]:
        if len(row) <= max(at):
            raise BadData(f"{where} has {len(row)} cells: {max(at) + 1} are needed")
        try:
            x, y = (float(row[column]) * self.scale for column in at[1:])
        except ValueError:
            raise BadData(f"{where}: x_coord and y_coord must be numbers: got {row[at[1]]!r}, {row[at[2]]!r}") from None
        return row[at[0]], x, self._turned(y)

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the file."""
        return answers_of(self.read_rows(stream))
