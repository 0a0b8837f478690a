"""Which stretches of its items a round asks for: kept beside its queue, and what an oracle answers of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from querist._arrays import Rows, to_numpy
from querist.store import Store
from querist.study.facts import Query
from querist.tasks import Answer
from querist.tasks.spans import Spans
from querist.view import Ragged, Selection, View

if TYPE_CHECKING:
    from querist.study.loop import Study

Stretches: TypeAlias = list[list[int]]
"""``[[start, end], …]`` in characters of an item."""


def in_places(view: View, chosen: Selection) -> Selection:
    """Turn the runs of elements that a choice asks for into places: from where the first begins to where the last ends.

    Nothing is asked in part where places are no pairs (boxes of an image).
    """
    if chosen.asks is None or view.places is None or view.places.values.ndim != 2 or view.places.values.shape[1] != 2:
        return replace(chosen, asks=None)
    rows: Rows = chosen.rows[: len(chosen.asks)]
    item = np.repeat(rows, np.diff(chosen.asks.starts))
    first, after = (view.places.starts[item, None] + chosen.asks.values).T
    places = to_numpy(view.places.values)
    found = np.stack([places[first, 0], places[after - 1, 1]], axis=1).astype(np.int64)
    return replace(chosen, asks=Ragged(found, chosen.asks.starts))


def keep(store: Store, number: int, ids: Sequence[str], asks: Ragged | None) -> None:
    """Keep what a round asks of each item; items that are asked whole are left out.

    What a step wrote that was killed before its queue was published goes: the number is given anew.
    """
    name = f"asked/{number}"
    found: dict[str, Stretches] = {}
    if asks is not None and len(asks.values):
        runs = np.split(asks.values, asks.starts[1:-1])
        found = {id: run.tolist() for id, run in zip(ids, runs, strict=False) if len(run)}
    if found or store.get(name) is not None:
        store.put(name, json.dumps(found).encode())


def answered(study: Study, queries: Sequence[Query], answers: Sequence[Answer]) -> list[Answer]:
    """Cut the answers of an oracle down to the stretches that were asked; a cost shrinks with the tokens."""
    asked = {query.id: query.asked for query in queries if query.asked}
    if not isinstance(study.task, Spans) or not asked:
        return list(answers)
    return [_cut(study, study.task, answer, asked.get(answer.item)) for answer in answers]


def _cut(study: Study, task: Spans, answer: Answer, asked: Stretches | None) -> Answer:
    if asked is None or answer.kind != "label":
        return answer
    item = study.pool.raw(answer.item)
    label = task.within(answer.label, asked, item)
    share = task.cost(label, item) / task.cost(answer.label, item)
    return replace(answer, label=label, cost=None if answer.cost is None else answer.cost * share)
