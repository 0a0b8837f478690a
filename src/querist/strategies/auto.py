"""Uncertainty times coverage, with its scale and its radius taken from the data: no parameter has to be set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.scores.unsure import SHARPNESS, fade, predicted, rare_first, unsure
from querist.select.distance import nearest
from querist.select.herding import Cover, cover, spacing, spread
from querist.select.typical import typical
from querist.strategies._coverage import (
    candidates,
    check_candidates,
    cover_of,
    covering_scores,
    labelled_embed,
    most_covering,
    targets_of,
    unasked_targets,
)
from querist.strategies._explore import Drawn, explored
from querist.strategies._guard import guarded
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

WHY = "stands for items that the model is unsure of and no label resembles"


@dataclass(frozen=True)
class Auto(Strategy):
    """Choose rows that represent what the model is unsure of, within a radius that shrinks as labels come in.

    Formula: arg max_x Σ_t u(t) · max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s)) over the targets t (pool and labelled rows,
    or a sample of 10,000 of them), u = 0 on labelled ones; k(a, b) = exp(−‖φ(a) − φ(b)‖²/σ²) with σ the median distance
    from a target to the nearest labelled row, 0 for those that have a label. Of a model with probabilities
    u = 1 − (p₁ − p₂): one that knows nothing makes the rule maxherding. Of one with decision values only
    u = exp(−20·g/ḡ), g their gap and ḡ its mean over the targets without a label: their unit means nothing, and nearly
    all weight lies at the boundary. Either way the rule becomes margin, one per neighbourhood, as σ shrinks.

    Each part can be switched off: ``sharpen`` (20 becomes 1), ``shrink`` (σ is maxherding's). ``explore``: of a model
    with decision values only, each place of the batch goes to an item drawn evenly with chance (w + 1)/(L + 2), where
    it contradicts w of the L labels it was taught: so sharp a weight never looks at what it is sure of wrongly.
    ``typical`` leaves far outliers out; ``balance`` weighs targets of a predicted class by √(1 / (C·share)), 1 to 4;
    ``calibrate`` asks a study for tempered probabilities instead, five fits a round. ``guard`` compares, within the
    rounds of ``past``, the errors on chosen items and on the audit's; where the chosen are the easier ones, items drawn
    at random take a share of the batch, and the reason says so. Of a larger view only ``candidates`` rows are looked
    at, drawn by keys in proportion to u. Once nothing uncertain is left to cover, the rows farthest from all chosen
    follow.
    Score: the row's own gain given the labelled rows. Range: [0, Σ u]. Cost: O(N·T·D + T·L·D) to score, about N·T·D/30
    per row chosen, with N candidates. Raises BadInput unless candidates ≥ 1 or None.
    Source: uherding (Bae et al. 2025) with another radius, and another weight for decision values.

    >>> import querist
    >>> points = np.array([[0.0], [0.1], [5.0], [5.1], [5.2]])
    >>> probs = np.array([[0.9, 0.1], [0.9, 0.1], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    >>> known = {"embed": points[:1] - 1.0, "probs": probs[:1]}
    >>> querist.query("auto", 1, embed=points, probs=probs, labelled=known, seed=0).tolist()
    [3]
    """

    sharpen: bool = True
    shrink: bool = True
    explore: bool = True
    typical: bool = True
    balance: bool = False
    calibrate: bool = False
    guard: bool = True
    candidates: int | None = 10_000

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    either: ClassVar[tuple[Need, ...]] = ("probs", "decision")
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "max Σ_t u(t)·max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s))", "O(N·T·D)", "after Bae 2025"
    )

    def __post_init__(self) -> None:
        check_candidates(self.candidates)

    @property
    def context(self) -> frozenset[str]:
        """Name what it looks at beside the evidence: earlier rounds only with the guard."""
        return frozenset({"labelled", "targets", "past"} if self.guard else {"labelled", "targets"})

    @property
    def calibrated(self) -> bool:
        """Ask a study for tempered probabilities."""
        return self.calibrate

    def score(self, view: View, draw: Draw) -> Array:
        """Score each candidate by the weighted coverage it adds to that of the labelled rows; [N]."""
        return covering_scores(view, cover_of(view, self, self._state), self._candidates(view, draw))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the greatest gain first; ``scores`` are those of ``score``."""
        among = self._candidates(view, draw)
        chosen = most_covering(view, cover_of(view, self, self._state), scores, n=n, draw=draw, among=among)
        said, drawn = predicted(view), Drawn(chosen.rows[:0], 0.0)
        if self.explore:
            chosen, drawn = explored(view, chosen, draw=draw)
            said[drawn.rows] = -1  # no choice of the rule: the guard does not count them
        why = partial(drawn.reason, WHY)
        if self.guard:
            return guarded(view, chosen, said=said, draw=draw, why=why)
        return replace(chosen, reason=why(chosen.rows))

    def _candidates(self, view: View, draw: Draw) -> Rows:
        weight = unsure(view, scale=self._scale(view))
        if self.balance:
            weight = weight * rare_first(view)
        return candidates(view, draw, count=self.candidates, weight=weight)

    def _scale(self, view: View) -> float:
        if view.probs is not None:
            return 1.0  # probabilities have no unit
        return fade(unasked_targets(view), sharpness=SHARPNESS if self.sharpen else 1.0)

    def _state(self, view: View) -> Cover:
        targets, labelled = unasked_targets(view), labelled_embed(view)
        points = to_numpy(targets.embed)
        weight = unsure(targets, scale=self._scale(view))
        if self.typical:
            weight = np.where(typical(points, targets.keys), weight, 0.0)
        if self.balance:
            weight = weight * rare_first(targets)
        seen = len(targets_of(view)) - len(targets)
        sigma = reach(points, targets.keys, labelled=labelled if self.shrink else labelled[:0], seen=seen)
        return cover(points, weight, sigma=sigma, labelled=labelled)


def reach(
    points: NDArray[np.floating], keys: NDArray[np.uint64], *, labelled: NDArray[np.floating], seen: int
) -> float:
    """Give σ: the median distance to the nearest labelled row, above half the spacing of the targets.

    The ``seen`` targets that have a label lie at distance 0: once they are half of all, nothing but margin is left.
    Shapes: points [T, D], keys [T] of the targets without a label, labelled [L, D]. Cost: O(T·L·D).

    >>> free, keys = np.array([[1.0], [2.0], [9.0]]), np.arange(3, dtype=np.uint64)
    >>> [reach(free, keys, labelled=np.array([[0.0]]), seen=seen) for seen in (0, 2, 9)]
    [2.0, 1.0, 0.5]
    """
    if len(labelled) == 0 or len(points) == 0:
        return spread(points, keys)
    distance = np.concatenate([np.zeros(seen), nearest(points, labelled)[1]])
    return max(float(np.median(distance)), spacing(points, keys) / 2) or spread(points, keys)
