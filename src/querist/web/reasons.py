"""What the training process writes down of each place of a queue, so that the server can say why it is asked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from querist._arrays import Floats, Rows
from querist.study import Study
from querist.view import Need

NEAREST = 3
MOST_LABELLED = 5_000
"""Labelled items among which the nearest are looked for: the last in ingest order."""
MOST_PLACES = 2_000
"""Places of a queue that are explained."""
SAMPLE = 5_000
"""Unlabelled items, drawn by their keys, that are dealt out to the items of the batch."""


def write(study: Study, round: int) -> None:
    """Keep the probabilities, the nearest labelled items and the cluster of a round's queue; the trainer does so.

    The cluster of an item of the batch are the unlabelled items to which it is the nearest of the batch.
    Cost O((places × labelled + batch × sample) × D).
    """
    ranking = study.store.ranking(round)
    labelled = list(study.labels())[-MOST_LABELLED:]
    if ranking is None or not labelled:
        return
    ids = [row.item for row in ranking.queue[:MOST_PLACES]]
    found: dict[str, dict[str, Any]] = {id: {} for id in ids}
    gives = study.learner.provides
    if "probs" in gives:
        for id, row in zip(ids, _evidence(study, ids, "probs"), strict=True):
            found[id]["probs"] = np.round(row, 6).tolist()
    if "embed" in gives:
        near = nearest(_evidence(study, ids, "embed"), _evidence(study, labelled, "embed"))
        for id, (rows, distances) in zip(ids, near, strict=True):
            pairs = zip(rows.tolist(), distances.tolist(), strict=True)
            found[id]["near"] = [(labelled[at], distance) for at, distance in pairs if labelled[at] != id]
        for id, cluster in _clusters(study, ids[: ranking.info["chosen"]]).items():
            found[id]["cluster"] = cluster
    study.store.put(f"web/why/{round}", json.dumps(found).encode())


def _clusters(study: Study, batch: list[str]) -> dict[str, dict[str, Any]]:
    """Deal a sample of the unlabelled items out to the nearest of the batch: their estimated number, and three."""
    pool, known = study.pool, set(study.labels()) | set(batch)
    free = [id for id in (pool.ids[row] for row in pool.key_order.tolist()) if id not in known]
    sample = free[:SAMPLE]
    if not batch or not sample:
        return {}
    like = _unit(_evidence(study, sample, "embed")) @ _unit(_evidence(study, batch, "embed")).T
    owner, closeness = like.argmax(axis=1), like.max(axis=1)
    order = np.argsort(-closeness, kind="stable")
    return {id: _cluster(sample, order[owner[order] == at], len(free)) for at, id in enumerate(batch)}


def _cluster(sample: list[str], rows: Rows, free: int) -> dict[str, Any]:
    return {"count": round(len(rows) * free / len(sample)), "like": [sample[row] for row in rows[:NEAREST].tolist()]}


def _evidence(study: Study, ids: list[str], need: Need) -> Floats:
    rows = study.pool.rows(ids)
    given: Floats = np.asarray(study.predict(study.pool.items[rows], {need})[need], np.float64)
    return given


def nearest(points: Floats, among: Floats) -> list[tuple[Rows, Floats]]:
    """Find the nearest rows by cosine distance, in [0, 2], nearest first, equals in row order.

    >>> nearest(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0], [3.0, 0.0]]))
    [(array([1, 0]), array([0., 1.]))]
    """
    distance = np.round(1.0 - _unit(points) @ _unit(among).T, 4) + 0.0
    order = np.argsort(distance, axis=1, kind="stable")[:, : NEAREST + 1]
    return [(rows, distance[at, rows]) for at, rows in enumerate(order)]


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.where(length > 0, length, 1.0)
    return unit
