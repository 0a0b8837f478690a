"""The numbers of a simulation: what ``summary.json`` and ``curves.csv`` hold."""

from __future__ import annotations

import csv
import io
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from querist._arrays import Floats
from querist._draw import Draw
from querist.simulate.curve import LOWER_IS_BETTER, Curve, aubc, aubc_log, aubc_lu, labels_to
from querist.simulate.plan import Plan
from querist.simulate.savings import factor_saved, mean_se, median_labels, versus

BASELINE = "random"
COLUMNS = ("dataset", "strategy", "seed", "labels", "cost", "metric", "value")


def summarise(plan: Plan, curves: Sequence[Curve], full: Sequence[Curve]) -> dict[str, Any]:
    """Compute the rows of a summary, one per data set and strategy, in the order of the plan."""
    datasets = list(dict.fromkeys(c.dataset for c in curves))
    metric = plan.metric or next(iter(curves[0].points[0].metrics))
    rows = [_row(plan, metric, d, s, curves=curves, full=full) for d in datasets for s in plan.names]
    return {
        "metric": metric,
        "rows": rows,
        "full": {d: _full([c for c in full if c.dataset == d], common(d, curves, full)) for d in datasets},
        "plan": plan.facts(),
        "versions": versions(),
        "command": command(),
    }


def common(dataset: str, *curves: Iterable[Curve]) -> list[str]:
    """Name the metrics that every round has on a data set; a test part of one class has fewer than others."""
    points = [point for each in curves for curve in each if curve.dataset == dataset for point in curve.points]
    return [name for name in points[0].metrics if all(name in point.metrics for point in points)]


def _final(curves: Sequence[Curve], metrics: Sequence[str]) -> dict[str, Any]:
    return {m: mean_se([c.values(m)[-1] for c in curves]) for m in metrics}


def _full(curves: Sequence[Curve], metrics: Sequence[str]) -> dict[str, Any]:
    return {
        "labels": float(np.median([c.points[-1].labels for c in curves])),
        "test_items": curves[0].info["test_items"],
        "metrics": _final(curves, metrics),
    }


def _row(
    plan: Plan, metric: str, dataset: str, strategy: str, *, curves: Sequence[Curve], full: Sequence[Curve]
) -> dict[str, Any]:
    own = _by_seed(curves, dataset, strategy)
    base = _by_seed(curves, dataset, BASELINE)
    goal = np.array([c.values(metric)[-1] for c in _by_seed(full, dataset, None)])
    needs = _Needs(plan, metric, f"{dataset}/{strategy}", own, base)
    labels = _needed(plan, needs, goal)
    cost = None if plan.unit == "labels" else _needed(plan, replace(needs, unit=plan.unit), goal)
    return {
        "dataset": dataset,
        "strategy": strategy,
        "seeds": len(own),
        "metric": metric,
        **_areas(plan, metric, own),
        "final": _final(own, common(dataset, curves, full)),
        "cost": {"unit": plan.cost, **mean_se([c.points[-1].cost for c in own])},
        "labels_to": labels[0],
        "labels_to_full": labels[1],
        "cost_to": cost and cost[0],
        "cost_to_full": cost and cost[1],
        "vs_random": versus(_aubcs(own, metric), _aubcs(base, metric)) if base and strategy != BASELINE else None,
        **_seconds(own),
    }


def _needed(plan: Plan, needs: _Needs, goal: Floats) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what is needed to reach values, and to reach shares of the value with all labels."""
    targets = {f"{t:g}": needs.reaching(np.full(len(goal), t), f"value/{t:g}") for t in plan.targets}
    shares = {f"{s:g}": needs.reaching(_share(goal, s, needs.metric), f"full/{s:g}") for s in plan.shares}
    return targets, shares


def _by_seed(curves: Sequence[Curve], dataset: str, strategy: str | None) -> list[Curve]:
    return sorted((c for c in curves if c.dataset == dataset and c.strategy == strategy), key=lambda c: c.seed)


def _share(goal: Floats, share: float, metric: str) -> Floats:
    return goal / share if metric in LOWER_IS_BETTER else goal * share


def _aubcs(curves: Sequence[Curve], metric: str) -> Floats:
    """Give the area of each curve, turned so that more is better."""
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    return np.array([sign * aubc(c.labels, c.values(metric)) for c in curves])


def _areas(plan: Plan, metric: str, curves: Sequence[Curve]) -> dict[str, Any]:
    areas = {
        "aubc": mean_se([aubc(c.labels, c.values(metric)) for c in curves]),
        "aubc_log": mean_se([aubc_log(c.labels, c.values(metric)) for c in curves]),
    }
    if plan.batch == 1 and all(len(c.points) > 1 for c in curves):
        areas["aubc_lu"] = mean_se([aubc_lu(c.values(metric)) for c in curves])
    return areas


def _seconds(curves: Sequence[Curve]) -> dict[str, Any]:
    per_query = [s for c in curves if (s := c.seconds_per_query) is not None]
    totals = {
        "fit": float(np.mean([sum(p.fit_seconds for p in c.points) for c in curves])),
        "query": float(np.mean([sum(p.query_seconds for p in c.points) for c in curves])),
    }
    return {"seconds_per_query": float(np.mean(per_query)) if per_query else None, "seconds": totals}


@dataclass(frozen=True)
class _Needs:
    """Labels, or cost in another unit, needed by one strategy and by the baseline, over the same seeds."""

    plan: Plan
    metric: str
    name: str
    own: Sequence[Curve]
    base: Sequence[Curve]
    unit: str = "labels"

    def reaching(self, targets: Floats, stream: str) -> dict[str, Any]:
        """Give the median of what a target needs per seed, and the factor saved against the baseline."""
        own = self._spent(self.own, targets)
        found = {**median_labels(own, self._rng(stream)), "target": float(targets.mean()), "saved": None}
        if self.base and self.base[0].strategy != self.own[0].strategy:
            budget = float(np.median([c.spent(self.unit)[-1] for c in self.base]))
            base = self._spent(self.base, targets)
            found["saved"] = factor_saved(own, base, budget=budget, rng=self._rng(f"{stream}/saved"))
        return found

    def _spent(self, curves: Sequence[Curve], targets: Floats) -> Floats:
        how: Any = {"lower": self.metric in LOWER_IS_BETTER, "window": self.plan.window}
        pairs = zip(curves, targets.tolist(), strict=True)
        return np.array([labels_to(c.spent(self.unit), c.values(self.metric), t, **how) for c, t in pairs])

    def _rng(self, stream: str) -> np.random.Generator:
        unit = "" if self.unit == "labels" else f"/{self.unit}"
        return Draw(0).rng(f"bootstrap/{self.name}/{stream}{unit}")


def curves_csv(curves: Iterable[Curve]) -> str:
    """Write curves as a long table: one line per round and metric, seconds among them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for curve in curves:
        for point in curve.points:
            place = (curve.dataset, curve.strategy, curve.seed, point.labels, f"{point.cost:g}")
            seconds = {"fit_seconds": point.fit_seconds, "query_seconds": point.query_seconds}
            writer.writerows([*place, m, repr(float(v))] for m, v in {**point.metrics, **seconds}.items())
    return out.getvalue()


def versions() -> dict[str, str]:
    """Name the versions that a result depends on."""
    found = {"python": platform.python_version()}
    for name in ("querist", "numpy", "scipy", "scikit-learn", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def command() -> str:
    """Give the command line of this process, without the folders of the program.

    >>> isinstance(command(), str)
    True
    """
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def strategies_of(summary: Mapping[str, Any], dataset: str) -> list[dict[str, Any]]:
    """Give the rows of a data set, in the order of the plan."""
    return [row for row in summary["rows"] if row["dataset"] == dataset]
