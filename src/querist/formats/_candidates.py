"""Answers about candidates as picks of their micrographs: where a particle is, and where somebody looked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from querist._arrays import Floats
from querist.errors import BadData
from querist.formats.protocol import LabelRow
from querist.tasks.protocol import Answer

PLACE = ("micrograph", "centre_x", "centre_y")
"""What the record of a candidate tells (``querist.data.patches.candidate_pool``)."""
_YES = re.compile(r"(yes|particle|true)\b", re.IGNORECASE)


def is_candidate(row: LabelRow) -> bool:
    """Say whether an item is a patch round a candidate."""
    return all(name in row.data for name in PLACE)


def picked(rows: Sequence[LabelRow], *, whole: bool | None = None) -> list[LabelRow]:
    """Turn answers about candidates into picks, one row for each micrograph; other rows stay as they are.

    Where the latest answer is the class yes, particle or true, a particle is at the candidate; any other class says
    that nothing is there. ``searched`` are squares round the answered candidates. Where the ``rows`` are the ``whole``
    of the candidates, those without an answer too (None: where there are any such), a square reaches half-way to the
    nearest that has none, a diameter at most: what lies between answered candidates was nobody's candidate. It is never
    smaller than the square inside a circle of a diameter, which it is else: candidates are half a diameter apart.
    The answer is that of the one person who gave them all, else nobody's. Raises BadData where no diameter is known.

    >>> data = {"micrograph": "a.mrc", "centre_x": 50.0, "centre_y": 40.0, "diameter": 20.0}
    >>> row = LabelRow("a.mrc#30,20,40,40", data, (Answer("a.mrc#30,20,40,40", "particle"),))
    >>> picked([row])[0].answers[0].label["points"]
    [[50.0, 40.0]]
    """
    said: dict[str, list[_Said]] = {}
    open_: dict[str, list[LabelRow]] = {}
    for row in rows:
        if is_candidate(row):
            answers = [answer for answer in row.answers if answer.kind == "label"]
            name = str(row.data["micrograph"])
            if answers:
                said.setdefault(name, []).append(_Said(row, answers[-1]))
            else:
                open_.setdefault(name, []).append(row)
    whole = bool(open_) if whole is None else whole
    made = [_row(name, each, open_.get(name, []) if whole else None) for name, each in said.items()]
    return [row for row in rows if not is_candidate(row)] + made


class _Said(NamedTuple):
    """A candidate and what was last said of it."""

    row: LabelRow
    answer: Answer


def _row(micrograph: str, said: Sequence[_Said], unasked: Sequence[LabelRow] | None) -> LabelRow:
    size = _diameter(said[0].row)
    centres = np.array([_centre(each.row.data) for each in said])
    yes = [bool(_YES.match(str(each.answer.label))) for each in said]
    label = {
        "points": [list(point) for point in dict.fromkeys(map(tuple, centres[yes].tolist()))],
        "diameter": size,
        "searched": _squares(centres, size, unasked),
    }
    people = {each.answer.who for each in said}
    who = people.pop() if len(people) == 1 else ""
    known = said[0].row.data.get("pixel_size")
    data = {} if known is None else {"pixel_size": known}
    return LabelRow(micrograph, data, (Answer(micrograph, label, who=who),), task="particles")


def _squares(centres: Floats, size: float, unasked: Sequence[LabelRow] | None) -> list[list[float]]:
    """Give the squares [x, y, side, side] round answered candidates [S, 2]; ``unasked`` None: not known."""
    half = np.full(len(centres), size / sqrt(8))
    if unasked is not None:
        others = np.array([_centre(row.data) for row in unasked]).reshape(-1, 2)
        away = np.abs(centres[:, None] - others[None]).max(axis=2).min(axis=1, initial=2 * size)
        half = np.maximum(half, away / 2)
    found: list[list[float]] = np.column_stack([centres - half[:, None], 2 * half, 2 * half]).tolist()
    return found


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
