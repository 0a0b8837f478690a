"""Why an item was asked: what the trainer wrote down for each place of a queue, and how the server tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from querist._arrays import Floats, Rows
from querist.study import Study
from querist.web.ledger import Ledger
from querist.web.models import ClassChance, Neighbour, Part, Why
from querist.web.rounds import Place, Rounds
from querist.web.show import is_audit, preview

NEAREST = 3
MOST_LABELLED = 5_000
"""Labelled items among which the nearest are looked for: the latest."""
MOST_PLACES = 2_000
"""Places of a queue that are explained."""


def write(study: Study, round: int) -> None:
    """Keep the probabilities and the nearest labelled items of a round's queue; the trainer does so after a step.

    Cost O(places × labelled × D).
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
    study.store.put(f"web/why/{round}", json.dumps(found).encode())


def _evidence(study: Study, ids: list[str], need: Any) -> Floats:
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


def tell(study: Study, rounds: Rounds, ledger: Ledger, item: str) -> Why:
    """Say why an item was asked, from the last round that offered it."""
    place = rounds.place(item)
    if place is None:
        return Why(
            reason="not in the queue of a recent round", strategy="", acquisition=None, parts=[], probs=None,
            neighbours=[], audit=False, round=0,
        )  # fmt: skip
    facts = rounds.get(place.round).reasons.get(item, {})
    chances = _chances(study, facts)
    value = place.row.value
    return Why(
        reason=place.row.reason,
        strategy=place.strategy,
        acquisition=value if np.isfinite(value) else None,
        parts=_parts(place, chances),
        probs=chances,
        neighbours=[near for near in _neighbours(study, ledger, facts) if near is not None][:NEAREST],
        audit=is_audit(place.row.reason),
        round=place.round,
    )


def _chances(study: Study, facts: Mapping[str, Any]) -> list[ClassChance] | None:
    labels = study.task.schema["labels"]
    probs = facts.get("probs")
    if probs is None or len(probs) != len(labels):
        return None
    pairs = sorted(zip(labels, probs, strict=True), key=lambda pair: -pair[1])
    return [ClassChance(label=label, p=p) for label, p in pairs]


def _parts(place: Place, chances: list[ClassChance] | None) -> list[Part]:
    parts = [Part(name="place in the queue", value=place.rank)]
    if place.row.propensity is not None:
        parts.append(Part(name="probability of being chosen", value=place.row.propensity))
    if chances is None:
        return parts
    p = np.array([chance.p for chance in chances])
    entropy = float(-(p[p > 0] * np.log(p[p > 0])).sum())
    parts.append(Part(name="probability of the first class", value=float(p[0])))
    if len(p) > 1:
        parts.append(Part(name="lead over the second class", value=float(p[0] - p[1])))
    return [*parts, Part(name="entropy in nats", value=round(entropy, 6))]


def _neighbours(study: Study, ledger: Ledger, facts: Mapping[str, Any]) -> list[Neighbour | None]:
    return [_neighbour(study, ledger, id, distance) for id, distance in facts.get("near", [])]


def _neighbour(study: Study, ledger: Ledger, id: str, distance: float) -> Neighbour | None:
    label = ledger.label(id)
    if label is None or id not in study.pool:
        return None  # taken back since
    return Neighbour(id=id, label=label, distance=distance, preview=preview(study.pool, id))
