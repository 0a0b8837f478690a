"""Boxes in an image, each of one class: cells, cars, particles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput, BadLabel
from querist.tasks._classes import OfClasses, as_class, in_order
from querist.tasks._overlap import pairwise_overlap
from querist.tasks._precision import Tally, tallies
from querist.tasks.protocol import Answer, Label, Suggestion
from querist.view import Evidence

Box: TypeAlias = dict[str, Any]
"""``{"label", "box": [x, y, width, height]}``: the class, the corner at the top left and the size, in pixels."""

LIKELY = 0.5
"""The probability of its class from which on a box is suggested, and counted in f1: likelier than not."""
SAME = 0.5
"""The overlap from which on two boxes of a class are the same one."""
ROUNDING = 0.01
"""Pixels by which an edge may lie outside, as sums of rounded numbers do; it is then put on the border."""
_SIDES = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Boxes(OfClasses):
    """Boxes of C classes in an image; a label is a list of ``{"label", "box": [x, y, width, height]}``, maybe empty.

    Pixels of the image as it is shown, upright by its orientation tag: x to the right, y down, from the corner at the
    top left, which is 0, 0; fractions are allowed. Boxes may overlap, and keep their order. Raises BadInput as
    Classification does.

    >>> task = Boxes(("red", "white"))
    >>> task.check([{"label": "red", "box": [0, 10, 20.5, 20]}])
    [{'label': 'red', 'box': [0.0, 10.0, 20.5, 20.0]}]
    """

    kind: ClassVar[str] = "boxes"
    called: ClassVar[str] = "a task of boxes"
    unit: ClassVar[str] = "boxes"
    learner: ClassVar[str] = "detector"
    strategy: ClassVar[str] = "class-balanced(background=True)"
    compared: ClassVar[tuple[str, ...]] = ("random", "class-balanced(background=True)")

    @staticmethod
    def from_labels(labels: Iterable[Label | None]) -> Boxes:
        """Make the task of the classes that occur, sorted; None is no label.

        >>> Boxes.from_labels([[], None, [{"label": "car", "box": [0, 0, 2, 2]}]]).labels
        ('car',)
        """
        found = {as_class(_read(box, at)["label"]) for label in labels for at, box in enumerate(_listed(label or []))}
        return Boxes(in_order(found))

    def check(self, label: Label, item: Any = None) -> list[Box]:
        """Give the boxes with numbers as floats; with the item, its size also says whether they lie inside it.

        Raises BadLabel that says which box is wrong, and how: no list, a side that is no number, a width or height of 0
        or less, a corner below 0, an edge outside the image, an unknown class. Nothing is cut to fit.

        >>> Boxes(("cell",)).check([{"label": "cell", "box": [4, 4, 0, 2]}])
        Traceback (most recent call last):
        ...
        querist.errors.BadLabel: box 1: width must be greater than 0: got 0.0; remove the box, or draw it again
        """
        size = size_of(item)
        return [self._checked(box, at, size) for at, box in enumerate(_listed(label))]

    def _checked(self, box: Any, at: int, size: tuple[int, int] | None) -> Box:
        found = _read(box, at)
        label = self._named(found["label"], f"box {at + 1}: ")
        return {"label": label, "box": _inside(found["box"], at, size)}

    def merge(self, answers: Sequence[Answer]) -> list[Box] | None:
        """Keep the boxes that more than half of the people drew, each side the median of theirs.

        Each person's latest answer counts once. Two boxes are the same when class and place are (overlap of 0.5 or
        more with the first who drew it, one of a person). A box that just half drew stays where the earliest of the
        people drew it. None when no label is left.

        >>> said = [[{"label": "cell", "box": [x, 0, 10, 10]}] for x in (0, 1, 2)] + [[]]
        >>> Boxes(("cell",)).merge([Answer("i", boxes, who=str(k)) for k, boxes in enumerate(said)])
        [{'label': 'cell', 'box': [1.0, 0.0, 10.0, 10.0]}]
        """
        given: dict[str, list[Box]] = {}
        for answer in answers:
            given.pop(answer.who, None)
            if answer.kind == "label":
                given[answer.who] = self.check(answer.label)
        if not given:
            return None
        groups = _grouped(list(given.values()))
        return [_median(group) for by, group in groups if 2 * len(group) + (by == 0) > len(given)]

    def encode(self, labels: Sequence[Label]) -> NDArray[np.object_]:
        """Code each label as float64 [B, 5] (class, x, y, width, height); an object array [L]. Raises BadLabel."""
        coded = np.empty(len(labels), object)
        for row, label in enumerate(labels):
            boxes = [(self._code[box["label"]], *box["box"]) for box in self.check(label)]
            coded[row] = np.array(boxes, np.float64).reshape(-1, 5)
        return coded

    def named(self, label: Label) -> list[str | int]:
        """Name the class of each box."""
        return [box["label"] for box in label]

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest the boxes whose class is likelier than not, the surest first; evidence as ``predicted`` reads it.

        The confidence is the share of these boxes that are expected to be there, the mean of their probabilities; where
        none is suggested, the probability that there is none, as if each of the others were by itself.
        """
        if evidence.get("elements") is None or evidence.get("places") is None:
            return None
        rows = np.array([row])
        one: Evidence = {name: evidence[name].take(rows) for name in ("elements", "places")}
        found = predicted(one, self.classes)[0]
        found = found[np.argsort(-found[:, 5], kind="stable")]
        shown = found[:, 5] >= LIKELY
        boxes = [{"label": self.labels[int(box[0])], "box": box[1:5]} for box in found[shown].tolist()]
        sure = float(found[shown, 5].mean() if shown.any() else (1.0 - found[:, 5]).prod())
        return Suggestion(boxes, min(max(sure, 0.0), 1.0))

    def losses(self, truth: NDArray[np.object_], evidence: Evidence) -> Floats:
        """Give 1 − F1 of the boxes of each image, 0 where nothing is there nor said; float64 [N].

        A box is right at an overlap of 0.5 with one of its class; those likelier than not count. Its mean is
        1 − image_f1.
        """
        return _losses(tallies(truth, predicted(evidence, self.classes), classes=self.classes), len(truth))

    def metrics(self, truth: NDArray[np.object_], evidence: Evidence) -> dict[str, float]:
        """Compute ap50 and ap, of each class too (``ap50/car``), and f1, precision, recall, image_f1; {} on no rows.

        ap50 is the average precision at an overlap of 0.5, ap its mean over overlaps .50, .55 … .95, as the COCO
        evaluation has them (101 recalls, 100 boxes an image and class); classes without a true box count in no mean. f1
        is of all boxes likelier than not at an overlap of 0.5. Where nothing is there to be right, they are 0.
        Cost O(boxes · detections). Source: Lin et al. 2014.
        """
        if len(truth) == 0:
            return {}
        found = tallies(truth, predicted(evidence, self.classes), classes=self.classes)
        named = zip(self.labels, found, strict=True)
        aps = {str(label): tally.average_precision() for label, tally in named if tally.there.any()}
        mean = np.mean(list(aps.values()), axis=0) if aps else np.zeros(1)
        return {
            "ap50": float(mean[0]),
            "ap": float(mean.mean()),
            **_counts(found, len(truth)),
            "image_f1": float(1.0 - _losses(found, len(truth)).mean()),
            **{f"ap50/{name}": float(ap[0]) for name, ap in aps.items()},
            **{f"ap/{name}": float(ap.mean()) for name, ap in aps.items()},
        }

    def cost(self, label: Label, item: Any = None) -> float:
        """Count the boxes, at least one: an image without any has been looked at too."""
        return float(max(1, len(label)))

    def units(self, item: str) -> tuple[str, ...]:
        """Ask an image as a whole."""
        return (item,)


def size_of(item: Any) -> tuple[int, int] | None:
    """Give width and height of an item as the pool keeps it (``querist.data.images.Images`` of one); else None."""
    sizes = getattr(item, "sizes", None)
    return None if sizes is None else (int(sizes[0][0]), int(sizes[0][1]))


def predicted(evidence: Evidence, classes: int) -> list[Floats]:
    """Give the detections of each item, float64 [D, 6]: class, x, y, width, height, the probability of the class.

    From elements [M, C], the probability of each class at each box, or [M, 1 + C] with "nothing there" before, so that
    rows sum to 1; and places [M, 4] (x, y, width, height). Members of a committee, [M, K, …], are averaged.
    Raises BadInput when the evidence predicts no boxes, or of another number of classes.
    """
    elements, places = evidence.get("elements"), evidence.get("places")
    if elements is None or places is None:
        raise BadInput(f"a prediction of boxes needs elements and places: got {', '.join(evidence) or 'nothing'}")
    probs, boxes = _averaged(elements.values), _averaged(places.values)
    if probs.shape[1] not in (classes, classes + 1) or boxes.shape[1] != 4:
        raise BadInput(
            f"boxes of {classes} classes need elements [M, {classes}] or [M, {classes + 1}] and places [M, 4]: got "
            f"{probs.shape} and {boxes.shape}"
        )
    probs = probs[:, -classes:]
    best = probs.argmax(axis=1)
    found = np.column_stack([best, boxes, probs[np.arange(len(best)), best]])
    return [found[start:end] for start, end in zip(elements.starts[:-1], elements.starts[1:], strict=True)]


def _averaged(values: Any) -> Floats:
    found = np.asarray(to_numpy(values), np.float64)
    return found.mean(axis=1) if found.ndim == 3 else found


def _right(found: Sequence[Tally], images: int) -> tuple[Floats, Floats, Floats]:
    """Count for each image the boxes that were said and right, said, and there; each [N]."""
    right, said, there = np.zeros(images), np.zeros(images), np.zeros(images)
    for tally in found:
        likely = tally.scores >= LIKELY
        right += np.bincount(tally.image[likely & tally.hit[0]], minlength=images)
        said += np.bincount(tally.image[likely], minlength=images)
        there += tally.there
    return right, said, there


def _losses(found: Sequence[Tally], images: int) -> Floats:
    right, said, there = _right(found, images)
    return np.where(said + there > 0, 1.0 - 2.0 * right / np.maximum(said + there, 1.0), 0.0)


def _counts(found: Sequence[Tally], images: int) -> dict[str, float]:
    right, said, there = (float(count.sum()) for count in _right(found, images))
    return {
        "f1": 2.0 * right / max(1.0, said + there),
        "precision": right / max(1.0, said),
        "recall": right / max(1.0, there),
    }


def _grouped(people: Sequence[Sequence[Box]]) -> list[tuple[int, list[Box]]]:
    """Group the boxes of several people that are the same one, with the number of the first who drew it."""
    groups: list[tuple[int, list[Box]]] = []
    for person, boxes in enumerate(people):
        old = list(groups)
        pairs = sorted(_alike(old, boxes), key=lambda pair: (-pair[0], pair[1:]))
        taken: set[int] = set()
        used: set[int] = set()
        for _, group, box in pairs:
            if group not in used and box not in taken:
                old[group][1].append(boxes[box])
                used.add(group)
                taken.add(box)
        groups += [(person, [box]) for at, box in enumerate(boxes) if at not in taken]
    return groups


def _alike(groups: Sequence[tuple[int, list[Box]]], boxes: Sequence[Box]) -> Iterator[tuple[float, int, int]]:
    """List the pairs of a group and a box of its class that overlap enough: overlap, group, box."""
    firsts = np.array([group[0]["box"] for _, group in groups]).reshape(-1, 4)
    overlaps = pairwise_overlap(firsts, np.array([box["box"] for box in boxes]).reshape(-1, 4))
    for group, box in np.argwhere(overlaps >= SAME).tolist():
        if groups[group][1][0]["label"] == boxes[box]["label"]:
            yield float(overlaps[group, box]), group, box


def _median(group: Sequence[Box]) -> Box:
    sides = np.median([box["box"] for box in group], axis=0)
    return {"label": group[0]["label"], "box": sides.tolist()}


def _listed(label: Any) -> Sequence[Any]:
    if isinstance(label, list | tuple):
        return label
    said = label.item() if isinstance(label, np.generic) else label
    raise BadLabel(
        'a label must be a list of {"label", "box": [x, y, width, height]}, empty where nothing is there: '
        f"got {said!r}"
    )


def _read(box: Any, at: int) -> Box:
    if not isinstance(box, Mapping) or not {"label", "box"} <= box.keys():
        raise BadLabel(f'box {at + 1} must have "label" and "box": got {box!r}')
    sides = box["box"]
    if not isinstance(sides, list | tuple | np.ndarray) or len(sides) != 4:
        raise BadLabel(f'box {at + 1}: "box" must be [x, y, width, height]: got {sides!r}')
    return {"label": box["label"], "box": [_number(side, name, at) for name, side in zip(_SIDES, sides, strict=True)]}


def _number(value: Any, name: str, at: int) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not isfinite(value):
        raise BadLabel(f"box {at + 1}: {name} must be a number of pixels: got {value!r}")
    return float(value)


def _inside(box: Sequence[float], at: int, size: tuple[int, int] | None) -> list[float]:
    """Check the places of a box; put an edge that lies outside by rounding alone on the border."""
    for name, side in zip(_SIDES[2:], box[2:], strict=True):
        if side <= 0:
            raise BadLabel(f"box {at + 1}: {name} must be greater than 0: got {side}; remove the box, or draw it again")
    start, extent = list(box[:2]), list(box[2:])
    for axis in (0, 1):
        low, high = start[axis], start[axis] + extent[axis]
        end = np.inf if size is None else float(size[axis])
        if low < -ROUNDING or high > end + ROUNDING:
            raise BadLabel(_outside(at, axis, low=low, high=high, size=size))
        start[axis] = max(low, 0.0)
        extent[axis] = extent[axis] if low >= 0 and high <= end else min(high, end) - start[axis]
    return [*start, *extent]


def _outside(at: int, axis: int, *, low: float, high: float, size: tuple[int, int] | None) -> str:
    name = _SIDES[axis]
    if low < 0:
        return f"box {at + 1}: {name} must be 0 or more: got {low}; it lies outside the image"
    assert size is not None
    return (
        f"box {at + 1}: {name} + {_SIDES[axis + 2]} is {high:g}, outside the image of {size[0]} × {size[1]} pixels; "
        "draw the box again, or read the file with boxes cut to the image"
    )
