"""Picks of particles as formats exchange them: a micrograph, and the centres on it in its own pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from querist.errors import BadData, BadLabel
from querist.formats._candidates import picked
from querist.formats.protocol import LabelRow, Read
from querist.tasks._picks import canonical, check_inside
from querist.tasks.protocol import Answer

Points = list[list[float]]
Size = tuple[int, int]
ENDINGS = (".mrc", ".mrcs", ".tif", ".tiff", ".gz", ".bz2", ".png", ".jpg", ".jpeg")


def bare(name: str) -> str:
    """Give the name of a micrograph without folders and endings, as coordinate files are called.

    >>> bare("MotionCorr/job002/mic_0001.mrc.gz"), bare("a.b_001")
    ('mic_0001', 'a.b_001')
    """
    name = PurePosixPath(name.partition("#")[0].replace("\\", "/")).name
    while name.lower().endswith(ENDINGS):
        name = name[: name.rindex(".")]
    return name


def points_of(rows: Sequence[LabelRow], form: str) -> dict[str, Points]:
    """Gather the latest picks by micrograph, those of its tiles together, each moved by the tile's corner.

    Candidates that were said to be particles are picks too. Items without a label are left out. Raises BadData on
    labels that are no picks.
    """
    found: dict[str, Points] = {}
    for row in picked(rows):
        labels = [answer.label for answer in row.answers if answer.kind == "label"]
        if not labels:
            continue
        if not isinstance(labels[-1], Mapping) or "points" not in labels[-1]:
            raise BadData(
                f"item {row.id!r} is labelled {labels[-1]!r}: {form} holds picks of particles; export it as jsonl"
            )
        x, y = (float(row.data.get(name) or 0) for name in ("x", "y"))
        place = found.setdefault(str(row.data.get("micrograph") or row.id), [])
        place.extend(point for point in ([a + x, b + y] for a, b in labels[-1]["points"]) if point not in place)
    return found


def row_of(name: str, points: Iterable[Sequence[float]], where: str, size: Size | None = None) -> LabelRow:
    """Make the row of a micrograph; raises BadData that names the place for a pick that is outside or there twice."""
    try:
        label = canonical({"points": [list(point) for point in points]})
        if size is not None:
            check_inside(label["points"], *size)
    except BadLabel as error:
        raise BadData(f"{where}, {name!r}: {error}") from None
    data = {} if size is None else {"width": size[0], "height": size[1]}
    return LabelRow(name, data, (Answer(name, label),), task="particles")


def matched(rows: Iterable[LabelRow], images: Mapping[str, Size] | None, where: str) -> Read:
    """Give rows the ids of the images that they mean, by name without folder and ending; say what is missing.

    ``images`` None: the names stay as they are. A micrograph that is named and is not there is a line of ``skipped``.
    """
    if images is None:
        return Read(list(rows), [])
    known: dict[str, list[str]] = {}
    for id in images:
        known.setdefault(bare(id), []).append(id)
    found, skipped = [], []
    for row in rows:
        ids = [row.id] if row.id in images else known.get(bare(row.id), [])
        if len(ids) != 1:
            what = f"{len(row.answers[0].label['points'])} picks of {row.id!r}" if row.answers else repr(row.id)
            why = "which is not there" if not ids else f"which may be {' or '.join(ids[:3])}"
            skipped.append(f"{where}: {what}, {why}")
            continue
        found.append(row_of(ids[0], row.answers[0].label["points"], where, images[ids[0]]))
    return Read(found, skipped)


def table_rows(rows: Iterable[LabelRow]) -> list[dict[str, Any]]:
    """Give picks as rows of a table: micrograph, x, y."""
    return [{"micrograph": row.id, "x": x, "y": y} for row in rows for x, y in row.answers[0].label["points"]]


def rows_of_table(rows: Iterable[Mapping[str, Any]], where: str) -> list[LabelRow]:
    """Give the rows of a table of micrograph, x, y as picks by micrograph."""
    found: dict[str, Points] = {}
    for row in rows:
        found.setdefault(str(row["micrograph"]), []).append([float(row["x"]), float(row["y"])])
    return [row_of(name, points, where) for name, points in found.items()]


def files_below(path: Path, endings: tuple[str, ...]) -> list[Path]:
    """List the files below a folder that end so, sorted; raises BadData where there is no folder."""
    if not path.is_dir():
        raise BadData(f"there is no folder {str(path)!r}: name the folder of the coordinate files")
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(endings))
