"""A map of the pool: where its items lie to each other, what the model says of them, and how unsure it is."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy, xlogx
from querist.embed.plane import Method, aligned, plane
from querist.errors import BadInput
from querist.tasks import Classification
from querist.tasks.classification import probabilities
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.study.loop import Study

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Landscape:
    """A map of the first N items of a pool, in ingest order, by the model of a round.

    ``places`` float32 [N, 2]; ``version`` names the representation, the method and N: the same version, the same
    places. ``predicted`` int16 [N] is the class that the model holds most probable, ``uncertainty`` float32 [N] the
    entropy of its prediction over log C, in [0, 1]; −1 and NaN for the items of the audit, whose answers it would sway,
    and where a model tells neither.
    """

    round: int
    method: Method
    version: str
    places: NDArray[np.float32]
    predicted: NDArray[np.int16]
    uncertainty: NDArray[np.float32]


def landscape(study: Study, *, method: Method = "pca", before: Landscape | None = None) -> Landscape:
    """Draw the map of a study's pool with its current model.

    With ``before``, an earlier map, the places stay where they were while the representation is the same; a new one is
    turned and mirrored so that it lies over the old one. Cost: a prediction of the pool, and that of
    ``querist.embed.plane.plane``. Raises BadInput where the model has no representation, MissingExtra.

    >>> from querist import Study
    >>> study = Study.create(None, np.random.default_rng(0).normal(size=(40, 5)), labels=["low", "high"])
    >>> first = landscape(study)
    >>> first.places.shape, first.places.dtype, landscape(study, before=first).places is first.places
    ((40, 2), dtype('float32'), True)
    """
    gives = study.learner.provides
    if "embed" not in gives:
        raise BadInput(
            f"a map needs a representation of the items: the learner {study.settings.learner_text} gives none"
        )
    needs: frozenset[Need] = frozenset({"embed", "probs"})
    evidence = study.predict(needs=needs & gives)
    points = np.asarray(to_numpy(evidence["embed"]), np.float32)
    version = _version(points, method)
    current = study.store.published()
    places = (
        before.places if before is not None and before.version == version else _places(study, points, method, before)
    )
    predicted, uncertainty = _said(study, evidence)
    return Landscape(0 if current is None else current.round, method, version, places, predicted, uncertainty)


def _version(points: NDArray[np.float32], method: Method) -> str:
    state = blake2b(repr((method, points.shape)).encode(), digest_size=8)
    state.update(np.ascontiguousarray(points).data)
    return state.hexdigest()


def _places(study: Study, points: NDArray[np.float32], method: Method, before: Landscape | None) -> NDArray[np.float32]:
    order = study.pool.first(len(points)).key_order
    placed = plane(points, order, method=method)
    if before is None:
        return placed
    both = min(len(before.places), len(placed))
    return aligned(placed, before.places[:both], np.arange(both))


def _said(study: Study, evidence: Evidence) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Give the predicted class and the uncertainty of each item, nothing of the audit's."""
    count = evidence["embed"].shape[0]
    probs: Floats | None = probabilities(evidence)
    predicted, sure = np.full(count, UNKNOWN, np.int16), np.full(count, np.nan, np.float32)
    if probs is None or not isinstance(study.task, Classification) or not len(study.labels()):
        return predicted, sure
    open_rows = ~audited(study)[:count]
    predicted[open_rows] = probs.argmax(axis=1)[open_rows]
    entropy = -xlogx(probs).sum(axis=1) / np.log(max(probs.shape[1], 2))
    sure[open_rows] = np.clip(entropy, 0.0, 1.0)[open_rows]
    return predicted, sure


def audited(study: Study, items: int = 0) -> NDArray[np.bool_]:
    """Mark the items of a study that are the audit's; bool [N].

    Items that another process added are read first, where the pool is known to have so many ``items``.
    """
    if len(study.pool) < items:
        study._items.refresh()
    return study._catch_up().reserved  # the study's own package may look
