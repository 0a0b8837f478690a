"""What a strategy sees of the earlier rounds: what was chosen, and what the audit asked of the same model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.store import Store
from querist.store.protocol import Ranking
from querist.strategies._guard import AUDIT, CLASS
from querist.study.audit import REASON, Reserve
from querist.study.known import UNKNOWN, Known
from querist.view import Round

LOOK_BACK = 40
"""Rounds that are read: a ranking is long, and all of them in each round would make a study's cost quadratic."""
OLDER = Round(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0), "older")
"""Stands for a round that is only counted."""


def past(store: Store, known: Known, reserve: Reserve) -> tuple[Round, ...]:
    """Read the earlier rounds back from the log, with the labels as they stand now; of old ones only that they were.

    Behind each round stands one named "audit", with what the audit asked in it and what that round's model had
    predicted. An item that a later round asked again has its label there only: the later model was the last before it.
    """
    current = store.published()
    last = current.round if current else 0
    first = max(1, last - LOOK_BACK + 1)
    read = [one for number in range(first, last + 1) for one in _rounds(store, number, known, reserve)]
    return (OLDER,) * (first - 1) + _each_label_once(read)


def _rounds(store: Store, number: int, known: Known, reserve: Reserve) -> Iterator[Round]:
    ranking = store.ranking(number)
    if ranking is None:
        return
    yield _chosen(ranking, known)
    rows, said = _rows(ranking, known, audit=True), _predicted(store, number, known, reserve)
    if len(rows) and said is not None:
        yield Round(
            known.pool.keys[rows], known.codes[rows], np.zeros(len(rows)), AUDIT, said={CLASS: said[rows].tolist()}
        )


def _chosen(ranking: Ranking, known: Known) -> Round:
    rows, info = _rows(ranking, known, audit=False), ranking.info
    values = {place.item: place.value for place in ranking.queue[: info["chosen"]]}
    value = np.array([values[known.pool.ids[row]] for row in rows.tolist()])
    return Round(known.pool.keys[rows], known.codes[rows], value, info["strategy"], info["memo"], info.get("said"))


def _rows(ranking: Ranking, known: Known, *, audit: bool) -> Rows:
    """Give the rows of a round's batch in order, the audit's or the others."""
    batch = ranking.queue[: ranking.info["chosen"]]
    return known.pool.rows([place.item for place in batch if (place.reason == REASON) == audit])


def _predicted(store: Store, number: int, known: Known, reserve: Reserve) -> NDArray[np.int64] | None:
    """Give the class that a round's model predicted for the audit's rows, −1 elsewhere; None where none is kept."""
    kept = store.get(f"audit/{number}")
    facts = {} if kept is None else json.loads(kept)
    if facts.get("classes") != list(known.task.schema.get("labels", ())):
        return None
    then = reserve.order(known.pool.first(facts["items"]))[: len(facts["predicted"])]
    codes = np.full(len(known.pool), UNKNOWN, np.int64)
    codes[then] = facts["predicted"]
    return codes


def _each_label_once(rounds: list[Round]) -> tuple[Round, ...]:
    """Keep an item's label in the last round that asked for it."""
    seen = np.empty(0, np.uint64)
    made: list[Round] = []
    for one in reversed(rounds):
        made.append(replace(one, labels=np.where(np.isin(one.keys, seen), UNKNOWN, one.labels)))
        seen = np.concatenate([seen, one.keys])
    return tuple(reversed(made))
