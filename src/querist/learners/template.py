"""The classical picker: correlation with a template, which works before anybody has picked a particle."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadData, BadInput, BadLabel
from querist.learners import _spots
from querist.learners._checks import check_needs
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.tasks._picks import Coded
from querist.tasks.particles import ranked
from querist.view import Evidence, Need, Ragged

GIVES: frozenset[Need] = frozenset({"elements", "places", "cost"})
MOST = 24
"""Micrographs of the pool that are looked at to set the threshold where nobody has picked."""
ROUNDS = 6
"""How often a template is made anew of what it finds, where nobody has picked."""
STEEP = 2.0
"""The slope of the probability at the threshold, in deviations of the scores, where labels cannot tell it."""


@dataclass(frozen=True)
class Template:
    """Pick particles by correlation with a template on the band-passed micrograph; SciPy only.

    Without labels it begins with a difference of Gaussians of the particle's ``diameter`` (pixels as recorded; None:
    the median of the labels', else 5 % of the pool's shortest side), and ``ROUNDS`` times averages what it finds in
    ``MOST`` micrographs of the pool into a new template; the threshold is that of Otsu between the scores of all
    candidates. With labels the template is the mean of the picks over all angles, and the threshold the one with the
    best F1 on the labelled micrographs, where somebody searched. ``bright``: particles are brighter than the ice, as in
    pictures whose contrast was inverted.

    It gives places [M, 3] (x, y, diameter) and elements [M, 2] (not a particle, a particle): all candidates that are
    half a diameter apart, a logistic function of the score that is ½ at the threshold; cost, how many reach it, one at
    least. Cost of a fit: O(P log P) for the P pixels of the labelled micrographs, or ``ROUNDS`` times for those of the
    pool where there are none. Source: Otsu 1979 (threshold); Roseman 2003, Voss et al. 2009 (correlation, difference of
    Gaussians).
    """

    diameter: float | None = None
    bright: bool = False

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "template picker for particles of micrographs; works without labels",
        tuple(sorted(GIVES)),
        "raw",
        "O(P log P)",
    )

    def __post_init__(self) -> None:
        if self.diameter is not None and not 0 < self.diameter < float("inf"):
            raise BadInput(f"template: diameter must be a positive number of pixels: got {self.diameter!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, cost."""
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
    ) -> TrainedTemplate:
        """Train on L micrographs and their picks, ``Coded`` each. Raises BadData, BadLabel."""
        _check(items, targets)
        diameter = self._diameter(targets, items if pool is None else pool)
        plain = TrainedTemplate(diameter, _sign(self.bright), _spots.spot(diameter / _spots.factor_of(diameter)))
        images = [plain.band(items, row) for row in range(len(items))]
        template = plain.mean(images, [target.points for target in targets])
        if template is None:
            return plain.found_alone(items if pool is None or not len(pool) else pool)
        seen = replace(plain, template=template)
        return seen.told(*seen.best(images, list(targets)))

    def _diameter(self, targets: NDArray[Any], pool: Items) -> float:
        if self.diameter is not None:
            return float(self.diameter)
        stated = [target.diameter for target in targets if target.diameter is not None]
        if stated:
            return float(np.median(stated))
        return 0.05 * float(pool.sizes.min()) if len(pool) else 1.0


@dataclass(frozen=True, eq=False)
class TrainedTemplate:
    """A template, and the score at which a candidate is as probably a particle as not."""

    diameter: float
    sign: float
    template: Floats
    threshold: float = 0.0
    slope: float = 1.0

    needs_no_labels: ClassVar[bool] = True
    """What it says before anybody has labelled is worth suggesting."""

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, cost."""
        return GIVES

    @property
    def factor(self) -> int:
        """The pixels that become one."""
        return _spots.factor_of(self.diameter)

    def told(self, threshold: float, slope: float) -> TrainedTemplate:
        """Set the threshold and the slope of the probability there."""
        return replace(self, threshold=threshold, slope=slope)

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Find the candidates of some micrographs, and how probable each is; cost O(P log P)."""
        check_needs(needs, self.provides)
        _check(items)
        found = [self._found(self.band(items, row)) for row in range(len(items))]
        starts = np.concatenate([[0], np.cumsum([len(each.scores) for each in found])]).astype(np.int64)
        places = np.concatenate([np.empty((0, 2)), *(each.places for each in found)])
        evidence: dict[Need, Any] = {}
        if "places" in needs:
            whole = np.column_stack([places, np.full(len(places), self.diameter)])
            evidence["places"] = Ragged(whole, starts)
        if "elements" in needs:
            evidence["elements"] = Ragged(self.probabilities(_all_scores(found)), starts)
        if "cost" in needs:
            # a micrograph without any is looked at too
            evidence["cost"] = np.array([max(1.0, float((each.scores >= self.threshold).sum())) for each in found])
        return evidence

    def probabilities(self, scores: Floats) -> Floats:
        """Turn scores into [M, 2], not a particle and a particle."""
        odds = np.clip(self.slope * (scores - self.threshold), -30.0, 30.0)
        particle = 1.0 / (1.0 + np.exp(-odds))
        return np.stack([1.0 - particle, particle], axis=1)

    def band(self, items: Items, row: int) -> Floats:
        """Read a micrograph at the size at which particles are looked for, band-passed, particles dark."""
        return self.sign * _spots.band(items.values(row, self.factor), self.diameter / self.factor)

    def _found(self, image: Floats) -> _spots.Peaks:
        """Find the candidates of a band-passed micrograph, in its own pixels."""
        size = self.diameter / self.factor
        found = _spots.peaks(_spots.response(image, self.template), _spots.APART * size)
        return _spots.Peaks(self.factor * found.places + (self.factor - 1) / 2, found.scores)

    def mean(self, images: Sequence[Floats], points: Sequence[Floats]) -> Floats | None:
        """Average places of micrographs, in their own pixels, into a template; None where there are none."""
        small = [(each - (self.factor - 1) / 2) / self.factor for each in points]
        return _spots.mean_patch(images, small, len(self.template) // 2)

    def found_alone(self, pool: Items) -> TrainedTemplate:
        """Make a template of what the template finds, again and again, without any label."""
        rows = np.unique(np.linspace(0, len(pool) - 1, min(MOST, len(pool))).astype(np.intp))
        images = [self.band(pool, row) for row in rows.tolist()]
        here = self
        for _ in range(ROUNDS):
            found = [here._found(image) for image in images]
            cut = _otsu(_all_scores(found))[0]
            template = here.mean(images, [each.places[each.scores > cut] for each in found])
            here = here if template is None else replace(here, template=template)
        return here.told(*_otsu(_all_scores([here._found(image) for image in images])))

    def best(self, images: Sequence[Floats], targets: Sequence[Coded]) -> tuple[float, float]:
        """Find the threshold with the best F1 on picked micrographs, and the slope of the probability there."""
        found = [self._found(image) for image in images]
        sized = [Coded(target.points, self.diameter, target.searched) for target in targets]
        curve = ranked(list(zip(sized, found, strict=True)))
        scores = _all_scores(found)
        if not len(curve.thresholds):
            return _otsu(scores)
        at = int(curve.f1().argmax())
        following = curve.thresholds[at + 1] if at + 1 < len(curve.thresholds) else curve.thresholds[at]
        return float(curve.thresholds[at] + following) / 2, _slope(scores)


def _all_scores(found: Sequence[_spots.Peaks]) -> Floats:
    return np.concatenate([np.empty(0), *(each.scores for each in found)])


def _sign(bright: bool) -> float:
    return -1.0 if bright else 1.0


def _otsu(scores: Floats) -> tuple[float, float]:
    """Cut scores in two so that the parts vary least; gives the cut and a slope."""
    order = np.sort(scores)
    if len(order) < 2 or order[0] == order[-1]:
        return (float(order[0]) if len(order) else 0.0), 1.0
    below = np.arange(1, len(order))
    total = np.cumsum(order)[:-1]
    above = len(order) - below
    between = below * above * (total / below - (order.sum() - total) / above) ** 2
    cut = int(between.argmax())
    return float(order[cut] + order[cut + 1]) / 2, _slope(scores)


def _slope(scores: Floats) -> float:
    spread = float(scores.std())
    return STEEP / spread if spread > 0 else 1.0


def _check(items: Items, targets: NDArray[Any] | None = None) -> None:
    if not hasattr(items, "values") or not hasattr(items, "sizes"):
        got = f"an array of {items.dtype}" if hasattr(items, "dtype") else type(items).__name__
        raise BadData(f"template reads micrographs: got {got}; give a folder of MRC, TIFF or other images")
    if targets is not None and not all(isinstance(target, Coded) for target in targets):
        raise BadLabel(
            f"template learns picks, an object array [L] of points: got {targets.dtype}; it belongs to the task "
            "particles"
        )
