"""Particles of a micrograph: where their centres are, and where somebody has looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput
from querist.tasks import _picks
from querist.tasks._matching import gains, inside
from querist.tasks._picks import Coded
from querist.tasks.protocol import Answer, Label, Suggestion
from querist.view import Evidence

Picks: TypeAlias = dict[str, Any]
"""``{"points", "diameter"?, "searched"}``: centres, diameter, and the rectangles that were looked at (None: all)."""

LEAST = 0.5
"""A candidate at least this probable is a particle."""


@dataclass(frozen=True)
class Particles:
    """Particles in a micrograph; a label is ``{"points": [[x, y], …], "diameter": d, "searched": [[x, y, w, h], …]}``.

    All numbers are pixels of the item as it was recorded, never of a smaller picture of it: of the micrograph, or of
    the tile where tiles are asked. x counts columns, y rows; y = 0 is the row that an MRC file stores first, which the
    browser shows at the top, so y grows downwards. Centres of pixels are whole numbers. ``searched`` None says that all
    of it was looked at; else only what lies in one of the rectangles was: an unmarked place elsewhere is no negative,
    and no metric looks there. A ``diameter`` in a label is that label's; ``Particles.diameter`` stands in where it has
    none.

    A tile is an item of its own, with its micrograph as the group and its corner in the record
    (``querist.data.micrographs``): so a person is asked for a tile as for a micrograph, and every strategy works on
    either. Raises BadInput for a diameter that is not positive.

    >>> Particles(diameter=30).check({"points": [[10, 20]]})
    {'points': [[10.0, 20.0]], 'searched': None}
    """

    diameter: float | None = None

    labels: ClassVar[tuple[str, ...]] = ("particle",)
    unit: ClassVar[str] = "picks"
    learner: ClassVar[str] = "template"
    strategy: ClassVar[str] = "token-entropy"
    compared: ClassVar[tuple[str, ...]] = ("random", "token-entropy", "token-entropy(reduce='sum')")

    def __post_init__(self) -> None:
        if self.diameter is not None:
            object.__setattr__(self, "diameter", _diameter(self.diameter))

    @staticmethod
    def from_labels(labels: Iterable[Label | None], diameter: float | None = None) -> Particles:
        """Make the task: of the diameter given, else the median of those in the labels, else the picks' spacing.

        The spacing is the median distance of a pick to the nearest other one, about a diameter where they are crowded.

        >>> Particles.from_labels([{"points": [[0, 0], [30, 0], [0, 40]]}]).diameter
        30.0
        """
        known = [_picks.canonical(label) for label in labels if label is not None]
        stated = [label["diameter"] for label in known if "diameter" in label]
        if diameter is None and stated:
            diameter = float(np.median(stated))
        return Particles(_picks.spacing(known) if diameter is None else diameter)

    @staticmethod
    def from_schema(schema: Mapping[str, Any]) -> Particles:
        """Make the task that ``schema`` describes; raises BadInput for classes of its own."""
        if list(schema.get("labels", Particles.labels)) != list(Particles.labels):
            raise BadInput(f"particles have one class, 'particle': got {schema['labels']!r}; leave the classes away")
        return Particles(schema.get("diameter"))

    @property
    def classes(self) -> int:
        """Count the classes: one."""
        return 1

    @property
    def schema(self) -> dict[str, Any]:
        """Describe the task as JSON."""
        return {"task": "particles", "labels": list(self.labels), "diameter": self.diameter}

    def suited(self, learner: Any) -> Any:
        """Give a learner that asks for a diameter, and was told none, that of the task; any other as it is.

        Without a label it could not know it else.

        >>> from querist.learners.template import Template
        >>> Particles(diameter=30).suited(Template()).diameter
        30.0
        """
        silent = is_dataclass(learner) and getattr(learner, "diameter", 0) is None
        return replace(learner, diameter=self.diameter) if silent and self.diameter is not None else learner

    def check(self, label: Label, item: Any = None) -> Picks:
        """Give the label in its canonical form: numbers as float, points in the order they came.

        With the item (one image of a pool, whose ``sizes`` is known), points must lie on it; searched rectangles are
        cut to it. Raises BadLabel that names the point or the rectangle: no pair of numbers, twice the same, outside.

        >>> Particles().check({"points": [[1, 2], [1, 2]]})
        Traceback (most recent call last):
        ...
        querist.errors.BadLabel: point 2 [1.0, 2.0] is there twice: it is point 1 too; remove one
        """
        found = _picks.canonical(label)
        if hasattr(item, "sizes"):
            size = item.sizes[0].tolist()
            _picks.check_inside(found["points"], *size)
            found["searched"] = _picks.clipped(found["searched"], *size)
        return found

    def merge(self, answers: Sequence[Answer]) -> Picks | None:
        """Keep the particles that more than half of the people marked who looked there; None when no label is left.

        Each person's latest answer counts once. Marks within half a diameter are one particle, at the median of its
        marks; one that just half of the people marked stays where the earliest of them did. Searched is what anybody
        searched. Without a diameter only equal marks are one.

        >>> said = [[[10, 10]], [[12, 10], [90, 90]], [[11, 13]]]
        >>> told = [Answer("i", {"points": points}, who=str(k)) for k, points in enumerate(said)]
        >>> Particles(diameter=20).merge(told)["points"]
        [[11.0, 10.0]]
        """
        given: dict[str, Picks] = {}
        for answer in answers:
            given.pop(answer.who, None)
            if answer.kind == "label":
                given[answer.who] = self.check(answer.label)
        return _picks.merged(list(given.values()), self.diameter) if given else None

    def encode(self, labels: Sequence[Label]) -> NDArray[np.object_]:
        """Code each label as ``Coded`` (points, diameter, searched), an object array [L]. Raises BadLabel."""
        coded = np.empty(len(labels), object)
        for row, label in enumerate(labels):
            coded[row] = _picks.coded(self.check(label), self.diameter)
        return coded

    def named(self, label: Label) -> list[str]:
        """Name the class of each point."""
        return ["particle"] * len(label["points"])

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest the candidates that are rather particles than not.

        Needs places [M, 2], or [M, 3] with diameters, and elements [M, 2] (not a particle, a particle), or [M, K, 2],
        averaged over K. The confidence is the share of the candidates that are expected to be judged right, the mean of
        max(p, 1 − p); None where there is no candidate.
        """
        if evidence.get("elements") is None or evidence.get("places") is None:
            return None
        rows = np.array([row])
        places, probs = candidates({name: evidence[name].take(rows) for name in ("elements", "places")})[0]
        kept = places[probs >= LEAST]
        label: Picks = {"points": kept[:, :2].tolist(), "searched": None}
        if kept.shape[1] == 3 and len(kept):
            label["diameter"] = float(np.median(kept[:, 2]))
        sure = float(np.maximum(probs, 1 - probs).mean()) if len(probs) else None
        return Suggestion(_picks.canonical(label), sure)

    def losses(self, truth: NDArray[np.object_], evidence: Evidence) -> Floats:
        """Give 1 − F1 of each item, float64 [N]; 0 where nothing is there and nothing was found."""
        counted = [counts(there, places[probs >= LEAST]) for there, (places, probs) in _paired(truth, evidence)]
        return np.array([1 - (2 * right / (t + f) if t + f else 1.0) for right, t, f in counted], np.float64)

    def metrics(self, truth: NDArray[np.object_], evidence: Evidence) -> dict[str, float]:
        """Compute f1, precision, recall, average_precision and mean_f1 (the mean of the items'); {} on no rows.

        A candidate is right when it is the partner of a particle not farther than half the diameter, under an optimal
        assignment of one to one; only points in the searched regions count, on both sides. f1, precision and recall
        are at p ≥ 0.5 and summed over items; average_precision = Σ (R_k − R_{k−1})·P_k over all thresholds. Where
        nothing is there to be right they are 0. Cost O(M log M). Raises BadInput when no diameter is known.
        """
        if len(truth) == 0:
            return {}
        pairs = _paired(truth, evidence)
        right, there, found = (
            sum(each)
            for each in zip(*(counts(label, places[probs >= LEAST]) for label, (places, probs) in pairs), strict=True)
        )
        return {
            "f1": 2 * right / max(1, there + found),
            "precision": right / max(1, found),
            "recall": right / max(1, there),
            "average_precision": ranked(pairs).average_precision(),
            "mean_f1": 1.0 - float(self.losses(truth, evidence).mean()),
        }

    def cost(self, label: Label, item: Any = None) -> float:
        """Count the picks, at least one: an empty micrograph has to be looked at too."""
        return float(max(1, len(label["points"])))

    def units(self, item: str) -> tuple[str, ...]:
        """Ask an item as a whole; to ask tiles, make a pool of tiles."""
        return (item,)


Candidates: TypeAlias = tuple[Floats, Floats]
"""Places [M, 2 or 3] of an item, and the probability [M] that each is a particle."""


def candidates(evidence: Evidence) -> list[Candidates]:
    """Give the candidates of each item. Raises BadInput when the evidence has none of the kind."""
    elements, places = evidence.get("elements"), evidence.get("places")
    if elements is None or places is None:
        raise BadInput(f"a prediction of particles needs elements and places: got {', '.join(evidence) or 'nothing'}")
    probs = to_numpy(elements.values)
    probs = (probs.mean(axis=1) if probs.ndim == 3 else probs)[:, 1]
    cuts = elements.starts[1:-1]
    return list(zip(np.split(to_numpy(places.values), cuts), np.split(probs, cuts), strict=True))


def counts(there: Coded, found: Floats) -> tuple[int, int, int]:
    """Count the pairs of an optimal assignment, the particles and the points found, in the searched regions alone."""
    points, found = there.points[inside(there.points, there.searched)], found[inside(found[:, :2], there.searched)]
    return int(gains(found[:, :2], points, there.radius).sum()), len(points), len(found)


@dataclass(frozen=True, eq=False)
class Ranked:
    """What is right at every threshold: thresholds [T] falling, pairs [T], points found [T]; particles in all."""

    thresholds: Floats
    right: NDArray[np.int64]
    found: NDArray[np.int64]
    there: int

    def average_precision(self) -> float:
        """Σ (R_k − R_{k−1})·P_k; 0 where no particle is there."""
        more = np.diff(self.right, prepend=0)
        return float((more * self.right / np.maximum(self.found, 1)).sum() / max(1, self.there))

    def f1(self) -> Floats:
        """F1 at each threshold, [T]."""
        scores: Floats = 2 * self.right / np.maximum(self.found + self.there, 1)
        return scores


def ranked(pairs: Sequence[tuple[Coded, Candidates]]) -> Ranked:
    """Count what is right at every threshold, over items together; equal scores fall to one threshold.

    >>> there = _picks.coded({"points": [[0.0, 0.0]], "searched": None}, 10.0)
    >>> found = np.array([[9.0, 9.0], [1.0, 1.0]]), np.array([0.9, 0.8])
    >>> ranked([(there, found)]).average_precision()
    0.5
    """
    hits, scores, total = [np.empty(0, bool)], [np.empty(0)], 0
    for label, (places, probs) in pairs:
        kept = inside(places[:, :2], label.searched)
        order = np.argsort(-probs[kept], kind="stable")
        points = label.points[inside(label.points, label.searched)]
        hits.append(gains(places[kept][order, :2], points, label.radius))
        scores.append(probs[kept][order])
        total += len(points)
    score, hit = np.concatenate(scores), np.concatenate(hits)
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    return Ranked(score[order][last], np.cumsum(hit[order])[last], last + 1, total)


def _paired(truth: Iterable[Coded], evidence: Evidence) -> list[tuple[Coded, Candidates]]:
    return list(zip(truth, candidates(evidence), strict=True))


def _diameter(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < float("inf"):
        raise BadInput(f"the diameter of particles must be a positive number of pixels: got {value!r}")
    return float(value)
