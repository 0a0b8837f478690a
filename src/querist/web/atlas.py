"""The map of the pool as the server sends it: places once for each version, columns that change with each answer."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from querist.study.landscape import Landscape, audited
from querist.web import maps, show
from querist.web.kept import Kept
from querist.web.models_map import MOST_FOUND, MapFound, MapInfo, MapItem
from querist.web.training import Supervisor
from querist.web.trouble import Trouble

NONE, SEVERAL = -1, -2
AUDIT, ASIDE = 1, 2
UNSURE = 255
"""Where nothing is known of an item's uncertainty; what is known lies in 0 … 254."""


class Atlas:
    """The map of one study. Cost of the columns O(items + labels), once for each log position."""

    def __init__(self, kept: Kept, training: Supervisor) -> None:
        self._study, self._ledger, self._seeker, self._catch_up, self._suggests = kept
        self._training = training
        self._lock = threading.Lock()
        self._map: tuple[str, Landscape] | None = None
        self._columns: tuple[tuple[str, int], bytes] | None = None
        self._told: list[int] = []

    def want(self, method: str) -> MapInfo:
        """Let the training process draw the map now, and with each step from now on."""
        refusal = self._training.refusal()
        if refusal is not None:
            raise Trouble(409, refusal)
        store = self._study.store
        if maps.wanted(store) != method:
            maps.want(store, method)
        if self.info().state != "ready" or self.info().stale or maps.drawn(store).get("method") != method:
            self._training.want_map()
        return self.info()

    def info(self) -> MapInfo:
        """Say which map is there, and how old it is."""
        facts, current = maps.drawn(self._study.store), self._study.store.published()
        pool = sum(self._study.store.counts()[:3])
        drawing, error = self._training.drawing
        there = "version" in facts
        state = "drawing" if drawing else "ready" if there else "failed" if "error" in facts or error else "none"
        return MapInfo.model_validate({
            "state": state,
            "message": "the map is being drawn" if drawing else facts.get("error", error),
            "version": facts.get("version", ""),
            "method": facts.get("method", ""),
            "items": facts.get("items", 0),
            "pool": pool,
            "round": facts.get("round", 0),
            "stale": _stale(facts["round"], facts["items"], 0 if current is None else current.round, pool)
            if there
            else "",
        })  # fmt: skip

    def _drawn(self) -> Landscape:
        """Give the map, read once for each that is drawn."""
        facts = maps.drawn(self._study.store)
        key = f"{facts.get('version')} {facts.get('round')}"
        with self._lock:
            if self._map is None or self._map[0] != key:
                found = maps.read(self._study.store)
                if found is None or "version" not in facts:
                    raise Trouble(404, "there is no map yet: open it, and the training process draws one")
                hidden = replace(found, predicted=np.full_like(found.predicted, NONE))
                self._map = key, found if self._suggests else hidden
            return self._map[1]

    def places(self) -> tuple[str, bytes]:
        """Give the version, and x and y of each item: float32, little-endian, [N, 2]."""
        found = self._drawn()
        return found.version, np.ascontiguousarray(found.places, "<f4").tobytes()

    def columns(self) -> bytes:
        """Give what colours the items, little-endian, one column after the other, each of N items.

        int16 class of the label (its place in the task's labels; −1 none, −2 several), int16 predicted class (−1 none),
        uint16 round in which it was first labelled (0: it came with the data, or has none), uint8 uncertainty in 254
        steps (255 none), uint8 flags: 1 the audit's, 2 set aside.
        """
        found = self._drawn()
        self._ledger.read()
        key = f"{found.version} {found.round}", self._ledger.position
        with self._lock:  # two at once would count the rounds twice
            if self._columns is None or self._columns[0] != key:
                self._columns = key, self._packed(found)
            return self._columns[1]

    def _packed(self, found: Landscape) -> bytes:
        count = len(found.places)
        label, round = np.full(count, NONE, "<i2"), np.zeros(count, "<u2")
        flags = np.where(self._audited(count), AUDIT, 0).astype(np.uint8)
        code = {str(name): at for at, name in enumerate(self._study.task.schema["labels"])}
        told = self._round_times()
        for item, names, at in self._ledger.answered():
            row = self._row(item, count)
            if row is None:
                continue
            if names is None:
                flags[row] |= ASIDE
                continue
            label[row] = code[names[0]] if len(names) == 1 else SEVERAL
            round[row] = bisect_right(told, at)
        sure = np.where(np.isnan(found.uncertainty), UNSURE, np.round(np.nan_to_num(found.uncertainty) * 254))
        parts = (label, found.predicted.astype("<i2"), round, sure.astype(np.uint8), flags)
        return b"".join(part.tobytes() for part in parts)

    def _row(self, item: str, count: int) -> int | None:
        if item not in self._study.pool:
            return None
        row = int(self._study.pool.rows([item])[0])
        return row if row < count else None

    def _audited(self, count: int) -> NDArray[np.bool_]:
        with self._catch_up:
            mask = audited(self._study, count)
        return np.pad(mask, (0, max(count - len(mask), 0)))[:count]

    def _round_times(self) -> list[int]:
        """Say when each round was published, in milliseconds since 1970; each is read once."""
        current = self._study.store.published()
        for number in range(len(self._told) + 1, (0 if current is None else current.round) + 1):
            published = self._study.store.published(number)
            self._told.append(0 if published is None else published.at)
        return self._told

    def items(self, rows: Sequence[int], who: str) -> list[MapItem]:
        """Tell of some rows what they are, what is known of them, and what a person said of them."""
        found = self._drawn()
        if max(rows, default=0) >= len(found.places):
            raise Trouble(400, f"rows count from 0, and the map has {len(found.places)}: fetch it again")
        self._ledger.read()
        mask = self._audited(len(found.places))
        return [self._item(row, found, audit=bool(mask[row]), who=who) for row in rows]

    def _item(self, row: int, found: Landscape, *, audit: bool, who: str) -> MapItem:
        id, predicted, sure = self._study.pool.ids[row], int(found.predicted[row]), float(found.uncertainty[row])
        return MapItem(
            row=row,
            id=id,
            preview=show.preview(self._study.pool, id),
            label=self._ledger.label(id),
            predicted=None if audit or predicted < 0 else self._study.task.schema["labels"][predicted],
            uncertainty=None if audit or np.isnan(sure) else round(sure, 4),
            audit=audit,
            mine=show.standing(self._ledger.standing(id, who), informed=self._ledger.informed(id, who)),
        )

    def search(self, text: str) -> MapFound:
        """Find the rows whose id or text holds a text, whatever its case. Cost O(text of the pool)."""
        rows = self._seeker.rows(text)
        return MapFound(rows=rows[:MOST_FOUND].tolist(), total=len(rows))


def _stale(round: int, items: int, now: int, pool: int) -> str:
    """Say in what a map is behind.

    >>> _stale(3, 100, 5, 120)
    'drawn with model v3, of 5; 20 newer items have no place yet'
    """
    said = [f"drawn with model v{round}, of {now}"] if round < now else []
    fresh = pool - items
    if fresh > 0:
        said.append(f"{fresh} newer {'item has' if fresh == 1 else 'items have'} no place yet")
    return "; ".join(said)
