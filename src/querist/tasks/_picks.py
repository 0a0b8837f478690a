"""Picks in their canonical form: what is checked, what is merged, what learners read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput, BadLabel
from querist.tasks._matching import assigned, inside
from querist.tasks.protocol import Label

_FORM = '{"points": [[x, y], …], "searched": [[x, y, width, height], …] or null}'


@dataclass(frozen=True, eq=False)
class Coded:
    """A label as learners and metrics read it: points [S, 2], the diameter or None, searched [R, 4] or None."""

    points: Floats
    diameter: float | None
    searched: Floats | None

    @property
    def radius(self) -> float:
        """Half the diameter, within which two centres are the same particle; raises BadInput where none is known."""
        if self.diameter is None:
            raise BadInput(
                "matching within half a diameter needs the diameter of the particles: no label has one; name it in "
                "pixels, for example --task 'particles(diameter=30)'"
            )
        return self.diameter / 2


def canonical(label: Label) -> dict[str, Any]:
    """Give picks with every number as float; raises BadLabel.

    >>> canonical({"points": [[1, 2]], "diameter": 30, "searched": [[0, 0, 8, 8]]})
    {'points': [[1.0, 2.0]], 'diameter': 30.0, 'searched': [[0.0, 0.0, 8.0, 8.0]]}
    """
    if not isinstance(label, Mapping) or not isinstance(label.get("points"), list | tuple):
        said = label.item() if isinstance(label, np.generic) else label
        raise BadLabel(f"a label must be {_FORM}, with no point where nothing is there: got {said!r}")
    strange = sorted(str(name) for name in label.keys() - {"points", "diameter", "searched"})
    if strange:
        raise BadLabel(f"a label of particles is {_FORM}, and may have a diameter: got {strange[0]!r} too")
    found: dict[str, Any] = {"points": _points(label["points"])}
    if label.get("diameter") is not None:
        found["diameter"] = _number(label["diameter"], "the diameter", least=0.0)
    return {**found, "searched": _searched(label.get("searched"))}


def _points(points: Sequence[Any]) -> list[list[float]]:
    found: dict[tuple[float, float], int] = {}
    for at, point in enumerate(points, start=1):
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise BadLabel(f"point {at} must be two numbers [x, y]: got {point!r}")
        place = (_number(point[0], f"point {at}: x"), _number(point[1], f"point {at}: y"))
        if place in found:
            raise BadLabel(f"point {at} {list(place)} is there twice: it is point {found[place]} too; remove one")
        found[place] = at
    return [list(place) for place in found]


def _searched(regions: Any) -> list[list[float]] | None:
    if regions is None:
        return None
    if not isinstance(regions, list | tuple):
        raise BadLabel(f"searched must be a list of [x, y, width, height], or null for all of it: got {regions!r}")
    return [_region(region, at) for at, region in enumerate(regions, start=1)]


def _region(region: Any, at: int) -> list[float]:
    if not isinstance(region, list | tuple) or len(region) != 4:
        raise BadLabel(f"searched region {at} must be four numbers [x, y, width, height]: got {region!r}")
    corner = [_number(value, f"searched region {at}: {name}") for name, value in zip("xy", region[:2], strict=True)]
    names = ("width", "height")
    return corner + [
        _number(value, f"searched region {at}: the {name}", least=0.0)
        for name, value in zip(names, region[2:], strict=True)
    ]


def _number(value: Any, what: str, least: float | None = None) -> float:
    plain = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not plain or not isfinite(value) or (least is not None and value <= least):
        kind = "a number" if least is None else "a number above 0"
        raise BadLabel(f"{what} must be {kind}, in pixels: got {value!r}")
    return float(value)


def check_inside(points: Sequence[Sequence[float]], width: int, height: int) -> None:
    """Raise BadLabel for a point that lies outside an image; its edge, half a pixel round the centres, is inside."""
    for at, (x, y) in enumerate(points, start=1):
        if not (-0.5 <= x <= width and -0.5 <= y <= height):
            raise BadLabel(
                f"point {at} [{x:g}, {y:g}] lies outside the image, which has {width} × {height} pixels: give pixels "
                "of the image as recorded, x the column and y the row"
            )


def clipped(regions: Sequence[list[float]] | None, width: int, height: int) -> list[list[float]] | None:
    """Cut rectangles to an image with its edge, as ``check_inside`` has it; what lies outside as a whole goes.

    >>> clipped([[-8.0, 2.0, 10.0, 4.0], [1.0, 1.0, 2.0, 2.0], [90.0, 0.0, 5.0, 5.0]], 80, 80)
    [[-0.5, 2.0, 2.5, 4.0], [1.0, 1.0, 2.0, 2.0]]
    """
    return None if regions is None else [cut for each in regions if (cut := _cut(each, width, height))]


def _cut(region: list[float], width: int, height: int) -> list[float] | None:
    x, y, wide, high = region
    left, top, right, bottom = max(x, -0.5), max(y, -0.5), min(x + wide, width), min(y + high, height)
    if (left, top) == (x, y) and right == x + wide and bottom == y + high:
        return region
    return [left, top, right - left, bottom - top] if left < right and top < bottom else None


def coded(label: Mapping[str, Any], diameter: float | None) -> Coded:
    """Turn a canonical label into arrays; ``diameter`` stands in where the label has none."""
    searched = label["searched"]
    return Coded(
        np.array(label["points"], np.float64).reshape(-1, 2),
        label.get("diameter", diameter),
        None if searched is None else np.array(searched, np.float64).reshape(-1, 4),
    )


def spacing(labels: Sequence[Mapping[str, Any]]) -> float | None:
    """Give the median distance of a point to the nearest other one of its label; None where no label has two."""
    from scipy.spatial import cKDTree

    tables = [np.array(label["points"]) for label in labels if len(label["points"]) > 1]
    if not tables:
        return None
    return float(np.median(np.concatenate([cKDTree(table).query(table, k=2)[0][:, 1] for table in tables])))


def merged(labels: Sequence[dict[str, Any]], diameter: float | None) -> dict[str, Any]:
    """Merge the labels of several people, each canonical, the earliest first."""
    stated = [label["diameter"] for label in labels if "diameter" in label]
    size = float(np.median(stated)) if stated else diameter
    parts = [coded(label, None) for label in labels]
    marks = _gathered(parts, 0.0 if size is None else size / 2)
    points = [_middle(marks[at], parts) for at in range(len(marks)) if _agreed(marks[at], parts)]
    found: dict[str, Any] = {"points": list(map(list, dict.fromkeys(map(tuple, points))))}
    if stated:
        found["diameter"] = size
    return {**found, "searched": _union(labels)}


def _gathered(parts: Sequence[Coded], radius: float) -> list[dict[int, int]]:
    """Gather the marks of one particle: for each, who marked it with which point."""
    marks: list[dict[int, int]] = []
    for who, part in enumerate(parts):
        known = np.array([_middle(mark, parts) for mark in marks]).reshape(-1, 2)
        partner = dict(assigned(part.points, known, radius).tolist())
        for point in range(len(part.points)):
            if point in partner:
                marks[partner[point]][who] = point
            else:
                marks.append({who: point})
    return marks


def _middle(mark: Mapping[int, int], parts: Sequence[Coded]) -> list[float]:
    places = np.array([parts[who].points[point] for who, point in mark.items()])
    middle: list[float] = np.median(places, axis=0).tolist()
    return middle


def _agreed(mark: Mapping[int, int], parts: Sequence[Coded]) -> bool:
    """Say whether more than half of those who looked there marked it, the earliest of them deciding a tie."""
    place = np.array([_middle(mark, parts)])
    looked = [who for who, part in enumerate(parts) if who in mark or inside(place, part.searched)[0]]
    return 2 * len(mark) + (looked[0] in mark) > len(looked)


def _union(labels: Sequence[Mapping[str, Any]]) -> list[list[float]] | None:
    if any(label["searched"] is None for label in labels):
        return None
    regions = dict.fromkeys(tuple(region) for label in labels for region in label["searched"])
    return [list(region) for region in regions]
