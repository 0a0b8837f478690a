"""Why an item was asked, from what the training process wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from querist.study import Study
from querist.web.ledger import Ledger
from querist.web.models import ClassChance, Cluster, Example, Neighbour, Part, Why
from querist.web.reasons import NEAREST
from querist.web.rounds import Place, Rounds
from querist.web.show import is_audit, preview

SUM_ERROR = 1e-3


def tell(study: Study, rounds: Rounds, ledger: Ledger, item: str) -> Why:
    """Say why an item was asked, from the last round that offered it."""
    place = rounds.place(item)
    if place is None:
        return Why(
            reason="not in the queue of a recent round", strategy="", acquisition=None, parts=[], probs=None,
            neighbours=[], cluster=None, audit=False, round=0,
        )  # fmt: skip
    facts = rounds.reasons(place.round, item)
    chances = _chances(study, facts)
    value = place.row.value
    return Why(
        reason=place.row.reason,
        strategy=place.strategy,
        acquisition=value if np.isfinite(value) else None,
        parts=_parts(place, chances),
        probs=chances,
        neighbours=[near for near in _neighbours(study, ledger, facts) if near is not None][:NEAREST],
        cluster=_cluster(study, facts),
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
    p = np.array([chance.p for chance in chances or ()])
    if not abs(p.sum() - 1) < SUM_ERROR:
        return parts  # no probabilities, or of classes that do not exclude each other
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


def _cluster(study: Study, facts: Mapping[str, Any]) -> Cluster | None:
    found = facts.get("cluster")
    if found is None:
        return None
    there = [id for id in found["like"] if id in study.pool]
    return Cluster(count=found["count"], examples=[Example(id=id, preview=preview(study.pool, id)) for id in there])
