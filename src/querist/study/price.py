"""What an answer will take, in seconds: learned from the seconds that the answers so far took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist._arrays import Floats, Rows, to_numpy
from querist.data import Pool
from querist.study.known import IMPORT, Known
from querist.tasks._tokens import text_of

ENOUGH = 20
"""From so many timed answers on, seconds are fitted; before, they are taken to grow with the size."""
RIDGE = 1.0
"""Weight of the squares of the slope and of what sets people apart: that of one answer."""
BEND, LEAST, ROUNDS = 1.345, 0.05, 200
"""Huber's loss bends at 1.345 deviations, of which a twentieth of the seconds is the least."""
TINY = 1e-9


@dataclass(frozen=True)
class Price:
    """The seconds of an answer as a power of the item's size.

    Formula: exp(level) · (size / exp(centre))^slope, at least 1 as a size. ``level`` is that of a typical person:
    log seconds = person + level + slope · (log size − centre) is fitted by Huber's loss, so that pauses count little,
    with squares of the slope (of the standardised size) and of the persons as penalty, so that few answers say little.
    Without ``answers`` it is the size itself. Source: Huber 1964; Settles, Craven & Friedland 2008 (time by length).

    >>> Price(level=0.0, centre=0.0, slope=1.0).of(np.array([1.0, 10.0])).round(6).tolist()
    [1.0, 10.0]
    """

    level: float = 0.0
    centre: float = 0.0
    slope: float = 1.0
    answers: int = 0

    def of(self, sizes: Floats) -> Floats:
        """Give the expected seconds of items of some sizes; float64 [N], above 0."""
        return np.asarray(np.exp(self.level + self.slope * (_log(sizes) - self.centre)))

    def facts(self) -> dict[str, Any]:
        """Give the price as JSON, for the log of a round."""
        return {"answers": self.answers, "slope": self.slope, "seconds": float(np.exp(self.level))}


def fitted(sizes: Floats, seconds: Floats, people: Rows) -> Price:
    """Fit a price to n answers: their items' sizes, the seconds they took, and who gave them; all [n].

    Fewer than ``ENOUGH`` say nothing: the price is the size. Cost: O(n · people).

    >>> sizes = np.array([10.0, 100.0] * 50)
    >>> round(fitted(sizes, 2 * sizes**0.5, np.zeros(100, np.intp)).slope, 2)
    0.5
    """
    if len(seconds) < ENOUGH:
        return Price()
    size, took = _log(sizes), np.log(seconds)
    centre, scale = float(size.mean()), float(size.std())
    scale = scale if scale > TINY else 1.0
    persons = (people[:, None] == np.unique(people)).astype(np.float64)
    columns = np.column_stack([np.ones(len(took)), (size - centre) / scale, persons])
    level, slope, *_ = _robust(columns, took).tolist()
    return Price(level, centre, slope / scale, len(seconds))


def _robust(columns: Floats, target: Floats) -> Floats:
    """Minimise Huber's loss plus squares of all coefficients but the first, by reweighted least squares."""
    penalty = RIDGE * np.diag([0.0] + [1.0] * (columns.shape[1] - 1))
    weight: Floats = np.ones(len(target))
    found: Floats = np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        weighted = columns * weight[:, None]
        before = found
        found = np.asarray(np.linalg.solve(weighted.T @ columns + penalty, weighted.T @ target), np.float64)
        left = np.abs(target - columns @ found)
        bend = BEND * max(LEAST, 1.4826 * float(np.median(left)))
        weight = bend / np.maximum(left, bend)
        if np.abs(found - before).max() < 1e-9:
            break
    return found


def sizes_of(pool: Pool, rows: Rows, counted: Any = None) -> Floats:
    """Say how large some items are: what a learner ``counted`` (tokens, boxes), else the characters of their texts.

    Of the row of a table that is its longest text; features and images are all of size 1. Float64 [n].
    """
    if counted is not None:
        return np.asarray(to_numpy(counted), np.float64)
    return np.array([_characters(pool, row) for row in rows.tolist()], np.float64)


def _characters(pool: Pool, row: int) -> int:
    if pool.kind == "text":
        return len(text_of(pool.items[row]))
    seen: Mapping[str, Any] = {} if pool.kind == "image" or pool.records is None else pool.records[row]
    return max((len(value) for value in seen.values() if isinstance(value, str)), default=1)


def price_of(known: Known, sizes: Callable[[Rows], Floats]) -> Price:
    """Learn the price from the answers that stand, those of the audit too; what came with the data took no time."""
    timed = [
        (item, answer.seconds, answer.who)
        for item in known.labels
        for answer in known.answers(item)
        if answer.kind == "label" and answer.who != IMPORT and answer.seconds
    ]
    if len(timed) < ENOUGH:
        return Price()
    items, seconds, who = zip(*timed, strict=True)
    people = np.unique(np.array(who), return_inverse=True)[1]
    return fitted(sizes(known.pool.rows(items)), np.array(seconds, np.float64), people)


def _log(sizes: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(np.asarray(sizes, np.float64), 1.0)))
