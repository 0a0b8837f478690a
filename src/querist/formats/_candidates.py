"""Answers about candidates as picks of their micrographs: where a particle is, and where somebody looked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from querist._arrays import Floats
from querist.errors import BadData
from querist.formats.protocol import LabelRow
from querist.tasks.protocol import Answer, Label

PLACE = ("micrograph", "centre_x", "centre_y")
"""What the record of a candidate tells (``querist.data.patches.candidate_pool``)."""
_YES = re.compile(r"yes|particles?|true", re.IGNORECASE)
_NO = re.compile(r"no|false|none|nothing|not a particle", re.IGNORECASE)


def is_candidate(row: LabelRow) -> bool:
    """Say whether an item is a patch round a candidate."""
    return all(name in row.data for name in PLACE)


def picked(
    rows: Sequence[LabelRow], *, whole: bool | None = None, standing: Mapping[str, Label] | None = None
) -> list[LabelRow]:
    """Turn answers about candidates into picks, one row for each micrograph; other rows stay as they are.

    Where what a study agreed on, or else most people's latest answer (of a tie the latest), is the class yes, particle
    or true, a particle is at the candidate; any other class says that nothing is there. ``searched`` are squares round
    the answered candidates. Where the ``rows`` are the ``whole`` of the candidates, unanswered ones too (None: where
    one has no answer of any kind), a square reaches half-way to the nearest without a label, a diameter at most: what
    lies between answered candidates was nobody's candidate. It is never smaller than the square inside a circle of a
    diameter, which it is else: candidates are half a diameter apart. ``standing`` picks of a micrograph stay, but for
    those within half a diameter of an answered candidate. The answer is that of the one person who gave them all, else
    nobody's.

    Raises BadData where no diameter is known, or where no answer is yes and one is no plain no: which class is it?

    >>> data = {"micrograph": "a.mrc", "centre_x": 50.0, "centre_y": 40.0, "diameter": 20.0}
    >>> row = LabelRow("a.mrc#30,20,40,40", data, (Answer("a.mrc#30,20,40,40", "particle"),))
    >>> picked([row])[0].answers[0].label["points"]
    [[50.0, 40.0]]
    """
    said: dict[str, list[_Said]] = {}
    open_: dict[str, list[LabelRow]] = {}
    for row in filter(is_candidate, rows):
        answers, name = _latest(row.answers), str(row.data["micrograph"])
        if answers:
            said.setdefault(name, []).append(_Said(row, _agreed(row, answers), frozenset(a.who for a in answers)))
        else:
            open_.setdefault(name, []).append(row)
    _check_classes([_class(answer) for here in said.values() for each in here for answer in each.row.answers])
    if whole is None:
        whole = any(not row.answers for here in open_.values() for row in here)
    made = [_row(name, each, open_.get(name, []) if whole else None) for name, each in said.items()]
    kept = [_beside(row, (standing or {}).get(row.id), _centres(each.row for each in said[row.id])) for row in made]
    return [row for row in rows if not is_candidate(row)] + kept


class _Said(NamedTuple):
    """A candidate, what was agreed of it, and who answered."""

    row: LabelRow
    label: str
    people: frozenset[str]

    @property
    def yes(self) -> bool:
        return _YES.fullmatch(self.label) is not None


def _latest(answers: Iterable[Answer]) -> list[Answer]:
    """Give each person's latest label, in the order they came; one taken back since is none."""
    found: dict[str, Answer] = {}
    for answer in answers:
        if answer.kind != "note":
            found.pop(answer.who, None)
            found[answer.who] = answer
    return [answer for answer in found.values() if answer.kind == "label"]


def _agreed(row: LabelRow, answers: Sequence[Answer]) -> str:
    if row.agreed is not None:
        return str(row.agreed).strip()
    labels = [_class(answer) for answer in answers]
    votes = Counter(labels)
    return max(reversed(labels), key=lambda label: votes[label])


def _class(answer: Answer) -> str:
    return str(answer.label).strip() if answer.kind == "label" else ""


def _check_classes(labels: Sequence[str]) -> None:
    """Raise BadData where no class can be told to mean a particle."""
    strange = sorted({label for label in labels if label and not _NO.fullmatch(label)})
    if strange and not any(map(_YES.fullmatch, strange)):
        raise BadData(
            f"which class of a candidate is a particle? None is called 'particle', 'yes' or 'true': got "
            f"{', '.join(map(repr, strange[:3]))}; rename the class that is one"
        )


def _row(micrograph: str, said: Sequence[_Said], unasked: Sequence[LabelRow] | None) -> LabelRow:
    size = _diameter(said[0].row)
    centres = _centres(each.row for each in said)
    yes = [each.yes for each in said]
    label = {
        "points": [list(point) for point in dict.fromkeys(map(tuple, centres[yes].tolist()))],
        "diameter": size,
        "searched": _squares(centres, size, unasked),
    }
    people = frozenset[str]().union(*(each.people for each in said))
    who = next(iter(people)) if len(people) == 1 else ""
    known = said[0].row.data.get("pixel_size")
    data = {} if known is None else {"pixel_size": known}
    return LabelRow(micrograph, data, (Answer(micrograph, label, who=who),), task="particles")


def _beside(row: LabelRow, standing: Label | None, centres: Floats) -> LabelRow:
    """Add the picks of a micrograph that stood before, where no answered candidate is."""
    if standing is None:
        return row
    label = row.answers[0].label
    points = np.array(standing["points"], np.float64).reshape(-1, 2)
    apart = _away(points, centres, norm=2) > label["diameter"] / 2
    before = standing["searched"]
    both = {
        "points": [*points[apart].tolist(), *label["points"]],
        "diameter": standing.get("diameter", label["diameter"]),
        "searched": None if before is None else [*before, *(each for each in label["searched"] if each not in before)],
    }
    return replace(row, answers=(replace(row.answers[0], label=both),))


def _squares(centres: Floats, size: float, unasked: Sequence[LabelRow] | None) -> list[list[float]]:
    """Give the squares [x, y, side, side] round answered candidates [S, 2]; ``unasked`` None: not known."""
    half = np.full(len(centres), size / sqrt(8))
    if unasked is not None:
        away = _away(centres, _centres(unasked), norm=np.inf)
        half = np.maximum(half, np.minimum(away / 2, size))
    found: list[list[float]] = np.column_stack([centres - half[:, None], 2 * half, 2 * half]).tolist()
    return found


def _away(points: Floats, others: Floats, *, norm: float) -> Floats:
    """Give how far each point is from the nearest of others, [S]; infinite where there is none. O((S + M) log M)."""
    from scipy.spatial import cKDTree

    found: Floats = cKDTree(others).query(points, p=norm)[0] if len(others) else np.full(len(points), np.inf)
    return found


def _centres(rows: Iterable[LabelRow]) -> Floats:
    return np.array([_centre(row.data) for row in rows], np.float64).reshape(-1, 2)


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
