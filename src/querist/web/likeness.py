"""What the model sees of every item in little, and its class: the trainer writes it, the grid reads it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.store import Store
from querist.study import Study
from querist.tasks import Classification
from querist.tasks.classification import probabilities
from querist.view import Need

PLACE = "web/likeness"
MOST = 200_000
"""Items that are described; those of a larger pool that come later are found by search alone."""
WIDTH = 32
SAMPLE = 5_000
"""Items from which the directions are taken."""
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Likeness:
    """The first N items as the model of a round sees them: ``places`` float32 [N, ≤ 32], rows near length 1.

    ``predicted`` int16 [N] is the most probable class, −1 without one; ``chance`` float32 [N] its probability.
    """

    round: int
    places: NDArray[np.float32]
    predicted: NDArray[np.int16]
    chance: NDArray[np.float32]

    def nearest(self, row: int) -> NDArray[np.intp]:
        """Order all items by their cosine similarity to one, itself first; [N]. Cost O(N·32)."""
        like = self.places @ self.places[row]
        like[row] = np.inf
        return np.argsort(-like, kind="stable")

    def of_class(self, code: int) -> NDArray[np.intp]:
        """Order the items that are predicted as a class by its probability, the surest first."""
        rows = np.flatnonzero(self.predicted == code)
        return rows[np.argsort(-self.chance[rows], kind="stable")]


def write(study: Study, round: int) -> None:
    """Keep how the model of a round sees the pool. Cost: a prediction of the pool, O(N·D·32) for the directions."""
    gives = study.learner.provides
    needs: frozenset[Need] = gives & {"embed", "probs"}
    if "embed" not in gives or not len(study.labels()) or len(study.pool) > MOST:
        return
    evidence = study.predict(needs=needs)
    places = _narrow(np.asarray(to_numpy(evidence["embed"]), np.float32))
    probs = probabilities(evidence) if isinstance(study.task, Classification) else None
    predicted, chance = np.full(len(places), UNKNOWN, np.int16), np.zeros(len(places), np.float16)
    if probs is not None:
        predicted, chance = probs.argmax(axis=1).astype(np.int16), probs.max(axis=1).astype(np.float16)
    sink = io.BytesIO()
    for part in (np.array([round]), places.astype(np.float16), predicted, chance):
        np.save(sink, part, allow_pickle=False)
    study.store.put(PLACE, sink.getvalue())


def without_word(found: Likeness) -> Likeness:
    """Take away what the model would answer, for people who are to see none of it; nearness stays."""
    return replace(found, predicted=np.full_like(found.predicted, -1), chance=np.zeros_like(found.chance))


def read(store: Store) -> Likeness | None:
    """Read how the last model saw the pool; None before the first."""
    raw = store.get(PLACE)
    if raw is None:
        return None
    source = io.BytesIO(raw)
    round, places, predicted, chance = (np.load(source, allow_pickle=False) for _ in range(4))
    return Likeness(int(round[0]), places.astype(np.float32), predicted, chance.astype(np.float32))


def _narrow(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring rows to length 1 and to the directions in which a sample of them varies most; [N, ≤ 32]."""
    length = np.linalg.norm(points, axis=1, keepdims=True)
    unit = (points / np.where(length > 0, length, 1.0)).astype(np.float32)
    if unit.shape[1] <= WIDTH:
        return unit
    sample: Floats = unit[:: max(len(unit) // SAMPLE, 1)].astype(np.float64)
    directions = np.linalg.eigh(sample.T @ sample)[1][:, -WIDTH:]
    return np.asarray(unit @ directions.astype(np.float32))
