"""What a model saw in the images of a queue: the training process writes it down, the threshold of a view reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b

from querist._arrays import Floats
from querist.store import Store
from querist.study import Study
from querist.tasks.boxes import Boxes, predicted
from querist.tasks.particles import Particles, candidates
from querist.tasks.protocol import Task
from querist.view import Evidence, Need
from querist.web.models import Seen

MOST_ITEMS = 64
"""Places of a queue whose images are looked at: about as many as are answered before the next model."""
MOST_SEEN = 5_000
"""Things of one image, the surest: thousands of particles are usual, more is noise."""
LEAST = 0.05
"""What is less probable than this is not told."""


def sees(task: Task) -> bool:
    """Say whether the labels of a task are things in an image."""
    return isinstance(task, Boxes | Particles)


def write(study: Study, round: int) -> None:
    """Keep what the model of a round saw in the first images of its queue, in place of what an earlier one saw."""
    ranking = study.store.ranking(round)
    needs: frozenset[Need] = frozenset({"elements", "places"})
    if ranking is None or not sees(study.task) or not needs <= study.learner.provides:
        return
    ids = [row.item for row in ranking.queue[:MOST_ITEMS]]
    evidence = study.predict(study.pool.items[study.pool.rows(ids)], needs)
    for id, rows in zip(ids, things(study.task, evidence), strict=True):
        study.store.put(_place(id), json.dumps({"round": round, "seen": rows}).encode())


def read(store: Store, round: int, item: str) -> list[Seen] | None:
    """Read what the model of a round saw in an item; None where it is not written down."""
    found = json.loads(store.get(_place(item)) or b"{}")
    if found.get("round") != round:
        return None
    return [Seen(label=label, score=score, place=place) for label, score, *place in found["seen"]]


def things(task: Task, evidence: Evidence) -> list[list[list[float | str | int]]]:
    """Give the things of each item as rows of label, score, place; the surest first."""
    if isinstance(task, Boxes):
        found = predicted(evidence, task.classes)
        return [_rows((task.labels[int(row[0])], row[5], row[1:5]) for row in boxes) for boxes in found]
    return [
        _rows(("particle", score, place[:2]) for place, score in zip(places, scores, strict=True))
        for places, scores in candidates(evidence)
    ]


def _rows(found: Iterable[tuple[str | int, float, Floats]]) -> list[list[float | str | int]]:
    kept = sorted((row for row in found if row[1] >= LEAST), key=lambda row: -row[1])[:MOST_SEEN]
    return [[label, round(float(score), 4), *(round(float(at), 2) for at in place)] for label, score, place in kept]


def _place(item: str) -> str:
    return f"web/seen/{blake2b(item.encode(), digest_size=16).hexdigest()}"
