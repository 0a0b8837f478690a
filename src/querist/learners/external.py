"""A detector that somebody else trained, as a learner: torchvision's, ultralytics', DETR's, or any function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadEvidence, BadInput
from querist.learners._checks import check_needs
from querist.learners._matched import Detections, match_draws
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.view import Evidence, Need, Ragged

GIVES: frozenset[Need] = frozenset({"elements", "places"})
Detect = Callable[[Items], Iterable[Any]]
"""Given items, what is found in each of them, in order: a result, or a list of results of several detectors."""


@dataclass(frozen=True)
class External:
    """Use a detector that is there already, so that its uncertainty chooses what to label.

    ``detect`` is a function: items in, a result for each of them out, in order. A result is what torchvision and the
    post-processing of DETR give, a mapping of "boxes" [M, 4] (left, top, right, bottom, in pixels of the image),
    "scores" [M] and "labels" [M]; or what ultralytics gives, an object whose ``boxes`` have ``xyxy``, ``conf`` and
    ``cls``; a mapping may hold "probs" [M, C] instead of the two, the probability of each class, and then their sum may
    be at most 1. A list of K results for an item is a committee, or draws of dropout: their boxes are matched. The
    items are as the pool has them: of a pool of images ``items.upright(row)`` is a Pillow image.

    ``codes`` maps the detector's labels to the codes of the task's classes; other labels are left out. None: the
    labels are codes already. ``train``, a function of items and coded labels that gives a new ``detect``, is called at
    each fit; None: the detector stays as it is.

    Evidence: elements [M, 1 + C] (nothing there, each class; a score is the probability of its label, the rest of it
    that of nothing) and places [M, 4] (x, y, width, height); of a committee [M, K, 1 + C] and [M, K, 4]. Give boxes of
    low scores too, from 0.05 or so: those are what is uncertain. Cost: that of the detector. Raises BadInput,
    BadEvidence.

    >>> said = {"boxes": [[0, 0, 10, 20]], "scores": [0.75], "labels": [2]}
    >>> model = External(lambda items: [said] * len(items), codes={2: 0}).fit([], [], classes=1, rng=None)
    >>> found = model.predict(["a"], {"elements", "places"})
    >>> found["elements"].values.tolist(), found["places"].values.tolist()
    ([[0.25, 0.75]], [[0.0, 0.0, 10.0, 20.0]])
    """

    detect: Detect
    codes: Mapping[Any, int] | None = None
    train: Callable[[Items, Any], Detect] | None = None

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "a detector of yours (torchvision, ultralytics, DETR), from Python", tuple(sorted(GIVES)), eats, "yours"
    )

    def __post_init__(self) -> None:
        for name in ("detect", "train"):
            value = getattr(self, name)
            if not callable(value) and not (name == "train" and value is None):
                raise BadInput(f"external: {name} must be a function: got {value!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places."""
        return GIVES

    def fit(
        self,
        items: Items,
        targets: NDArray[Any],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Train by ``train`` where there is one and a label; raises what it raises."""
        detect = self.detect if self.train is None or not len(targets) else self.train(items, targets)
        return ExternalPredictor(detect, classes, self.codes)


@dataclass(frozen=True, eq=False)
class ExternalPredictor:
    """A function that detects, and how its labels are called in the task."""

    detect: Detect
    classes: int
    codes: Mapping[Any, int] | None

    needs_no_labels: ClassVar[bool] = True
    """What it says before anybody has labelled is worth suggesting."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places."""
        return GIVES

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Ask the detector; raises MissingEvidence, BadEvidence naming the row whose result cannot be used."""
        check_needs(needs, self.provides)
        results = list(self.detect(items)) if len(items) else []
        if len(results) != len(items):
            raise BadEvidence(f"external: detect must give a result for each of {len(items)} items: got {len(results)}")
        found = evidence_of(results, classes=self.classes, codes=self.codes)
        return {name: found[name] for name in needs}


def evidence_of(results: Sequence[Any], *, classes: int, codes: Mapping[Any, int] | None = None) -> Evidence:
    """Turn the results of a detector on N items into elements and places, as ``querist.query`` takes them.

    Results, ``codes``, shapes and errors as of ``External``.

    >>> sure, unsure = ({"boxes": [[0, 0, 9, 9]], "scores": [s], "labels": [0]} for s in (0.9, 0.5))
    >>> import querist
    >>> querist.query("token-entropy", 1, **evidence_of([sure, unsure], classes=1)).tolist()
    [1]
    """
    draws = [_opinions(result, row, classes, codes) for row, result in enumerate(results)]
    count = len(draws[0]) if draws else 1
    uneven = [row for row, each in enumerate(draws) if len(each) != count]
    if uneven:
        raise BadEvidence(
            f"external: each item must have as many results: row 0 has {count}, row {uneven[0]} has "
            f"{len(draws[uneven[0]])}"
        )
    pairs = [(each[0].boxes[:, None], each[0].probs[:, None]) if count == 1 else match_draws(each) for each in draws]
    starts = np.concatenate([[0], np.cumsum([len(boxes) for boxes, _ in pairs])]).astype(np.int64)
    places = np.concatenate([np.empty((0, count, 4)), *(boxes for boxes, _ in pairs)])
    elements = np.concatenate([np.empty((0, count, 1 + classes)), *(probs for _, probs in pairs)])
    single = count == 1
    return {
        "elements": Ragged(elements[:, 0] if single else elements, starts),
        "places": Ragged(places[:, 0] if single else places, starts),
    }


def _opinions(result: Any, row: int, classes: int, codes: Mapping[Any, int] | None) -> list[Detections]:
    many = result if isinstance(result, list | tuple) else [result]
    if not many:
        raise BadEvidence(f"external: row {row} has an empty list: give a result without boxes where nothing was found")
    return [_read(each, row, classes, codes) for each in many]


def _read(result: Any, row: int, classes: int, codes: Mapping[Any, int] | None) -> Detections:
    """Read one result; raises BadEvidence."""
    corners, scores, labels, probs = _parts(result, row)
    if len(corners) and (corners.ndim != 2 or corners.shape[1] != 4 or not np.isfinite(corners).all()):
        raise BadEvidence(
            f"external: row {row}: boxes must be finite numbers [M, 4], left, top, right, bottom: got {corners.shape}"
        )
    corners = corners.reshape(-1, 4)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    thin = np.flatnonzero((boxes[:, 2:] <= 0).any(axis=1))
    if len(thin):
        raise BadEvidence(
            f"external: row {row}, box {thin[0] + 1}: right and bottom must be greater than left and top: got "
            f"{corners[thin[0]].tolist()}; width and height may stand where right and bottom belong"
        )
    if probs is not None:
        return Detections(boxes, _whole(probs.reshape(-1, classes), len(boxes), row))
    kept, code = _codes(labels, codes)
    return Detections(boxes[kept], _spread(scores[kept], code, classes, row))


def _parts(result: Any, row: int) -> tuple[Floats, Floats, list[Any], Floats | None]:
    """Give the corners, scores and labels of a result, or its probabilities."""
    if isinstance(result, Mapping) and "boxes" in result and ("probs" in result or {"scores", "labels"} <= set(result)):
        corners = _floats(result["boxes"])
        if "probs" in result:
            return corners, np.empty(0), [], _floats(result["probs"])
        return corners, _floats(result["scores"]), _listed(result["labels"]), None
    found = getattr(result, "boxes", None)
    if all(hasattr(found, name) for name in ("xyxy", "conf", "cls")):
        assert found is not None
        return _floats(found.xyxy), _floats(found.conf), [int(code) for code in _listed(found.cls)], None
    raise BadEvidence(
        f"external: row {row}: a result must be a mapping of boxes, scores and labels (or boxes and probs), or have "
        f"boxes with xyxy, conf and cls: got {type(result).__name__}"
    )


def _floats(values: Any) -> Floats:
    found = values.detach().cpu() if hasattr(values, "detach") else values
    return np.asarray(to_numpy(found) if hasattr(found, "shape") else found, np.float64)


def _listed(values: Any) -> list[Any]:
    found = values.detach().cpu() if hasattr(values, "detach") else values
    return list(found.tolist() if hasattr(found, "tolist") else found)


def _codes(labels: Sequence[Any], codes: Mapping[Any, int] | None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Say which labels are classes of the task, and their codes."""
    known = [label if codes is None else codes.get(label) for label in labels]
    kept = [at for at, code in enumerate(known) if code is not None]
    return np.array(kept, np.intp), np.array([known[at] for at in kept], np.intp)


def _spread(scores: Floats, codes: NDArray[np.intp], classes: int, row: int) -> Floats:
    """Put each score at its class, and the rest of 1 at nothing; [M, 1 + C]."""
    wrong = codes[(codes < 0) | (codes >= classes)]
    if len(wrong):
        raise BadEvidence(
            f"external: row {row}: labels must be class codes 0 … {classes - 1}: got {wrong[0]}; give codes, for "
            "example codes={1: 0, 3: 1}, from the detector's labels to the task's classes"
        )
    probs = np.zeros((len(codes), classes))
    probs[np.arange(len(codes)), codes] = scores
    return _whole(probs, len(codes), row)


def _whole(probs: Floats, count: int, row: int) -> Floats:
    total = probs.sum(axis=1)
    if len(probs) != count or not np.isfinite(total).all() or (probs < 0).any() or (total > 1 + 1e-6).any():
        worst = f", a sum of {total.max():g}" if len(total) else ""
        raise BadEvidence(
            f"external: row {row}: the probabilities of a box lie in 0 … 1 and sum to 1 at most, one row a box: got "
            f"{len(probs)} rows for {count} boxes{worst}"
        )
    return np.concatenate([np.clip(1.0 - total, 0.0, 1.0)[:, None], probs / np.maximum(total, 1.0)[:, None]], axis=1)
