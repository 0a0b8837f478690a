"""What the store keeps of each round, parsed once however often it is asked for."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from querist.store import Store
from querist.store.protocol import Ranked, Ranking
from querist.web.models import ModelInfo

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
    """One round: its facts, the place of each item, what the model said of it, and what explains it."""

    number: int
    info: Mapping[str, Any]
    at: int
    places: Mapping[str, Place]
    said: Mapping[str, tuple[Any, float | None]]
    reasons: Mapping[str, Any]


_NONE = Round(0, {}, 0, {}, {}, {})


class Rounds:
    """The rounds of a study."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Round] = OrderedDict()
        self._models: dict[int, ModelInfo] = {}

    def current(self) -> int:
        """Give the number of the current round, 0 before the first."""
        published = self._store.published()
        return 0 if published is None else published.round

    def get(self, number: int) -> Round:
        """Give a round; an empty one for no such number. Cost O(queue) the first time."""
        with self._lock:
            found = self._kept.get(number)
            if found is None or self._is_to_explain(found):
                found = self._kept[number] = self._read(number)
            self._kept.move_to_end(number)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return found

    def _is_to_explain(self, found: Round) -> bool:
        """Say whether the trainer may have explained a round since it was read: it does so after publishing."""
        return not found.reasons and self._store.get(f"web/why/{found.number}") is not None

    def _read(self, number: int) -> Round:
        ranking = self._store.ranking(number) if number else None
        if ranking is None:
            return _NONE
        said, reasons = (
            json.loads(self._store.get(f"{name}/{number}") or b"{}") for name in ("suggestions", "web/why")
        )
        return Round(number, ranking.info, ranking.at, _places(number, ranking), said, reasons)

    def place(self, item: str) -> Place | None:
        """Find the last round, among those that are kept or current, whose queue holds an item."""
        numbers = sorted({*self._kept, self.current()}, reverse=True)
        found = (self.get(number).places.get(item) for number in numbers)
        return next((place for place in found if place is not None), None)

    def models(self) -> list[ModelInfo]:
        """List the latest models, newest first. A published round never changes, so each is read once."""
        last = self.current()
        return [self._model(number) for number in range(last, max(last - LISTED, 0), -1)]

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
