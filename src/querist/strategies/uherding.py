"""Rows that represent the uncertain part of the pool best: uncertainty-weighted kernel coverage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, to_numpy
from querist.scores.uncertainty import margin
from querist.select.distance import gap_to_others
from querist.select.herding import Cover, cover, spacing, spread
from querist.strategies._coverage import (
    candidates,
    check_candidates,
    check_sigma,
    cover_of,
    covering_scores,
    labelled_embed,
    most_covering,
    targets_of,
)
from querist.strategies.protocol import About, Strategy, host
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Uherding(Strategy):
    """Choose the row that adds most coverage of the uncertain part of the pool, again and again.

    Formula: arg max_x Σ_t u(t)·max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s)) over the targets t (pool and labelled rows,
    or a sample of 10,000 of them), u = 1 − (p₁ − p₂), 0 on labelled targets, k(a, b) = exp(−‖φ(a) − φ(b)‖²/σ²).
    ``sigma`` None takes the smallest distance between two labelled rows that are no copies: the radius shrinks as
    labels come in, from coverage towards plain margin. It stays above half the typical distance between neighbouring
    targets, where a row covers 2 % of its neighbour: below that nothing changes but rounding, and a row outside a
    sample of targets would cover none. With fewer than two distinct labelled rows it is maxherding's σ. Give
    calibrated probabilities: a model that knows nothing then makes u constant, and the rule is maxherding.
    Once nothing uncertain is left to cover, the rows farthest from all chosen follow. Score: the row's own gain given
    the labelled rows. Of a larger view only ``candidates`` rows are looked at, drawn by keys in proportion to u, so
    that dense uncertain regions keep most; the others score 0, and None looks at all. Of 5,000 rows in 100 clusters,
    500 candidates lead to 2.9 % less coverage by 50 picks than all rows do (drawn evenly: 3.8 %). Range: [0, Σ u].
    Cost: O(N·T·D + L²·D) to score, a share of that per row chosen, with N candidates. Raises BadInput
    unless σ > 0 and candidates ≥ 1.
    Source: Bae et al. 2025.

    >>> import querist
    >>> points = np.array([[0.0], [0.1], [5.0], [5.1], [5.2]])
    >>> probs = np.array([[0.6, 0.4], [0.6, 0.4], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    >>> querist.query("uherding(sigma=1.0)", 2, embed=points, probs=probs, seed=0).tolist()[1]
    3
    """

    sigma: float | None = None
    candidates: int | None = 10_000

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About(
        "hybrid batch", "max Σ_t u(t)·max(0, k(t, x) − max_{s ∈ L ∪ S} k(t, s))", "O(N·T·D)", "Bae et al. 2025"
    )

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        check_candidates(self.candidates)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each candidate by the uncertainty-weighted coverage it adds to that of the labelled rows; [N]."""
        return covering_scores(view, cover_of(view, self, self._state), self._candidates(view, draw))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the greatest gain first; ``scores`` are those of ``score``."""
        among = self._candidates(view, draw)
        chosen = most_covering(view, cover_of(view, self, self._state), scores, n=n, draw=draw, among=among)
        return replace(chosen, reason="resembles many items that the model is unsure of")

    def _candidates(self, view: View, draw: Draw) -> Rows:
        return candidates(view, draw, count=self.candidates, weight=1.0 + host(margin(view.probs)))

    def _state(self, view: View) -> Cover:
        targets, labelled = targets_of(view), labelled_embed(view)
        points = to_numpy(targets.embed)
        uncertainty = 1.0 + host(margin(targets.probs))
        if view.labelled is not None:
            uncertainty[np.isin(targets.keys, view.labelled.keys)] = 0.0
        sigma = radius(points, targets.keys, labelled=labelled) if self.sigma is None else self.sigma
        return cover(points, uncertainty, sigma=sigma, labelled=labelled)


def radius(points: NDArray[np.floating], keys: NDArray[np.uint64], *, labelled: NDArray[np.floating]) -> float:
    """Give the default σ: the smallest distance between distinct labelled rows, within what the targets can show.

    Shapes: points [T, D], keys [T] of the targets, labelled [L, D]. Cost: O(L²·D + 100·T·D).

    >>> points = np.array([[0.0], [4.0], [8.0]])
    >>> radius(points, np.arange(3, dtype=np.uint64), labelled=np.array([[0.0], [0.0], [3.0]]))
    3.0
    """
    closest = gap_to_others(labelled, labelled).min(initial=np.inf)
    if not np.isfinite(closest):
        return spread(points, keys)
    return max(float(closest), spacing(points, keys) / 2)
