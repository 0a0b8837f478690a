"""STAR files as blocks of texts, so that what is written again is what was read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from querist.errors import BadData, MissingExtra, near
from querist.formats._files import read_text

Frame: TypeAlias = Any
"""A ``pandas.DataFrame``."""
PARTICLES, OPTICS, INDEX = "particles", "optics", "coordinate_files"
MICROGRAPH, IMAGE, X, Y = "rlnMicrographName", "rlnImageName", "rlnCoordinateX", "rlnCoordinateY"
GROUP, PIXEL = "rlnOpticsGroup", "rlnMicrographPixelSize"
_VERSION = "# version 30001\n\n"


class Block(NamedTuple):
    """A table of a STAR file, every value a text; where it stands, for errors."""

    frame: Frame
    where: str

    def column(self, name: str) -> list[str]:
        """Give the values of a column, with or without ``rln``; raises BadData that lists near names."""
        known = {str(column).lower().removeprefix("rln"): str(column) for column in self.frame.columns}
        found = known.get(name.lower().removeprefix("rln"))
        if found is None:
            raise BadData(f"{self.where} has no column _{name}: {near(name, map(str, self.frame.columns))}")
        values: list[str] = self.frame[found].tolist()
        return values

    def has(self, *names: str) -> bool:
        """Say whether there are columns of these names."""
        known = {str(column).lower().removeprefix("rln") for column in self.frame.columns}
        return all(name.lower().removeprefix("rln") in known for name in names)

    def numbers(self, name: str) -> list[float]:
        """Give a column as numbers; raises BadData that names the row."""
        return [_number(value, f"{self.where}, row {at}, _{name}") for at, value in enumerate(self.column(name), 1)]


def _number(value: Any, where: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise BadData(f"{where}: a number is needed: got {value!r}") from None
    if found != found or found in (float("inf"), float("-inf")):
        raise BadData(f"{where}: a finite number is needed: got {value!r}")
    return found


def blocks(path: Path) -> dict[str, Block]:
    """Read every block of a file that is a table, with one row too; raises BadData.

    Reads RELION 3.0 (one block) and 3.1 or later (optics and particles), any line ends, gzip by its ending. Blocks of
    single values are tables of one row.
    """
    return parsed(read_text(path).decode(), Path(path).name)


def parsed(text: str, name: str) -> dict[str, Block]:
    """Read the blocks of a text; ``name`` is what errors call it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    columns = sorted({line.split()[0][1:] for line in plain.split("\n") if line.startswith("_") and line.split()})
    if not any(line.startswith("data_") for line in plain.split("\n")):
        raise BadData(f"{name} is no STAR file: no line begins with data_")
    with tempfile.TemporaryDirectory() as folder:  # the package reads files alone
        copy = Path(folder, "copy.star")
        copy.write_text(plain, encoding="utf-8", newline="\n")
        try:
            found = _library().read(copy, always_dict=True, parse_as_string=columns)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            line = " ".join(str(error).split())
            raise BadData(f"{name} cannot be read as STAR: {line}; are all rows of a table equally long?") from None
    return {key: _block(key, value, name) for key, value in found.items() if value is not None}


def _block(key: str, value: Any, name: str) -> Block:
    import pandas as pd

    frame = value if isinstance(value, pd.DataFrame) else pd.DataFrame([value])
    return Block(frame.astype(object), f"{name}, data_{key}")


def _library() -> Any:
    try:
        import starfile
    except ImportError:
        raise MissingExtra("STAR files need starfile: pip install 'querist[cryoem]'") from None
    return starfile


def of_particles(found: Mapping[str, Block], name: str) -> tuple[str, Block]:
    """Find the block of particles: the one called so, else the one that has coordinates or images; raises BadData."""
    if PARTICLES in found:
        return PARTICLES, found[PARTICLES]
    able = [key for key, block in found.items() if block.has(X, Y) or block.has(IMAGE)]
    if len(able) != 1:
        held = ", ".join(f"data_{key}" for key in found) or "none"
        raise BadData(
            f"{name} must have one table of particles, with _{X} and _{Y} or with _{IMAGE}: its tables: {held}"
        )
    return able[0], found[able[0]]


def text_of(frames: Mapping[str, Frame]) -> str:
    """Write tables as STAR of version 3.1, texts with blanks in quotes; every value as it is."""
    parts = []
    for key, frame in frames.items():
        written = _library().to_string({key: frame}, na_rep="nan", sep=" ")
        lines = (written if isinstance(written, str) else "".join(written)).split("\n")
        # the package begins with the time, which would make equal data unequal files
        body = "\n".join(line for line in lines if not line.startswith("#")).strip("\n")
        parts.append(f"{_VERSION}{body}\n")
    return "\n" + "\n\n".join(parts) + "\n"


def frame_of(columns: Mapping[str, Sequence[Any]]) -> Frame:
    """Make a table of columns."""
    import pandas as pd

    return pd.DataFrame({name: list(values) for name, values in columns.items()}, dtype=object)


def subset(path: Path, keep: Sequence[int], out: Path) -> None:
    """Write some rows of a file's particles, with every column, every other block and the optics groups as they are.

    ``keep`` are rows from 0, written in their order in the file. Raises BadData for a row that is not there, and where
    ``out`` is a study or the file itself.
    """
    if out.name.endswith(".querist") or (out.exists() and out.samefile(path)):
        raise BadData(
            f"particles go into a STAR file of their own: got {out.name!r}; name another file, say chosen.star"
        )
    found = blocks(path)
    key, block = of_particles(found, path.name)
    wrong = [row for row in keep if not 0 <= row < len(block.frame)]
    if wrong:
        raise BadData(f"{block.where} has {len(block.frame)} rows: there is no row {wrong[0]}")
    frames = {name: each.frame for name, each in found.items()}
    frames[key] = block.frame.iloc[sorted(set(keep))]
    out.write_text(text_of(frames), encoding="utf-8", newline="\n")
