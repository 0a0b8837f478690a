"""Parts of micrographs as items: tiles to search, and patches round candidates to say yes or no to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.data.micrographs import images_of, sizes_of
from querist.data.pool import Pool
from querist.errors import BadData
from querist.tasks.protocol import Label


def tiles(pool: Pool, labels: Sequence[Label | None] | None, side: int) -> tuple[Pool, list[Label | None] | None]:
    """Cut micrographs into tiles of nearly the same size, at most ``side`` pixels wide and high, that do not overlap.

    An item's id is ``MICROGRAPH#x,y,width,height``, its group the micrograph, and its record tells the micrograph and
    the corner x, y. The labels are those picks that lie on the tile, seen from its corner; its searched regions are cut
    to it. Every strategy then asks for tiles. ``formats`` put tiles together again. Raises BadData for side < 1.
    """
    if side < 1:
        raise BadData(f"tiles need a side of 1 pixel or more: got {side}")
    cut = [(row, frame) for row, size in enumerate(sizes_of(pool.items)) for frame in _frames(size, side)]
    made = _parts(pool, cut)
    if labels is None:
        return made, None
    pairs = [(labels[row], frame) for row, frame in cut]
    return made, [None if label is None else cropped(label, frame) for label, frame in pairs]


def _frames(size: tuple[int, int], side: int) -> list[tuple[int, int, int, int]]:
    """Cut a size into nearly equal rectangles, none wider or higher than ``side``.

    >>> _frames((10, 4), 5)
    [(0, 0, 5, 4), (5, 0, 5, 4)]
    """
    columns, rows = (np.linspace(0, length, -(-length // side) + 1).round().astype(int).tolist() for length in size)
    across, down = list(pairwise(columns)), list(pairwise(rows))
    return [(left, top, right - left, bottom - top) for top, bottom in down for left, right in across]


def _parts(pool: Pool, cut: Sequence[tuple[int, tuple[int, int, int, int]]]) -> Pool:
    """Make a pool of rectangles of a pool's micrographs."""
    rows = np.array([row for row, _ in cut], np.intp)
    names = [f"{pool.ids[row]}#{','.join(map(str, frame))}" for row, frame in cut]
    files = [f"{pool.items.names[row]}#{','.join(map(str, frame))}" for row, frame in cut]
    roots = set(pool.items.roots[rows].tolist()) or {""}
    if len(roots) > 1:
        raise BadData(f"the micrographs lie in different places: got {', '.join(sorted(roots))}; cut them one by one")
    known: Sequence[Mapping[str, Any]] = pool.records if pool.records is not None else [{}] * len(pool)
    records = [{**dict(known[row]), "micrograph": pool.ids[row], "x": frame[0], "y": frame[1]} for row, frame in cut]
    images = images_of(next(iter(roots)), files)
    return Pool(tuple(names), images, records, rows.astype(np.int64), "image", {"notes": []})


def cropped(label: Mapping[str, Any], frame: tuple[int, int, int, int]) -> Label:
    """Cut picks to a rectangle, seen from its corner.

    >>> cropped({"points": [[5.0, 5.0], [12.0, 9.0]], "searched": None}, (10, 0, 10, 10))
    {'points': [[2.0, 9.0]], 'searched': None}
    """
    x, y, width, height = frame
    points = [[a - x, b - y] for a, b in label["points"] if x <= a < x + width and y <= b < y + height]
    found = {**label, "points": points}
    if label["searched"] is not None:
        parts = [_overlap(region, frame) for region in label["searched"]]
        found["searched"] = [part for part in parts if part is not None]
    return found


def _overlap(region: Sequence[float], frame: tuple[int, int, int, int]) -> list[float] | None:
    left, top = max(region[0], frame[0]), max(region[1], frame[1])
    right = min(region[0] + region[2], frame[0] + frame[2])
    bottom = min(region[1] + region[3], frame[1] + frame[3])
    return [left - frame[0], top - frame[1], right - left, bottom - top] if left < right and top < bottom else None


def candidate_pool(pool: Pool, places: Sequence[Floats], side: int, diameter: float | None = None) -> Pool:
    """Make a pool of patches round candidates: "is this a particle?", the question that is answered fastest.

    ``places`` has for each micrograph of the pool its candidates [M, 2 or more] (x, y in its pixels); a patch is
    ``side`` pixels wide, and repeats the edge where it reaches over it. The items are images, so any learner of images
    and the task ``classification`` serve; the labelling app asks yes or no, and draws a circle of ``diameter`` pixels
    (None: half of ``side``). ``candidate_labels`` answers for known picks.
    """
    half = side // 2
    cut = [
        (row, (round(float(x)) - half, round(float(y)) - half, side, side))
        for row, points in enumerate(places)
        for x, y in np.asarray(points)[:, :2].tolist()
    ]
    made = _parts(pool, cut)
    centres = [[float(x), float(y)] for points in places for x, y in np.asarray(points)[:, :2].tolist()]
    size = {} if diameter is None else {"diameter": diameter}
    records = [
        {**dict(record), "centre_x": x, "centre_y": y, **size}
        for record, (x, y) in zip(made.records or [], centres, strict=True)
    ]
    return replace(made, records=records)


def candidate_labels(
    places: Sequence[Floats], picks: Sequence[Mapping[str, Any]], diameter: float
) -> NDArray[np.object_]:
    """Answer for candidates by known picks: "particle" for the partner of a pick within half a diameter, else "no".

    None where a candidate has no partner and nobody searched. The assignment is optimal, one to one.
    """
    from querist.tasks._matching import assigned, inside
    from querist.tasks._picks import coded

    found = []
    for points, label in zip(places, picks, strict=True):
        known = coded(label, diameter)
        here = np.asarray(points, np.float64)[:, :2]
        said = np.full(len(here), None, object)
        said[inside(here, known.searched)] = "no"
        said[assigned(here, known.points, diameter / 2)[:, 0]] = "particle"
        found.append(said)
    return np.concatenate([np.empty(0, object), *found])


def candidate_picks(pool: Pool, answers: Mapping[str, Label]) -> dict[str, Label]:
    """Turn answers on candidates into picks by micrograph, which the task ``particles`` learns from.

    ``pool`` is one of ``candidate_pool``; ``answers`` are by its ids: "particle" (or yes, true) says that a particle is
    there, any other class that none is. Searched are squares round the answered candidates, as far as half-way to
    the nearest one of the pool without an answer: what nobody was asked teaches nothing, and answers to all candidates
    of a region teach what lies between them too. Raises UnknownItem; BadData where no class means a particle.
    """
    from querist.formats._candidates import picked
    from querist.formats.protocol import LabelRow
    from querist.tasks.protocol import Answer

    pool.rows(list(answers))
    said = {id: (Answer(id, label),) for id, label in answers.items() if label is not None}
    rows = [LabelRow(id, pool.media(id).data, said.get(id, ())) for id in pool.ids]
    return {row.id: row.answers[0].label for row in picked(rows, whole=True)}
