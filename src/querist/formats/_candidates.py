"""Answers about candidates as picks of their micrographs: where a particle is, and where somebody looked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from querist.errors import BadData
from querist.formats.protocol import LabelRow
from querist.tasks.protocol import Answer

PLACE = ("micrograph", "centre_x", "centre_y")
"""What the record of a candidate tells (``querist.data.patches.candidate_pool``)."""
_YES = re.compile(r"(yes|particle|true)\b", re.IGNORECASE)


def is_candidate(row: LabelRow) -> bool:
    """Say whether an item is a patch round a candidate."""
    return all(name in row.data for name in PLACE)


def picked(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """Turn answers about candidates into picks, one row for each micrograph; other rows stay as they are.

    Where the latest answer is the class yes, particle or true, a particle is at the candidate; any other class says
    that nothing is there. ``searched`` are the squares inside circles of a diameter round the answered candidates:
    candidates are half a diameter apart, so no other one lies in a square, and what nobody was asked teaches nothing.
    The answer is that of the one person who gave them all, else nobody's. Raises BadData where no diameter is known.

    >>> data = {"micrograph": "a.mrc", "centre_x": 50.0, "centre_y": 40.0, "diameter": 20.0}
    >>> row = LabelRow("a.mrc#30,20,40,40", data, (Answer("a.mrc#30,20,40,40", "particle"),))
    >>> picked([row])[0].answers[0].label["points"]
    [[50.0, 40.0]]
    """
    found: dict[str, list[tuple[LabelRow, Answer]]] = {}
    for row in rows:
        said = [answer for answer in row.answers if answer.kind == "label"]
        if is_candidate(row) and said:
            found.setdefault(str(row.data["micrograph"]), []).append((row, said[-1]))
    return [row for row in rows if not is_candidate(row)] + [_row(name, each) for name, each in found.items()]


def _row(micrograph: str, said: Sequence[tuple[LabelRow, Answer]]) -> LabelRow:
    size = _diameter(said[0][0])
    points = [_centre(row.data) for row, answer in said if _YES.match(str(answer.label))]
    label = {
        "points": [list(point) for point in dict.fromkeys(points)],
        "diameter": size,
        "searched": [_square(*_centre(row.data), size / sqrt(2)) for row, _ in said],
    }
    people = {answer.who for _, answer in said}
    who = people.pop() if len(people) == 1 else ""
    known = said[0][0].data.get("pixel_size")
    data = {} if known is None else {"pixel_size": known}
    return LabelRow(micrograph, data, (Answer(micrograph, label, who=who),), task="particles")


def _diameter(row: LabelRow) -> float:
    """Give the diameter that the circle on the patch has; the app draws it half as wide as the patch by default."""
    data = row.data
    size = data.get("diameter") or (data["width"] / 2 if "width" in data else None)
    if size is None:
        raise BadData(
            f"candidate {row.id!r} tells no diameter: its data need 'diameter' in pixels, or the 'width' of the patch"
        )
    return float(size)


def _centre(data: Mapping[str, Any]) -> tuple[float, float]:
    return float(data["centre_x"]), float(data["centre_y"])


def _square(x: float, y: float, side: float) -> list[float]:
    return [x - side / 2, y - side / 2, side, side]
