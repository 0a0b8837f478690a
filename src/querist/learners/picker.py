"""A small network that picks particles, taught by picks of whole micrographs or of parts of them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadData, BadInput, BadLabel
from querist.learners import _spots
from querist.learners._checks import check_needs
from querist.learners._extra import need
from querist.learners._held import NOTHING, Parts, divided, keys_of
from querist.learners._of_centres import RATE, OfCentres, nothing_on
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.learners.template import Template
from querist.tasks._matching import inside
from querist.tasks._picks import Coded
from querist.tasks.particles import Candidates, candidates, ranked
from querist.view import Evidence, Need

if TYPE_CHECKING:
    from querist.learners._centres import Centres, Found
    from querist.learners._heatmap import CentreNet
    from querist.learners._scenes import Plan, Scene

GIVES: frozenset[Need] = frozenset({"elements", "places", "embed", "cost"})
STRIDE = 2
PART = 96
"""Pixels of the part of a micrograph that a step of the training shows; a particle has 13 to 26."""
BAND = 1.5
"""Diameters beyond which differences of brightness are those of the ice, and are taken away."""
LEAST = 0.05
DENSITY = 4.0
"""Candidates of a micrograph at most, in squares of a diameter that it holds."""
NOISE = 0.2
SURE = 0.75
"""From this probability on the template's word on a candidate counts, for and against; between them it says nothing."""
MOSTLY = 0.5
"""The searched share of the pool from which on there is no need of guesses."""


@dataclass(frozen=True)
class Picker(OfCentres):
    """Learn to pick particles with a small convolutional network of centres (400,000 weights) that trains on a CPU.

    Micrographs are binned until a particle has 13 to 26 pixels, and flattened. ``diameter`` in pixels as recorded;
    None: the median of the labels'. Parts of the micrographs are shown in the eight positions of a square, scaled,
    with other contrast and noise. Where a label says which regions were ``searched``, the rest of the micrograph
    teaches nothing: an unmarked particle there is no negative. Inside them what is not picked counts as no particle.

    A fit takes ``epochs`` passes over the searched area in batches of ``batch`` parts, ``steps`` steps at least. From 3
    labelled micrographs on a share ``held_out`` of them, one at least, is not learnt from, nor was by a model that is
    gone on from. The threshold with the best F1 at half a diameter becomes the probability ½: on those held out, beside
    which the picks that were learnt from count as 150 at most, so that one micrograph or tile does not decide alone.
    Without any pick it is ``template``, which needs none. ``members``, ``draws``, ``warm_start``, ``device``: as of
    ``detector``.

    While less than half of the pool was searched, the network is shown for ``guided`` steps before all others (None: a
    third of ``steps``) what the template, taught by the picks, finds in the pool, where no answer tells what is there,
    and not on what is held out: so few picks, or answers about single candidates, teach more.

    Evidence: elements [M, 2] (not a particle, a particle), [M, K, 2] with K > 1 opinions; places [M, 3] (x, y,
    diameter); cost, the picks to expect, one at least; embed, pooled features (of the template none). Cost: steps ·
    batch passes forward and back on 96² pixels; a prediction members passes. Needs ``pip install 'querist[torch]'``.
    Raises BadInput, BadData, BadLabel, LearnerFailed. Source: Zhou, Wang & Krähenbühl 2019.

    >>> Picker(diameter=27).steps
    300
    """

    diameter: float | None = None
    _: KW_ONLY
    epochs: int = 15
    held_out: float = 0.2
    guided: int | None = None

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "a small network that picks particles (querist[torch])",
        tuple(sorted(GIVES)),
        eats,
        "max(steps, epochs·area / (96²·batch)) · batch passes forward and back",
    )

    def _check_own(self) -> None:
        if self.diameter is not None and not 0 < self.diameter < float("inf"):
            raise BadInput(f"picker: diameter must be a positive number of pixels: got {self.diameter!r}")
        if self.guided is not None and (not isinstance(self.guided, int) or self.guided < 0):
            raise BadInput(f"picker: guided must be a whole number, 0 or more: got {self.guided!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, cost, and embed once there are picks."""
        return GIVES

    @property
    def _guided(self) -> int:
        return self.steps // 3 if self.guided is None else self.guided

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
        """Train on L micrographs and their picks, ``Coded`` each; raises BadData, BadLabel, LearnerFailed."""
        need("torch", extra="torch", by="the learner picker")
        check_micrographs(items, targets)
        if not any(len(target.points) for target in targets):
            cold = Template(self.diameter).fit(items, targets, classes=classes, rng=rng, pool=pool)
            return Cold(cold)
        reader = Reader(self._diameter(targets.tolist()))
        scenes = [reader.scene(items, row, target) for row, target in enumerate(targets)]
        states = self._begin(warm)
        held, learn, parts = held_micrographs(items, targets.tolist(), self.held_out, Parts.of(warm, states))
        seen = [scenes[row] for row in learn]
        plan = self._plan(seen, shorter=states is not None)
        if states is None and self._guided and pool is not None and area_of(scenes) < MOSTLY * reader.area(pool):
            known = items[np.array(learn)], targets[np.array(learn)]
            states = self._guesses(known, reader, without(pool, items[np.array(held, np.intp)]), rng)
        raw = self._trained(seen, reader, plan, states, rng=rng)
        return replace(raw, parts=parts).cut(items, targets.tolist(), held)

    def _guesses(
        self, known: tuple[Items, NDArray[Any]], reader: Reader, pool: Items, rng: np.random.Generator
    ) -> list[Any] | None:
        """Train on what the template finds in as much of the pool as the steps can show; gives the weights.

        What is known of a micrograph counts there, not what the template finds.
        """
        if not len(pool):
            return None
        template = Template(reader.diameter).fit(*known, classes=1, rng=rng)
        shown = self._guided * self.batch * PART**2
        count = max(1, round(len(pool) * min(1.0, shown / reader.area(pool))))
        rows = np.sort(rng.permutation(len(pool))[:count])
        found = candidates(template.predict(pool[rows], {"elements", "places"}))
        told = dict(zip(names_of(known[0]), known[1], strict=True))
        given = [told.get(name) for name in names_of(pool[rows])]
        scenes = [reader.guess(pool, *each) for each in zip(rows.tolist(), found, given, strict=True)]
        plan = replace(self._plan(scenes, shorter=False), steps=self._guided)
        return [net.state_dict() for net in self._trained(scenes, reader, plan, None, rng=rng).centres.nets]

    def _trained(
        self, scenes: list[Scene], reader: Reader, plan: Plan, states: list[Any] | None, *, rng: np.random.Generator
    ) -> TrainedPicker:
        from querist.learners import _centres

        team = _centres.Team(self.members, self.draws, self.device, states)
        nets, masks = _centres.trained(scenes, team, make=lambda: _net(self.draws), plan=plan, rng=rng)
        limits = _centres.Limits(1, LEAST, near_each_other)
        return TrainedPicker(_centres.Centres(nets, masks, limits, np.zeros(1)), reader)

    def _plan(self, scenes: list[Scene], *, shorter: bool) -> Plan:
        from querist.learners._scenes import Plan

        steps = max(self.steps, round(self.epochs * area_of(scenes) / PART**2 / self.batch))
        return Plan(
            max(1, steps // 3) if shorter else steps,
            *(self.batch, self.rate, (PART, PART), 1.15),
            turn=True,
            noise=NOISE,
            cut=False,
        )

    def _diameter(self, targets: Sequence[Coded]) -> float:
        if self.diameter is not None:
            return float(self.diameter)
        stated = [target.diameter for target in targets if target.diameter is not None]
        if not stated:
            raise BadInput(
                "picker needs the diameter of the particles: no label has one; name it in pixels, for example "
                "picker(diameter=30)"
            )
        return float(np.median(stated))


def area_of(scenes: Sequence[Scene]) -> float:
    """Count the pixels, binned, that somebody searched."""
    return sum(float(scene.image[0].size if scene.known is None else scene.known.sum()) for scene in scenes)


def _net(draws: int) -> CentreNet:
    from querist.learners._heatmap import CentreNet, Trunk

    return CentreNet(Trunk(1, stride=STRIDE), 1, rate=RATE if draws else 0.0)


@dataclass(frozen=True, eq=False)
class Reader:
    """How micrographs become arrays: binned by a whole number, flattened, noise of about unit deviation."""

    diameter: float

    @property
    def factor(self) -> int:
        """The pixels that become one."""
        return _spots.factor_of(self.diameter)

    def image(self, items: Items, row: int) -> NDArray[np.float32]:
        """Read one micrograph, [1, H, W]."""
        size = self.diameter / self.factor
        return _spots.band(items.values(row, self.factor), BAND * size).astype(np.float32)[None]

    def scene(self, items: Items, row: int, target: Coded) -> Scene:
        """Read one micrograph with its picks as boxes of one diameter, and where somebody searched."""
        from querist.learners._scenes import Scene

        image, size = self.image(items, row), self.diameter / self.factor
        # a place counts from the middle of the first pixel, a box from its corner
        corners = (target.points + 0.5) / self.factor - size / 2
        boxes = np.column_stack([np.zeros(len(corners)), corners, np.full((len(corners), 2), size)])
        return Scene(image, boxes, known_pixels(target.searched, self.factor, image.shape[1:]))

    def guess(self, items: Items, row: int, found: Candidates, told: Coded | None = None) -> Scene:
        """Read one micrograph with the candidates that are rather certain; round the others nothing is known.

        Where somebody searched, what was ``told`` counts alone.
        """
        told = Coded(np.empty((0, 2)), None, np.empty((0, 4))) if told is None else told
        if told.searched is None:
            return self.scene(items, row, told)
        places, probs = found[0][:, :2], found[1]
        apart = np.linalg.norm(places[:, None] - told.points, axis=2).min(axis=1, initial=np.inf)
        new = ~inside(places, told.searched) & (apart >= self.diameter / 2)
        points = np.concatenate([told.points, places[new & (probs >= SURE)]])
        sure = self.scene(items, row, Coded(points, self.diameter, None))
        unsure = places[new & (probs < SURE) & (probs > 1 - SURE)] - self.diameter / 2
        squares = np.column_stack([unsure, np.full((len(unsure), 2), self.diameter)])
        hidden, seen = (pixels_in(each, self.factor, sure.image.shape[1:]) for each in (squares, told.searched))
        return replace(sure, known=~hidden | seen)

    def area(self, items: Items) -> float:
        """Count the pixels of micrographs, binned."""
        return float((items.sizes / self.factor).prod(axis=1).sum())

    def places(self, boxes: Floats) -> Floats:
        """Give the middle of boxes [M, K, 4] over all opinions, in pixels as recorded: x, y, diameter [M, 3]."""
        middle = (boxes[..., :2] + boxes[..., 2:] / 2).mean(axis=1) * self.factor - 0.5
        return np.column_stack([middle, np.full(len(middle), self.diameter)])


def names_of(items: Items) -> list[tuple[str, str]]:
    """Name micrographs by their folder and file."""
    return list(zip(items.roots.tolist(), items.names.tolist(), strict=True))


def without(pool: Items, items: Items) -> Items:
    """Leave some micrographs out of a pool, and sort the rest by name: chance then draws alike in any order."""
    names, out = names_of(pool), set(names_of(items))
    rows = sorted((row for row, name in enumerate(names) if name not in out), key=names.__getitem__)
    return pool[np.array(rows, np.intp)]


def known_pixels(regions: Floats | None, factor: int, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Say which binned pixels lie in the regions [R, 4] that somebody searched; None: all of them."""
    return None if regions is None else pixels_in(regions, factor, shape)


def pixels_in(regions: Floats, factor: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Say which binned pixels lie in some regions [R, 4].

    >>> pixels_in(np.array([[0.0, 0.0, 4.0, 2.0]]), 2, (2, 3)).tolist()
    [[True, True, False], [False, False, False]]
    """
    known = np.zeros(shape, bool)
    for x, y, width, height in np.rint(regions / factor).astype(int).tolist():
        known[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = True
    return known


@dataclass(frozen=True, eq=False)
class TrainedPicker:
    """Trained networks of centres, and how they read micrographs."""

    centres: Centres
    reader: Reader
    parts: Parts = NOTHING
    """What was held out, and what was learnt from."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, embed, cost."""
        return GIVES

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Find the particles of micrographs, one by one; raises MissingEvidence, BadData."""
        from querist.learners._centres import evidence_of

        check_needs(needs, self.provides)
        check_micrographs(items)
        if not len(items):
            empty = {**nothing_on(1, 0, GIVES, np.empty((0, self.centres.nets[0].width), np.float32))}
            empty["places"] = replace(empty["places"], values=np.empty((0, 3)))
            return {name: value for name, value in empty.items() if name in needs}
        return evidence_of(self._found(items, self.centres), needs, places=self.reader.places)

    def _found(self, items: Items, centres: Centres) -> list[Found]:
        found = []
        for row in range(len(items)):
            image = self.reader.image(items, row)
            size = self.reader.diameter / self.reader.factor
            most = max(1, int(DENSITY * image.size / size**2))
            found.append(replace(centres, limits=replace(centres.limits, most=most)).found(image))
        return found

    def cut(self, items: Items, targets: Sequence[Coded], held: Sequence[int]) -> TrainedPicker:
        """Choose the threshold: the best F1 at half a diameter, where somebody searched.

        On the rows ``held`` out, and on the others as far as ``joined`` lets them count.
        """
        from querist.learners._centres import Curve, best_cut, joined

        found = self._found(items, self.centres.uncut())
        said = [(self.reader.places(each.boxes), each.probs[:, :, 1].mean(axis=1)) for each in found]
        sized = [Coded(target.points, self.reader.diameter, target.searched) for target in targets]
        pairs = list(zip(sized, said, strict=True))
        parts = [ranked([pair for row, pair in enumerate(pairs) if (row in held) == out]) for out in (True, False)]
        cut = best_cut(*joined(*(Curve(each.thresholds, each.right, each.found, each.there) for each in parts)))
        return replace(self, centres=replace(self.centres, cut=np.array([cut])))


@dataclass(frozen=True, eq=False)
class Cold:
    """The template picker, in place of a network that nobody has taught yet."""

    template: Any

    needs_no_labels: ClassVar[bool] = True
    """What it says before anybody has labelled is worth suggesting."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, cost."""
        found: frozenset[Need] = self.template.provides
        return found

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Find the candidates as the template does."""
        found: Evidence = self.template.predict(items, needs)
        return found


def near_each_other(boxes: Floats) -> NDArray[np.bool_]:
    """Say which boxes [P, 4] have centres less than half a side apart, [P, P]."""
    from scipy.spatial.distance import cdist

    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return np.asarray(cdist(centres, centres) < 0.5 * boxes[:, 2].mean()) if len(boxes) else np.ones((0, 0), bool)


def held_micrographs(
    items: Items, targets: Sequence[Coded], share: float, before: Parts
) -> tuple[list[int], list[int], Parts]:
    """Divide the labelled micrographs into those held out, with a pick at least, and those learnt from."""
    picked = np.array([len(target.points) > 0 for target in targets])
    count = max(1, round(len(targets) * share)) if len(targets) >= 3 and share else 0
    held, learn, parts = divided(keys_of(items), picked, count, before=before)
    if not picked[learn].any():
        held, learn, parts = divided(keys_of(items), picked, 0, before=before)
    return held.tolist(), learn.tolist(), parts


def check_micrographs(items: Items, targets: NDArray[Any] | None = None) -> None:
    """Raise BadData unless the items are micrographs, BadLabel unless the targets are picks."""
    if not hasattr(items, "values") or not hasattr(items, "sizes"):
        got = f"an array of {items.dtype}" if hasattr(items, "dtype") else type(items).__name__
        raise BadData(f"picker reads micrographs: got {got}; give a folder of MRC, TIFF or other images")
    if targets is not None and not all(isinstance(target, Coded) for target in targets):
        raise BadLabel(
            f"picker learns picks, an object array [L] of points: got {targets.dtype}; it belongs to the task particles"
        )
