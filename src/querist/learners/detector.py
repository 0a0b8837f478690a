"""A small detector of boxes that trains on a CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import KW_ONLY, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.embed.onnx import SCALES
from querist.errors import BadData, BadInput, BadLabel
from querist.learners._checks import check_needs
from querist.learners._extra import need
from querist.learners._held import Parts, divided, keys_of
from querist.learners._of_centres import RATE, OfCentres, nothing_on
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.tasks._overlap import pairwise_overlap
from querist.tasks._precision import tallies
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.learners._centres import Centres, Found
    from querist.learners._scenes import Plan, Scene

GIVES: frozenset[Need] = frozenset({"elements", "places", "embed", "cost"})
FLIPS = ("horizontal", "both", "turn", "none")
SAME = 0.6
"""The overlap from which on the less likely of two boxes is left away."""
MOST, LEAST = 100, 0.05
"""Boxes of an image at most, and the probability that something is there which each needs."""
STRIDE = 4
PART = 256
"""Pixels of the part of a larger image that a step of the training shows."""
FEWEST_HELD = 3
"""Images held out to choose the thresholds, or none and the labelled ones themselves."""
AT_ONCE = 64
"""Images that are decoded together."""


@dataclass(frozen=True)
class Detector(OfCentres):
    """Learn boxes with a small convolutional network of centres (400,000 weights) that trains on a CPU in minutes.

    With ``encoder``, the path of an ONNX network of convolutions that was trained on other images, only the joining of
    its maps is learnt (``scale`` as of ``querist.embed.onnx.Onnx``): with a few dozen images it finds more than a
    network that begins with nothing, and takes about twice the time.

    Images are squeezed to ``size`` (width, height); boxes come back in their own pixels. An object should have 8 pixels
    there or more; larger sizes go through in tiles of 512. A fit takes ``epochs`` passes in batches of ``batch``,
    ``steps`` steps at least, with images mirrored as ``flip`` says ("horizontal", "both", "turn" for the eight
    positions of a square, "none"), scaled, shifted, and their contrast changed. ``balanced``: classes count by one over
    the root of their boxes. A share ``held_out`` of the labelled images sets the threshold of each class (best F1),
    which becomes the probability ½: they are never learnt from, nor were by a model that is gone on from, and an image
    stays held out from round to round. With fewer than 3 to hold out, the labelled images themselves do. ``members``
    > 1 trains so many networks, ``draws`` > 0 leaves so many sets of features away in each (Monte Carlo dropout).
    ``warm_start`` goes on from the networks of the last model (``warm``; in a study that of the round before, but every
    tenth fit begins anew), for a third of the steps.

    Evidence: elements [M, 1 + C] (nothing there, each class) and places [M, 4], with K = members · draws opinions
    [M, K, 1 + C] and [M, K, 4] of the same candidates; cost, the boxes to expect, one at least; embed, pooled
    features of the first network. Without labels
    nothing is found and embed is a thumbnail. A fit runs on one thread and repeats on the CPU to the bit. Cost:
    steps · batch passes forward and back; a prediction members passes. Needs ``pip install 'querist[torch]'``. Raises
    BadInput, BadData, BadLabel, LearnerFailed. Source: Zhou, Wang & Krähenbühl 2019; Gal & Ghahramani 2016 (draws).
    Lin et al. 2017 (maps).

    >>> Detector(size=(240, 180), flip="both").provides >= {"elements", "places", "cost"}
    True
    """

    size: tuple[int, int] = (160, 120)
    encoder: str | None = None
    _: KW_ONLY
    scale: str = "symmetric"
    epochs: int = 36
    flip: str = "horizontal"
    balanced: bool = True
    held_out: float = 0.15

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "a small network that finds boxes in images (querist[torch])",
        tuple(sorted(GIVES)),
        eats,
        "max(steps, epochs·L / batch) · batch passes forward and back",
    )

    def _check_own(self) -> None:
        if self.flip not in FLIPS:
            raise BadInput(f"detector: flip must be one of {', '.join(FLIPS)}: got {self.flip!r}")
        sides = self.size if isinstance(self.size, list | tuple) else ()
        if len(sides) != 2 or not all(isinstance(side, int) and side >= 32 for side in sides):
            raise BadInput(f"detector: size must be a width and a height of 32 pixels or more: got {self.size!r}")
        object.__setattr__(self, "size", tuple(sides))
        if self.encoder is not None and not Path(self.encoder).is_file():
            raise BadInput(f"detector: there is no encoder file {self.encoder!r}: give the path of an .onnx file")
        if self.encoder is not None:
            object.__setattr__(self, "encoder", str(Path(self.encoder).resolve()))
        if self.scale not in SCALES:
            raise BadInput(f"detector: scale must be one of {', '.join(SCALES)}: got {self.scale!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, embed, cost."""
        return GIVES

    @property
    def version(self) -> str | None:
        """Name what the file of the encoder holds, so that a study trains anew where it was replaced; None without."""
        return None if self.encoder is None else blake2b(Path(self.encoder).read_bytes(), digest_size=8).hexdigest()

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
        """Train on L images and their boxes [B, 5] each; raises BadData, BadLabel, LearnerFailed, MissingExtra."""
        need("torch", extra="torch", by="the learner detector")
        check_images(items, targets, by="detector")
        if not len(items):
            return Nothing(classes)
        from querist.learners import _centres

        reader = self._reader(items)
        scenes = reader.scenes(items, targets)
        states = self._begin(warm)
        count, before = held_count(len(scenes), self.held_out), Parts.of(warm, states)
        held, learn, parts = divided(keys_of(items), np.ones(len(scenes), bool), count, before=before)
        team = _centres.Team(self.members, self.draws, self.device, states)
        plan = self._plan(len(learn), shorter=team.states is not None)
        nets, masks = _centres.trained(
            [scenes[row] for row in learn.tolist()], team, make=lambda: self._net(classes), plan=plan, rng=rng
        )
        limits = _centres.Limits(MOST, LEAST, same_box)
        raw = TrainedDetector(_centres.Centres(nets, masks, limits, np.zeros(classes)), reader, parts)
        shown = held if len(held) >= FEWEST_HELD else np.arange(len(scenes))
        return raw.cut(items[shown], [targets[row] for row in shown.tolist()], classes)

    def _net(self, classes: int) -> Any:
        from querist.learners._heatmap import CentreNet, Trunk

        if self.encoder is None:
            trunk = Trunk(3, stride=STRIDE)
        else:
            from querist.learners._backbone import Pyramid

            trunk = Pyramid(self.encoder, stride=STRIDE)
        return CentreNet(trunk, classes, rate=RATE if self.draws else 0.0)

    def _reader(self, items: Items) -> Reader:
        if self.encoder is None:
            return Reader.of(items, self.size)
        mean, deviation = (np.broadcast_to(np.asarray(part, np.float32), 3) for part in SCALES[self.scale])
        return Reader(self.size, mean, deviation)

    def _plan(self, count: int, *, shorter: bool) -> Plan:
        from querist.learners._scenes import Plan

        steps = max(self.steps, self.epochs * count // self.batch)
        part = (min(PART, self.size[0]) // STRIDE * STRIDE, min(PART, self.size[1]) // STRIDE * STRIDE)
        return Plan(
            max(1, steps // 3) if shorter else steps,
            *(self.batch, self.rate, part),
            turn=self.flip == "turn",
            flip=self.flip != "none",
            upside=self.flip == "both",
            balanced=self.balanced,
        )


@dataclass(frozen=True, eq=False)
class Reader:
    """How images become arrays: squeezed to a size, and standardised by the colours of the labelled images."""

    size: tuple[int, int]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @staticmethod
    def of(items: Items, size: tuple[int, int]) -> Reader:
        """Take the mean and deviation of each colour over images."""
        pixels = items.pixels(*size)
        deviation = np.maximum(pixels.std(axis=(0, 1, 2), dtype=np.float64), 1.0)
        return Reader(
            size, pixels.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32), deviation.astype(np.float32)
        )

    def images(self, items: Items) -> Iterator[NDArray[np.float32]]:
        """Read images one after another, [3, height, width], some at a time."""
        for start in range(0, len(items), AT_ONCE):
            for pixels in items[np.arange(start, min(start + AT_ONCE, len(items)))].pixels(*self.size):
                yield ((pixels - self.mean) / self.deviation).transpose(2, 0, 1).astype(np.float32)

    def scales(self, items: Items) -> Floats:
        """Give the pixels of each image that became one, across and down, [N, 2]."""
        return np.asarray(items.sizes, np.float64) / np.array(self.size, np.float64)

    def scenes(self, items: Items, targets: NDArray[Any]) -> list[Scene]:
        """Read labelled images with their boxes at the size of the network."""
        from querist.learners._scenes import Scene

        made = zip(self.images(items), targets, self.scales(items), strict=True)
        return [Scene(image, boxes / np.array([1.0, *scale, *scale])) for image, boxes, scale in made]


@dataclass(frozen=True, eq=False)
class TrainedDetector:
    """Trained networks of centres, and how they read images."""

    centres: Centres
    reader: Reader
    parts: Parts
    """What was held out, and what was learnt from."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, embed, cost."""
        return GIVES

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Find the boxes of images, one by one, so that none depends on those beside it; raises MissingEvidence."""
        from querist.learners._centres import evidence_of

        check_needs(needs, self.provides)
        check_images(items, by="detector")
        if not len(items):
            return nothing_on(
                self.centres.cut.shape[0], 0, needs, np.empty((0, self.centres.nets[0].width), np.float32)
            )
        return evidence_of(self._found(items), needs, places=_places)

    def _found(self, items: Items, centres: Centres | None = None) -> list[Found]:
        """Find the boxes of images, in their own pixels, cut to them."""
        here = self.centres if centres is None else centres
        pairs = zip(self.reader.images(items), self.reader.scales(items), np.asarray(items.sizes), strict=True)
        made = []
        for image, scale, size in pairs:
            found = here.found(image)
            low = np.clip(found.boxes[..., :2] * scale, 0, size)
            high = np.clip((found.boxes[..., :2] + found.boxes[..., 2:]) * scale, 0, size)
            made.append(found._replace(boxes=np.concatenate([low, np.maximum(high - low, 1e-3)], axis=2)))
        return made

    def cut(self, items: Items, targets: Sequence[Floats], classes: int) -> TrainedDetector:
        """Choose the threshold of each class on labelled images: that of the best F1 at an overlap of one half."""
        from querist.learners._centres import best_cut

        said = [_detections(found) for found in self._found(items, self.centres.uncut())]
        found = tallies(targets, said, classes=classes)
        cuts = np.array([best_cut(t.scores, t.hit[0].cumsum(), _counted(t.scores), int(t.there.sum())) for t in found])
        return replace(self, centres=replace(self.centres, cut=cuts))


def _places(boxes: Floats) -> Floats:
    return boxes[:, 0] if boxes.shape[1] == 1 else boxes


def _counted(scores: Floats) -> NDArray[np.intp]:
    return np.arange(1, len(scores) + 1)


def _detections(found: Found) -> Floats:
    """Give class, box and probability of the candidates, [M, 6]."""
    probs = found.probs.mean(axis=1)[:, 1:]
    return np.column_stack([probs.argmax(axis=1), found.boxes.mean(axis=1), probs.max(axis=1)])


@dataclass(frozen=True, eq=False)
class Nothing:
    """A detector without labels: no box anywhere, and thumbnails to tell images apart."""

    classes: int

    provides: ClassVar[frozenset[Need]] = GIVES

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Say that nothing is known; raises MissingEvidence."""
        check_needs(needs, self.provides)
        check_images(items, by="detector")
        embed = items.pixels(*THUMB).reshape(len(items), -1) / np.float32(255)
        return nothing_on(self.classes, len(items), needs, np.asarray(embed, np.float32))


THUMB = (8, 8)


def same_box(boxes: Floats) -> NDArray[np.bool_]:
    """Say which boxes [P, 4] lie over each other so far that they mean one object, [P, P]."""
    return np.asarray(pairwise_overlap(boxes, boxes) >= SAME)


def held_count(labels: int, share: float) -> int:
    """Count the images that are held out; none where that makes fewer than 3.

    >>> held_count(40, 0.15), held_count(19, 0.15)
    (6, 0)
    """
    count = int(labels * share)
    return count if count >= FEWEST_HELD else 0


def check_images(items: Items, targets: NDArray[Any] | None = None, *, by: str) -> None:
    """Raise BadData unless the items are images, BadLabel unless the targets are tables of boxes."""
    if not hasattr(items, "pixels") or not hasattr(items, "sizes"):
        got = f"an array of {items.dtype}" if hasattr(items, "dtype") else type(items).__name__
        raise BadData(f"{by} reads images: got {got}; give a folder of images")
    if targets is not None and not all(isinstance(t, np.ndarray) and t.ndim == 2 and t.shape[1] == 5 for t in targets):
        raise BadLabel(
            f"{by} learns boxes, tables [B, 5] in an object array [L]: got {targets.dtype}; it is for the task boxes"
        )
