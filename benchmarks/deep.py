"""Deep active learning: MNIST and CIFAR-10 by labels, calibration, methods, cold start, a representation that moves.

    python benchmarks/deep.py --part mnist --quick
    python benchmarks/deep.py --part mnist-cnn --full --out benchmarks/out/deep

Every cell (one strategy, one seed) and all features are kept as files in --out and read back by the next call, so that
a run that was cut short goes on where it was. Each line on standard output says labels, seconds and accuracy. Data lie
in ../shared/data. Choices were made on the training part; the test part is only measured on. --quick has fewer seeds,
and for networks 40 epochs in place of 100, 2,000 candidates in place of 4,000 and the first 1,000 test images (3,000
in calibration). The parts:

    speed        seconds to choose 10 of 20,000 (K = 100, C = 10) after prediction
    mnist        frozen features without a label (--features graph: slow directions of the neighbours, a minute; hog:
                 gradients; ssl: a CNN trained to know a picture again), linear head with its Laplace posterior, pool of
                 20,000, 2 labels a class, batch 10
    mnist-cnn    a CNN with dropout in its dense head, K = 50, batch 10, keyed candidates a round, to 250 labels;
                 each picture once, and (--repeat 2, 5) several times with noise 0.1
    calibration  NLL and ECE of a CNN at 100 to 500 labels, before and after the temperature of cross-fitting
    methods      one network, dropout, ensemble, bnn, laplace: accuracy, NLL, ECE, seconds, and BALD's curve
    cold         CIFAR-10 on frozen features from no label at all, 50 labels
    cifar        CIFAR-10 on frozen features: labels to the accuracy of random's 1,000
    moving       a fine-tuned CNN that picks on its first and on its fresh embeddings; CKA of each round
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from deep_data import DATA, Data, cifar_features, mnist_features, pixels, repeated
from numpy.typing import NDArray

import querist
from querist._query import resolve as resolve_strategy
from querist.estimate.drift import cka
from querist.learners import resolve
from querist.learners.calibration import tempered
from querist.strategies.protocol import evidence_for

ROOT = Path(__file__).resolve().parents[1]
LINEAR = "linear(C=1.0, standardise=False)"
THOUSAND = "linear(C=0.03, standardise=False)"
"""For the labels to random's 1,000 on CIFAR-10. Both C were chosen on the training part: .671 at 1,000 random labels
with .03, .604 with 1; at 50 labels .398 and .420."""
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


def main() -> int:
    """Run the part that the command line asks for."""
    chosen = _options()
    if not DATA.is_dir():
        print(f"the data are not there: {DATA}", file=sys.stderr)
        return 2
    chosen.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    PARTS[chosen.part](chosen)
    print(f"# {chosen.part}: {time.perf_counter() - started:.0f} s in this call", flush=True)
    return 0


# --- parts -----------------------------------------------------------------------------------------------------------


def speed(chosen: argparse.Namespace) -> None:
    """Print the seconds of choosing 10 of 20,000 from draws of K = 100 models and C = 10 classes."""
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.normal(size=(20_000, 1, 10)) + rng.normal(size=(20_000, 100, 10))
    draws = np.exp(logits)
    draws /= draws.sum(axis=-1, keepdims=True)
    evidence = {"draws": draws, "probs": draws.mean(axis=1), "embed": rng.normal(size=(20_000, 128))}
    needs = {"batchbald": ("draws",), "bald": ("draws",), "power-bald": ("draws",), "badge": ("probs", "embed")}
    print("strategy\tn\tN\tK\tC\tseconds, least of 3\tmost")
    for rule, names in needs.items():
        querist.query(rule, 10, seed=0, **{name: evidence[name][:500] for name in names})  # compiles, where it does
        seconds = []
        for seed in range(3):
            started = time.perf_counter()
            querist.query(rule, 10, seed=seed, **{name: evidence[name] for name in names})
            seconds.append(time.perf_counter() - started)
        print(f"{rule}\t10\t20000\t100\t10\t{min(seconds):.2f}\t{max(seconds):.2f}", flush=True)


def cnn(chosen: argparse.Namespace) -> str:
    """Name the network: that of --full, or one of fewer epochs."""
    return f"torch(module='cnn', epochs={100 if chosen.full else 40}, shape=(1, 28, 28))"


def pictures(chosen: argparse.Namespace) -> Data:
    """Read MNIST; without --full its first 1,000 test images."""
    data = pixels()
    return data if chosen.full else data._replace(test_x=data.test_x[:1000], test_y=data.test_y[:1000])


def mnist(chosen: argparse.Namespace) -> None:
    """Print labels to 90 % and 95 % on frozen features."""
    data = mnist_features(chosen.out, chosen.features)
    rules = chosen.rules or ["random", "uherding", "bald", "badge", "power-bald", "entropy", "auto", "batchbald", "tcm"]
    seeds = chosen.seeds or (range(10) if chosen.full else range(3))
    for batch in (5, 10) if chosen.full else (10,):
        plans = [Protocol(LINEAR, rule, batch=batch, budget=300 if chosen.full else 200) for rule in rules]
        table(chosen, (f"mnist-{chosen.features}", data), plans, seeds, goals=(0.90, 0.95))


def mnist_cnn(chosen: argparse.Namespace) -> None:
    """Print labels to 90 % and 95 % of a CNN with dropout, each picture once or --repeat times."""
    learner = f"dropout(base={cnn(chosen)!r}, draws=50)"
    rules = chosen.rules or ["random", "bald", "batchbald", "badge", "entropy", "power-bald", "tcm"]
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget, candidates = (250, 4000) if chosen.full else (80, 2000)
    plans = [Protocol(learner, rule, budget=budget, candidates=candidates) for rule in rules]
    table(chosen, repeated(pictures(chosen), chosen.repeat), plans, seeds, goals=(0.80, 0.90, 0.95))


def calibration(chosen: argparse.Namespace) -> None:
    """Print NLL and ECE before and after the temperature."""
    print("labels\tseed\taccuracy\tNLL before\tafter\tECE before\tafter\tT\tseconds")
    data, learner, rows = pixels(), cnn(chosen), []
    for labels in (100, 200, 300, 500) if chosen.full else (100, 200):
        for seed in chosen.seeds or (range(5) if chosen.full else range(2)):
            name = f"calibration-{'full' if chosen.full else 'quick'}-{labels}-{seed}"
            found = kept(chosen.out, name, lambda n=labels, s=seed: _calibrated(data, learner, n, s))
            rows.append(found)
            print("\t".join(f"{found[k]:.4g}" for k in CALIBRATION), flush=True)
    worse = sum(row["nll after"] > row["nll before"] for row in rows)
    large = [row for row in rows if row["ece before"] > 0.04]
    halved = sum(row["ece after"] <= row["ece before"] / 2 for row in large)
    print(f"# NLL worse in {worse} of {len(rows)}; ECE halved in {halved} of the {len(large)} above .04")


CALIBRATION = (
    *("labels", "seed", "accuracy", "nll before", "nll after", "ece before", "ece after", "temperature", "seconds"),
)


def _calibrated(data: Data, text: str, labels: int, seed: int) -> dict[str, float]:
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data.x))[:labels])
    learner = resolve(text)[0]
    model = learner.fit(data.x[rows], data.y[rows], classes=10, rng=rng, pool=data.x)
    warmed = tempered(learner, model, (data.x[rows], data.y[rows]), pool=data.x, classes=10, rng=rng)
    before, after = (m.predict(data.test_x, {"probs"})["probs"] for m in (model, warmed))
    return {
        "labels": labels,
        "seed": seed,
        "accuracy": accuracy(before, data.test_y),
        "nll before": nll(before, data.test_y),
        "nll after": nll(after, data.test_y),
        "ece before": ece(before, data.test_y),
        "ece after": ece(after, data.test_y),
        "temperature": warmed.temperature,
        "seconds": time.perf_counter() - started,
    }


def methods(chosen: argparse.Namespace) -> None:
    """Print accuracy, NLL, ECE and seconds of each kind of evidence at 100 labels, and BALD's curve with it."""
    data, base, mode = pictures(chosen), cnn(chosen), "full" if chosen.full else "quick"
    learners = {
        "one network": base,
        "dropout": f"dropout(base={base!r})",
        "ensemble": f"ensemble(base={base!r}, members=5)",
        "bnn": f"bnn(base={base!r}, draws=20)",
        "laplace": f"laplace(base={base!r})",
    }
    print("learner\tlabels\tseeds\taccuracy\tNLL\tECE\tfit s\tpredict s")
    seeds = chosen.seeds or (range(5) if chosen.full else range(2))
    for name, learner in learners.items():
        found = [
            kept(chosen.out, f"methods-{mode}-{name}-{s}", lambda k=learner, s=s: _measured(data, k, s)) for s in seeds
        ]
        means = "\t".join(f"{np.mean([f[k] for f in found]):.4f}" for k in ("accuracy", "nll", "ece", "fit", "predict"))
        print(f"{name}\t100\t{len(found)}\t{means}", flush=True)
    if chosen.full:
        plans = [Protocol(learner, "bald", budget=200, candidates=4000) for learner in learners.values()]
        table(chosen, ("mnist", data), plans, seeds, goals=(0.85, 0.90))


def _measured(data: Data, learner: str, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data.x))[:100])
    started = time.perf_counter()
    model = resolve(learner)[0].fit(data.x[rows], data.y[rows], classes=10, rng=rng, pool=data.x)
    fitted = time.perf_counter()
    probs = model.predict(data.test_x, {"probs"})["probs"]
    seconds = {"fit": fitted - started, "predict": time.perf_counter() - fitted}
    truth = data.test_y
    return {"accuracy": accuracy(probs, truth), "nll": nll(probs, truth), "ece": ece(probs, truth), **seconds}


def cold(chosen: argparse.Namespace) -> None:
    """Print accuracy at 50 labels from no label at all."""
    data = cifar_features(chosen.out)
    rules = ["random", "typiclust", "tcm", "uherding", "probcover", "auto"]
    seeds = chosen.seeds or range(10 if chosen.full else 5)
    plans = [Protocol(LINEAR, rule, per_class=0, budget=50) for rule in rules]
    found = table(chosen, ("cifar", data), plans, seeds, goals=())
    at_50 = {plan.strategy: np.array([curve[-1]["accuracy"] for curve in found[plan.strategy]]) for plan in plans}
    for rule in rules[1:]:
        print(f"# {rule} − random at 50 labels: {interval(at_50[rule] - at_50['random'])}")


def cifar(chosen: argparse.Namespace) -> None:
    """Print the labels that reach the accuracy of random's 1,000."""
    data = cifar_features(chosen.out)
    seeds = chosen.seeds or range(10 if chosen.full else 3)
    base = Protocol(THOUSAND, "random", batch=50, budget=1000)
    reached = table(chosen, ("cifar", data), [base], seeds, goals=())["random"]
    goal = float(np.mean([curve[-1]["accuracy"] for curve in reached]))
    plans = [replace(base, strategy=rule) for rule in chosen.rules or ("uherding", "auto", "margin")]
    table(chosen, ("cifar", data), plans, seeds, goals=(goal,))


def moving(chosen: argparse.Namespace) -> None:
    """Print the CKA of each round's embeddings with the first, and the paired difference of the curves' areas."""
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget, candidates = (200, 4000) if chosen.full else (60, 2000)
    areas: dict[bool, list[float]] = {}
    for frozen in (True, False):
        for seed in seeds:
            plan = Protocol(cnn(chosen), "k-center", budget=budget, candidates=candidates, frozen=frozen)
            found = cell(chosen, ("mnist", lambda: pictures(chosen)), plan, seed)
            areas.setdefault(frozen, []).append(area(found))
            drift = " ".join(f"{point['cka']:.2f}" for point in found)
            print(f"{'first' if frozen else 'fresh'}\t{seed}\tarea {area(found):.4f}\tCKA with round 0: {drift}")
    print(f"# fresh − first, area under the curve: {interval(np.array(areas[False]) - np.array(areas[True]))}")


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
    chosen: argparse.Namespace, named: tuple[str, Any], plans: Sequence[Protocol], seeds: Any, *, goals: Sequence[float]
) -> dict[str, list[list[dict[str, float]]]]:
    """Run cells, and print one line per plan: labels to each goal (median), the last accuracy, the area, seconds."""
    heads = "\t".join(f"labels to {goal:.3f}" for goal in goals)
    print(f"data\tstrategy\tlearner\tbatch\tseeds\t{heads}\tlabels\tlast accuracy\tarea\tfit s\tquery s")
    out: dict[str, list[list[dict[str, float]]]] = {}
    for plan in plans:
        curves = [cell(chosen, named, plan, seed) for seed in seeds]
        out[plan.strategy] = curves
        to = "\t".join(spread([reached(points, goal) for points in curves]) for goal in goals)
        last = [points[-1]["accuracy"] for points in curves]
        seconds = [np.mean([point.get(k, 0.0) for points in curves for point in points]) for k in ("fit", "query")]
        print(
            f"{named[0]}\t{plan.strategy}\t{plan.learner}\t{plan.batch}\t{len(curves)}\t{to}\t{plan.budget}\t"
            f"{np.mean(last):.4f}\t{np.mean([area(points) for points in curves]):.4f}\t"
            f"{seconds[0]:.2f}\t{seconds[1]:.2f}",
            flush=True,
        )
    _beside_random(out)
    return out


def _beside_random(curves: dict[str, list[list[dict[str, float]]]]) -> None:
    """Print the paired differences of the areas, where random was run."""
    areas = {rule: np.array([area(points) for points in found]) for rule, found in curves.items()}
    for rule in areas.keys() - {"random"} if "random" in areas else ():
        print(f"# {rule} − random, area under the curve: {interval(areas[rule] - areas['random'])}", flush=True)


def spread(values: Sequence[float]) -> str:
    """Write a median, and from where to where the seeds lie."""
    return f"{np.median(values):g} ({min(values):g} to {max(values):g})"


def cell(chosen: argparse.Namespace, named: tuple[str, Any], plan: Protocol, seed: int) -> list[dict[str, float]]:
    """Give the curve of one cell, read back where it is kept."""

    def compute() -> list[dict[str, float]]:
        started = time.perf_counter()
        found = curve(named[1]() if callable(named[1]) else named[1], plan, seed)
        print(f"# {plan.strategy} seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        return found

    found: list[dict[str, float]] = kept(chosen.out, plan.name(named[0], seed), compute)
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


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "speed": speed,
    "mnist": mnist,
    "mnist-cnn": mnist_cnn,
    "calibration": calibration,
    "methods": methods,
    "cold": cold,
    "cifar": cifar,
    "moving": moving,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few seeds, at most 20 minutes on two cores (the default)")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--rules", type=lambda text: text.split(","), help="mnist, mnist-cnn, cifar: these alone")
    parser.add_argument("--repeat", type=int, default=1, help="mnist-cnn: have each picture so many times")
    parser.add_argument(
        "--features", choices=("graph", "hog", "ssl"), default="graph", help="mnist: which frozen features"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "out" / "deep")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
