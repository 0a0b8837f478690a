"""The loop and the measures of deep.py: cells that are kept as files, curves, and a table of them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from deep_data import Data
from numpy.typing import NDArray

import querist
from querist._query import resolve as resolve_strategy
from querist.estimate.drift import cka
from querist.learners import resolve
from querist.learners.calibration import tempered
from querist.strategies.protocol import evidence_for

BINS = 15


@dataclass(frozen=True)
class Protocol:
    """How one curve is made: learner, strategy, and the numbers of labels; ``candidates`` 0 is the whole pool."""

    learner: str
    strategy: str
    per_class: int = 2
    batch: int = 10
    budget: int = 300
    candidates: int = 0
    frozen: bool = False

    def name(self, data: str, seed: int) -> str:
        """Name the cell's file."""
        words = (data, self.strategy, self.learner, self.per_class, self.batch, self.budget, self.candidates)
        text = "-".join(str(word) for word in words) + ("-frozen" if self.frozen else "") + f"-{seed}"
        return "".join(letter if letter.isalnum() or letter in "-.=" else "_" for letter in text)


# --- the loop --------------------------------------------------------------------------------------------------------


def curve(data: Data, plan: Protocol, seed: int) -> list[dict[str, float]]:
    """Label and train in turn: accuracy, seconds of fit and query, and the CKA with the first embeddings."""
    learner, order = resolve(plan.learner)[0], np.random.default_rng(seed).permutation(len(data.x))
    rows = first(order, data.y, plan.per_class)
    keys = [f"item_{row:06}" for row in range(len(data.x))]
    points: list[dict[str, float]] = []
    held = np.sort(order[-1000:])
    start: Any = None
    while True:
        started = time.perf_counter()
        codes = data.y[rows]
        model = learner.fit(data.x[rows], codes, classes=10, rng=np.random.default_rng([seed, len(rows)]), pool=data.x)
        fitted = time.perf_counter()
        probs = model.predict(data.test_x, {"probs"})["probs"]
        moved = model.predict(data.x[held], {"embed"})["embed"]
        start = (model, moved) if start is None else start
        point = {"labels": len(rows), "accuracy": accuracy(probs, data.test_y), "fit": fitted - started}
        points.append({**point, "cka": cka(start[1], moved)})
        if len(rows) >= plan.budget:
            return points
        asked = time.perf_counter()
        free = np.setdiff1d(order, rows)
        if plan.candidates:
            pick = np.random.default_rng([seed, len(rows), 2]).choice(len(free), plan.candidates, replace=False)
            free = np.sort(free[pick])
        n = min(plan.batch, plan.budget - len(rows))
        rows = np.concatenate(
            [rows, free[chosen_rows(data, plan, model, (rows, free, keys, start[0]), n=n, seed=seed)]]
        )
        points[-1]["query"] = time.perf_counter() - asked


def chosen_rows(data: Data, plan: Protocol, model: Any, known: Any, *, n: int, seed: int) -> NDArray[np.intp]:
    """Ask the strategy, its cold rule while fewer than two classes are known."""
    rows, free, keys, start = known
    rule, name = resolve_strategy(plan.strategy)
    if rule.cold is not None and len(np.unique(data.y[rows])) < 2:
        rule, name = resolve_strategy(rule.cold)
    needs = evidence_for(rule, name, model.provides)
    if rule.calibrated:
        learner, rng = resolve(plan.learner)[0], np.random.default_rng([seed, len(rows), 3])
        model = tempered(learner, model, (data.x[rows], data.y[rows]), pool=data.x, classes=10, rng=rng)
    evidence: dict[str, Any] = dict(model.predict(data.x[free], needs))
    labelled: dict[str, Any] = dict(model.predict(data.x[rows], needs))
    if plan.frozen and "embed" in needs:
        evidence["embed"] = start.predict(data.x[free], {"embed"})["embed"]
        labelled["embed"] = start.predict(data.x[rows], {"embed"})["embed"]
    labelled.pop("head", None)
    context: dict[str, Any] = {"labelled": labelled, "labels": data.y[rows]} if "labelled" in rule.context else {}
    if "targets" in rule.context:
        context["targets"] = {need: value for need, value in evidence.items() if need != "head"}
    ids = [keys[row] for row in free]
    found: NDArray[np.intp] = querist.query(rule, n, seed=seed * 1000 + len(rows), ids=ids, **context, **evidence)
    return found


def first(order: NDArray[np.int64], codes: NDArray[np.int64], per_class: int) -> NDArray[np.int64]:
    """Take the first items of each class in a random order."""
    parts = [order[codes[order] == code][:per_class] for code in range(10)]
    return np.concatenate(parts).astype(np.int64)


# --- measures --------------------------------------------------------------------------------------------------------


def accuracy(probs: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Give the share of right answers."""
    return float((probs.argmax(axis=1) == truth).mean())


def nll(probs: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Give the mean log loss; a probability of 0 counts as 1e-12."""
    return float(-np.log(np.maximum(probs[np.arange(len(truth)), truth], 1e-12)).mean())


def ece(probs: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Give the expected calibration error in 15 bins of equal mass."""
    sure, right = probs.max(axis=1), probs.argmax(axis=1) == truth
    parts = np.array_split(np.argsort(sure, kind="stable"), BINS)
    return float(sum(len(part) * abs(sure[part].mean() - right[part].mean()) for part in parts) / len(truth))


def area(points: Sequence[dict[str, float]]) -> float:
    """Give the area under a curve, as a mean accuracy."""
    labels, values = (np.array([point[k] for point in points]) for k in ("labels", "accuracy"))
    return float(np.trapezoid(values, labels) / (labels[-1] - labels[0]))


def reached(points: Sequence[dict[str, float]], goal: float) -> float:
    """Give the labels at which a curve first has an accuracy; infinite where it has not."""
    return next((point["labels"] for point in points if point["accuracy"] >= goal), float("inf"))


def interval(values: NDArray[np.float64]) -> str:
    """Write a mean of paired differences with its 95 % interval, and whether it is resolved."""
    if len(values) < 2:
        return f"{values.mean():+.4f} (one seed: unresolved)"
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    word = "" if abs(values.mean()) > half else ", unresolved"
    return f"{values.mean():+.4f} ± {half:.4f} ({len(values)} seeds{word})"


def table(
    out: Path, named: tuple[str, Any], plans: Sequence[Protocol], seeds: Any, *, goals: Sequence[float]
) -> dict[str, list[list[dict[str, float]]]]:
    """Run cells, and print one line per plan: labels to each goal (median), the last accuracy, the area, seconds."""
    heads = "\t".join(f"labels to {goal:.3f}" for goal in goals)
    print(f"data\tstrategy\tlearner\tbatch\tseeds\t{heads}\tlabels\tlast accuracy\tarea\tfit s\tquery s")
    found: dict[str, list[list[dict[str, float]]]] = {}
    for plan in plans:
        curves = [cell(out, named, plan, seed) for seed in seeds]
        found[plan.strategy] = curves
        to = "\t".join(spread([reached(points, goal) for points in curves]) for goal in goals)
        last = [points[-1]["accuracy"] for points in curves]
        seconds = [np.mean([point.get(k, 0.0) for points in curves for point in points]) for k in ("fit", "query")]
        print(
            f"{named[0]}\t{plan.strategy}\t{plan.learner}\t{plan.batch}\t{len(curves)}\t{to}\t{plan.budget}\t"
            f"{np.mean(last):.4f}\t{np.mean([area(points) for points in curves]):.4f}\t"
            f"{seconds[0]:.2f}\t{seconds[1]:.2f}",
            flush=True,
        )
    _beside_random(found)
    return found


def _beside_random(curves: dict[str, list[list[dict[str, float]]]]) -> None:
    """Print the paired differences of the areas, where random was run."""
    areas = {rule: np.array([area(points) for points in found]) for rule, found in curves.items()}
    for rule in areas.keys() - {"random"} if "random" in areas else ():
        print(f"# {rule} − random, area under the curve: {interval(areas[rule] - areas['random'])}", flush=True)


def spread(values: Sequence[float]) -> str:
    """Write a median, and from where to where the seeds lie."""
    return f"{np.median(values):g} ({min(values):g} to {max(values):g})"


def cell(out: Path, named: tuple[str, Any], plan: Protocol, seed: int) -> list[dict[str, float]]:
    """Give the curve of one cell, read back where it is kept."""

    def compute() -> list[dict[str, float]]:
        started = time.perf_counter()
        found = curve(named[1]() if callable(named[1]) else named[1], plan, seed)
        print(f"# {plan.strategy} seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        return found

    found: list[dict[str, float]] = kept(out, plan.name(named[0], seed), compute)
    return found


def kept(out: Path, name: str, compute: Callable[[], Any]) -> Any:
    """Give what a file holds, or compute it and keep it."""
    place = out / f"{name}.json"
    if place.exists():
        return json.loads(place.read_text())
    found = compute()
    fresh = place.with_suffix(".part")
    fresh.write_text(json.dumps(found))
    fresh.replace(place)
    return found
