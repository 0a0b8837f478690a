"""What the store keeps of each round, parsed once however often it is asked for."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from querist.store import Store
from querist.store.protocol import Ranked, Ranking
from querist.study.dashboard import point_of
from querist.web.models import CurvePoint, ModelInfo

T = TypeVar("T")

KEPT = 8
"""Rounds kept whole; open leases are of the last few."""
LISTED = 50
"""Models on the status page."""


class Place(NamedTuple):
    """Where an item stands in the queue of a round."""

    round: int
    rank: int
    row: Ranked
    strategy: str


class Round(NamedTuple):
    """One round as a claim needs it: its facts, when it was published, what the model said of its items.

    ``asked`` are the stretches of the texts that are asked in part.
    """

    number: int
    info: Mapping[str, Any]
    at: int
    said: Mapping[str, tuple[Any, float | None]]
    asked: Mapping[str, list[list[int]]]


_NONE = Round(0, {}, 0, {}, {})


class Rounds:
    """The rounds of a study. A claim reads what it needs of a round once, and its queue never."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Round] = OrderedDict()
        self._places: OrderedDict[int, dict[str, Place]] = OrderedDict()
        self._models: dict[int, ModelInfo] = {}
        self._points: dict[int, CurvePoint | None] = {}

    def current(self) -> int:
        """Give the number of the current round, 0 before the first."""
        published = self._store.published()
        return 0 if published is None else published.round

    def warm(self) -> None:
        """Read the current round before somebody waits for it."""
        self.get(self.current())

    def get(self, number: int) -> Round:
        """Give a round; an empty one for no such number."""
        with self._lock:
            if number not in self._kept:
                self._kept[number] = self._read(number)
            return _used(self._kept, number)

    def _read(self, number: int) -> Round:
        found = self._store.published(number) if number else None
        if found is None:
            return _NONE
        said, asked = (json.loads(self._store.get(f"{name}/{number}") or b"{}") for name in ("suggestions", "asked"))
        return Round(number, found.info, found.at, said, asked)

    def place(self, item: str) -> Place | None:
        """Find the last round, among those that are kept or current, whose queue holds an item; cost O(queue) once."""
        numbers = sorted({*self._kept, self.current()}, reverse=True)
        found = (self._queue(number).get(item) for number in numbers)
        return next((place for place in found if place is not None), None)

    def _queue(self, number: int) -> dict[str, Place]:
        with self._lock:
            if number not in self._places:
                ranking = self._store.ranking(number) if number else None
                self._places[number] = {} if ranking is None else _places(number, ranking)
            return _used(self._places, number)

    def reasons(self, number: int, item: str) -> Mapping[str, Any]:
        """Give what the training process wrote down of an item's place; empty until it has."""
        found: dict[str, Any] = json.loads(self._store.get(f"web/why/{number}") or b"{}").get(item, {})
        return found

    def models(self) -> list[ModelInfo]:
        """List the latest models, newest first. A published round never changes, so each is read once."""
        last = self.current()
        return [self._model(number) for number in range(last, max(last - LISTED, 0), -1)]

    def curve(self) -> list[CurvePoint]:
        """Give the accuracy of each of the latest models that the audit could tell, oldest first."""
        last = self.current()
        found = (self._point(number) for number in range(max(last - LISTED, 0) + 1, last + 1))
        return [point for point in found if point is not None]

    def _point(self, number: int) -> CurvePoint | None:
        if number not in self._points:
            found = point_of(self.get(number).info)
            self._points[number] = None if found is None else CurvePoint(**found)
        return self._points[number]

    def _model(self, number: int) -> ModelInfo:
        if number not in self._models:
            found = self.get(number)
            step = found.info["step"]
            self._models[number] = ModelInfo(
                round=number,
                labels=step["labels"],
                seconds=round(step["fit_seconds"] + step["query_seconds"], 3),
                at=found.at,
                learner=found.info["learner"],
                strategy=found.info["strategy"],
            )
        return self._models[number]


def _places(number: int, ranking: Ranking) -> dict[str, Place]:
    strategy = ranking.info.get("strategy", "")
    return {row.item: Place(number, rank, row, strategy) for rank, row in enumerate(ranking.queue, 1)}


def _used(kept: OrderedDict[int, T], number: int) -> T:
    """Give an entry as the last used, and drop those that were used longest ago."""
    kept.move_to_end(number)
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return kept[number]
