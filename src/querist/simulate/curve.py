"""Learning curves of one run, and the numbers read off them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from querist._arrays import Floats
from querist.errors import BadInput

LOWER_IS_BETTER = frozenset({"log_loss", "ece", "brier", "mae", "mse", "rmse", "nll"})
"""Metrics of which less is better; all others grow with quality."""


class Point(NamedTuple):
    """One round: what was known, what it cost so far, how good the model was on the test items."""

    labels: int
    cost: float
    metrics: Mapping[str, float]
    fit_seconds: float
    query_seconds: float


@dataclass(frozen=True, eq=False)
class Curve:
    """The rounds of one run, from the initial set to the end of the budget.

    ``strategy`` is None for the single fit on all labels. ``info`` is JSON: how the run was made.
    """

    dataset: str
    strategy: str | None
    seed: int
    points: tuple[Point, ...]
    info: Mapping[str, Any]

    @property
    def labels(self) -> Floats:
        """The labels known at each round, float64 [R]."""
        return np.array([p.labels for p in self.points], np.float64)

    def spent(self, unit: str) -> Floats:
        """The budget used at each round, in labels or in the unit of the cost, float64 [R]."""
        return self.labels if unit == "labels" else np.array([p.cost for p in self.points], np.float64)

    def values(self, metric: str) -> Floats:
        """The metric at each round, float64 [R]; raises BadInput where a round has none of that name."""
        lacking = next((p.metrics for p in self.points if metric not in p.metrics), None)
        if lacking is not None:
            raise BadInput(
                f"{self.who} was run without the metric {metric!r}: it has {', '.join(lacking)}; if the run was kept "
                "and is older than the metric, delete its file in cells to run it anew"
            )
        return np.array([p.metrics[metric] for p in self.points], np.float64)

    @property
    def who(self) -> str:
        """Name the run: strategy, data set, seed."""
        return f"{self.strategy or 'all labels'} on {self.dataset!r}, seed {self.seed},"

    @property
    def seconds_per_query(self) -> float | None:
        """Seconds of scoring and choosing per item asked after the initial set; None when nothing was asked."""
        asked = self.points[-1].labels - self.points[0].labels
        return sum(p.query_seconds for p in self.points[:-1]) / asked if asked else None

    def to_json(self) -> dict[str, Any]:
        """Write the curve as JSON."""
        points = [p._asdict() for p in self.points]
        who = {"dataset": self.dataset, "strategy": self.strategy, "seed": self.seed}
        return {**who, "points": points, "info": dict(self.info)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Curve:
        """Read a curve back.

        >>> curve = Curve("iris", "margin", 0, (Point(5, 5.0, {"accuracy": 0.9}, 0.1, 0.2),), {})
        >>> Curve.from_json(curve.to_json()).points[0].labels
        5
        """
        return Curve(**{**data, "points": tuple(Point(**p) for p in data["points"])})


def aubc(labels: ArrayLike, values: ArrayLike) -> float:
    """Compute the area under the budget curve, divided by the range of the budget.

    Formula: 1/(b_T − b_0) · ∫ v(b) db by trapezoids, from the initial set; one round only: its value. In the unit of
    the metric. Source: Zhan et al. 2021.

    >>> aubc([10, 20, 40], [0.5, 0.7, 0.9])
    0.733...
    """
    x, y = np.asarray(labels, np.float64), np.asarray(values, np.float64)
    width = x[-1] - x[0]
    return float(_area(y, x) / width) if width > 0 else float(y[-1])


def _area(y: Floats, x: NDArray[Any]) -> float:
    return float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum())


def aubc_log(labels: ArrayLike, values: ArrayLike) -> float:
    """Compute the area with the labels on a logarithmic axis, so that the cold start counts.

    Rounds without any label are left out.

    >>> round(aubc_log([10, 20, 40], [0.5, 0.7, 0.9]), 4)
    0.7
    """
    x, y = np.asarray(labels, np.float64), np.asarray(values, np.float64)
    some = x > 0
    return aubc(np.log(x[some]), y[some]) if some.any() else float(y[-1])


def aubc_lu(values: ArrayLike) -> float:
    """Compute the area as Lu et al. 2023 published it.

    Formula: trapezoid(values after each query) / number of queries; the initial value is not in it, and the divisor is
    one more than the width, so the number is low by the share 1 / queries. Needs one round per query.

    >>> round(aubc_lu([0.5, 0.7, 0.9, 0.9]), 4)
    0.5667
    """
    y = np.asarray(values, np.float64)[1:]
    return float(_area(y, np.arange(len(y))) / len(y)) if len(y) else float("nan")


def smooth(values: ArrayLike, window: int = 3) -> Floats:
    """Average each round with its neighbours; at the ends the window shrinks evenly, so a straight line stays.

    >>> smooth([0.0, 3.0, 0.0, 3.0]).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    y = np.asarray(values, np.float64)
    total = np.concatenate([[0.0], np.cumsum(y)])
    at = np.arange(len(y))
    half = np.minimum(np.minimum(at, len(y) - 1 - at), window // 2)
    return np.asarray((total[at + half + 1] - total[at - half]) / (2 * half + 1))


def labels_to(labels: ArrayLike, values: ArrayLike, target: float, *, lower: bool = False, window: int = 3) -> float:
    """Find the first budget at which the smoothed curve reaches a target; infinite when it never does.

    No interpolation: the answer is a number of labels that was tried. ``lower``: less is better.

    >>> labels_to([10, 20, 30], [0.5, 0.7, 0.9], 0.7)
    20.0
    >>> labels_to([10, 20, 30], [0.5, 0.7, 0.9], 0.95)
    inf
    """
    y = smooth(values, window)
    reached = y <= target + 1e-12 if lower else y >= target - 1e-12
    return float(np.asarray(labels, np.float64)[int(reached.argmax())]) if reached.any() else float("inf")
