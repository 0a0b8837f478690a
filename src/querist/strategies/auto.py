"""The default: coverage while the model knows little, margin when it knows much, with no parameter to set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.scores.uncertainty import margin
from querist.select.distance import nearest
from querist.select.herding import Cover, cover, spacing, spread
from querist.strategies._coverage import (
    candidates,
    check_candidates,
    covering_scores,
    labelled_embed,
    most_covering,
    targets_of,
)
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, Selection, View

SHARPEST = 8.0
"""The largest exponent: beyond it a handful of rows carry all the weight."""


@dataclass(frozen=True)
class Auto(Strategy):
    """Choose rows that represent what the model is unsure of, the more sharply the more it knows.

    Formula: arg max_x Σ_t u(t)^e · max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s)) over the targets t (pool and labelled
    rows, or a sample of 10,000 of them); u = 1 − (p₁ − p₂), 0 on labelled targets; e = 1/(2·ū) within 1 … 8, with ū
    the mean of u over the others; k(a, b) = exp(−‖φ(a) − φ(b)‖²/σ²) with σ the median distance from a target to the
    nearest labelled row. A model that knows nothing has u = 1 everywhere: the rule is maxherding. Once few targets are
    unsure the exponent grows, and the least sure of them decide: it becomes margin, one per neighbourhood.
    A study gives it tempered probabilities (``calibrate``): the hand-over needs a u that means what it says.
    ``sharpen`` False leaves the exponent at 1. Without a labelled row σ is maxherding's. Once nothing uncertain is
    left to cover, the rows farthest from all chosen follow. Score: the row's own gain given the labelled rows. Of a
    larger view only ``candidates`` rows are looked at, drawn by keys in proportion to u; the others score 0.
    Range: [0, Σ u]. Cost: O(N·T·D + T·L·D) to score, about N·T·D/30 per row chosen, with N
    candidates; 5 fits to calibrate. Raises BadInput unless candidates ≥ 1 or None.
    Source: uherding (Bae et al. 2025) with another radius, weight and calibration.

    >>> import querist
    >>> points = np.array([[0.0], [0.1], [5.0], [5.1], [5.2]])
    >>> probs = np.array([[0.9, 0.1], [0.9, 0.1], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    >>> known = {"embed": points[:1] - 1.0, "probs": probs[:1]}
    >>> querist.query("auto", 1, embed=points, probs=probs, labelled=known, seed=0).tolist()
    [3]
    """

    calibrate: bool = True
    sharpen: bool = True
    candidates: int | None = 10_000

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "max Σ_t u(t)^e·max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s))", "O(N·T·D)", "after Bae 2025"
    )

    def __post_init__(self) -> None:
        check_candidates(self.candidates)

    @property
    def calibrated(self) -> bool:
        """Ask a study for tempered probabilities."""
        return self.calibrate

    def score(self, view: View, draw: Draw) -> Array:
        """Score each candidate by the weighted coverage it adds to that of the labelled rows; [N]."""
        return covering_scores(view, self._state(view), self._candidates(view, draw))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the greatest gain first; ``scores`` are those of ``score``."""
        among = self._candidates(view, draw)
        chosen = most_covering(view, self._state(view), scores, n=n, draw=draw, among=among)
        return replace(chosen, reason="stands for items that the model is unsure of and no label resembles")

    def _candidates(self, view: View, draw: Draw) -> Rows:
        return candidates(view, draw, count=self.candidates, weight=1.0 + host(margin(view.probs)))

    def _state(self, view: View) -> Cover:
        targets, labelled = targets_of(view), labelled_embed(view)
        points, unsure = to_numpy(targets.embed), 1.0 + host(margin(targets.probs))
        free = np.ones(len(points), bool) if view.labelled is None else ~np.isin(targets.keys, view.labelled.keys)
        weight = np.where(free, unsure ** (exponent(unsure[free]) if self.sharpen else 1.0), 0.0)
        sigma = reach(points[free], targets.keys[free], labelled=labelled)
        return cover(points, weight, sigma=sigma, labelled=labelled)


def exponent(unsure: Floats) -> float:
    """Give 1/(2·ū), at least 1 and at most 8; [T] → one number.

    >>> exponent(np.array([0.9, 0.6])), exponent(np.array([0.2, 0.2])), exponent(np.array([0.01]))
    (1.0, 2.5, 8.0)
    """
    mean = float(unsure.mean()) if len(unsure) else 1.0
    return 0.5 / min(0.5, max(mean, 0.5 / SHARPEST))


def reach(points: NDArray[np.floating], keys: NDArray[np.uint64], *, labelled: NDArray[np.floating]) -> float:
    """Give σ: the median distance to the nearest labelled row, above half the spacing of the targets.

    Shapes: points [T, D], keys [T] of the targets without a label, labelled [L, D]. Cost: O(T·L·D).

    >>> reach(np.array([[1.0], [2.0], [9.0]]), np.arange(3, dtype=np.uint64), labelled=np.array([[0.0]]))
    2.0
    """
    if len(labelled) == 0 or len(points) == 0:
        return spread(points, keys)
    gap = float(np.median(nearest(points, labelled)[1]))
    return max(gap, spacing(points, keys) / 2) or spread(points, keys)
