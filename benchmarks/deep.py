"""Deep active learning: MNIST and CIFAR-10 by labels, calibration, methods, cold start, a representation that moves.

    python benchmarks/deep.py --part mnist --quick
    python benchmarks/deep.py --part mnist-cnn --full --out benchmarks/out/deep

Every cell (one strategy, one seed) is kept as a file in --out and read back by the next call, so that a run that was
cut short goes on where it was. Each line on standard output says labels, seconds and accuracy. Data lie in
../shared/data. Choices were made on the training part; the test part is only measured on. The parts:

    mnist        self-supervised features (a CNN trained to know a picture again, no label), linear head with its
                 Laplace posterior, pool of 20,000, 2 labels a class, batch 10, to 300 labels
    mnist-cnn    a CNN with dropout in its dense head, K = 50, batch 10, 4,000 keyed candidates a round, to 250 labels;
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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import querist
from querist._query import resolve as resolve_strategy
from querist.data import load, load_test
from querist.estimate.drift import cka
from querist.learners import resolve
from querist.learners.calibration import tempered
from querist.strategies.protocol import evidence_for

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
CNN = "torch(module='cnn', epochs=100, shape=(1, 28, 28))"
LINEAR = "linear(C=1.0)"
BINS = 15


class Data(NamedTuple):
    """Pool items and codes, test items and codes."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]


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


def mnist(chosen: argparse.Namespace) -> None:
    """Print labels to 90 % and 95 % on self-supervised features."""
    data = kept_features(chosen.out)
    rules = ["random", "entropy", "bald", "batchbald", "power-bald", "badge", "tcm", "uherding", "auto"]
    seeds = chosen.seeds or (range(10) if chosen.full else range(3))
    for batch in (5, 10) if chosen.full else (10,):
        plans = [Protocol(LINEAR, rule, batch=batch) for rule in rules]
        table(chosen, ("mnist-ssl", data), plans, seeds, goals=(0.90, 0.95))


def mnist_cnn(chosen: argparse.Namespace) -> None:
    """Print labels to 90 % and 95 % of a CNN with dropout, each picture once or --repeat times."""
    learner = f"dropout(base={CNN!r}, draws=50)"
    rules = ["random", "entropy", "bald", "batchbald", "power-bald", "badge", "tcm"]
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget = 250 if chosen.full else 120
    plans = [Protocol(learner, rule, budget=budget, candidates=4000) for rule in rules]
    table(chosen, repeated(pixels(), chosen.repeat), plans, seeds, goals=(0.90, 0.95))


def calibration(chosen: argparse.Namespace) -> None:
    """Print NLL and ECE before and after the temperature."""
    print("labels\tseed\taccuracy\tNLL before\tafter\tECE before\tafter\tT\tseconds")
    data, rows = pixels(), []
    for labels in (100, 200, 300, 500) if chosen.full else (100, 300):
        for seed in chosen.seeds or (range(5) if chosen.full else range(2)):
            found = kept(chosen.out, f"calibration-{labels}-{seed}", lambda n=labels, s=seed: _calibrated(data, n, s))
            rows.append(found)
            print("\t".join(f"{found[k]:.4g}" for k in CALIBRATION), flush=True)
    worse = sum(row["nll after"] > row["nll before"] for row in rows)
    large = [row for row in rows if row["ece before"] > 0.04]
    halved = sum(row["ece after"] <= row["ece before"] / 2 for row in large)
    print(f"# NLL worse in {worse} of {len(rows)}; ECE halved in {halved} of the {len(large)} above .04")


CALIBRATION = (
    *("labels", "seed", "accuracy", "nll before", "nll after", "ece before", "ece after", "temperature", "seconds"),
)


def _calibrated(data: Data, labels: int, seed: int) -> dict[str, float]:
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data.x))[:labels])
    learner = resolve(CNN)[0]
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
    data = pixels()
    learners = {
        "one network": CNN,
        "dropout": f"dropout(base={CNN!r})",
        "ensemble": f"ensemble(base={CNN!r}, members=5)",
        "bnn": f"bnn(base={CNN!r}, draws=20)",
        "laplace": f"laplace(base={CNN!r})",
    }
    print("learner\tlabels\tseeds\taccuracy\tNLL\tECE\tfit s\tpredict s")
    seeds = chosen.seeds or (range(5) if chosen.full else range(2))
    for name, learner in learners.items():
        found = [kept(chosen.out, f"methods-{name}-{s}", lambda k=learner, s=s: _measured(data, k, s)) for s in seeds]
        means = "\t".join(f"{np.mean([f[k] for f in found]):.4f}" for k in ("accuracy", "nll", "ece", "fit", "predict"))
        print(f"{name}\t100\t{len(found)}\t{means}", flush=True)
    budget = 200 if chosen.full else 60
    plans = [Protocol(k, "bald", budget=budget, candidates=4000) for n, k in learners.items()]
    table(chosen, ("mnist", data), plans, seeds if chosen.full else range(1), goals=(0.85, 0.90))


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
    base = Protocol(LINEAR, "random", batch=50, budget=1000)
    reached = table(chosen, ("cifar", data), [base], seeds, goals=())["random"]
    goal = float(np.mean([curve[-1]["accuracy"] for curve in reached]))
    plans = [replace(base, strategy=rule) for rule in ("uherding", "auto", "badge", "margin")]
    table(chosen, ("cifar", data), plans, seeds, goals=(goal,))


def moving(chosen: argparse.Namespace) -> None:
    """Print the CKA of each round's embeddings with the first, and the paired difference of the curves' areas."""
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget = 200 if chosen.full else 80
    areas: dict[bool, list[float]] = {}
    for frozen in (True, False):
        for seed in seeds:
            plan = Protocol(CNN, "k-center", budget=budget, candidates=4000, frozen=frozen)
            found = cell(chosen, ("mnist", pixels), plan, seed)
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


# --- data ------------------------------------------------------------------------------------------------------------


def pixels() -> Data:
    """Read MNIST as pixels 0 … 1, [N, 784]."""
    folder = DATA / "image_mnist"
    pool = load(folder)
    test = load_test(folder, like=pool.pool)
    assert pool.labels is not None and test is not None and test.labels is not None  # noqa: PT018
    scale = np.float32(255.0)
    parts = [np.asarray(each.pool.items, np.float32) / scale for each in (pool, test)]
    codes = [np.array([int(str(label)) for label in each.labels], np.int64) for each in (pool, test)]
    return Data(parts[0], codes[0], parts[1], codes[1])


def repeated(data: Data, times: int) -> tuple[str, Data]:
    """Have each picture several times, with normal noise of deviation 0.1 on its standardised pixels."""
    if times == 1:
        return "mnist", data
    rng = np.random.default_rng(0)
    x = np.tile(data.x, (times, 1))
    x += rng.normal(scale=0.1 * data.x.std(), size=x.shape).astype(np.float32)
    return f"mnist-x{times}", Data(x, np.tile(data.y, times), data.test_x, data.test_y)


def kept_features(out: Path) -> Data:
    """Give MNIST as self-supervised features, made once and kept."""
    data, place = pixels(), out / "mnist-ssl.npz"
    if not place.exists():
        started = time.perf_counter()
        made = self_supervised(data.x, [data.x, data.test_x])
        np.savez(place, pool=made[0], test=made[1])
        print(f"# self-supervised features: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    with np.load(place, allow_pickle=False) as file:
        return Data(file["pool"], data.y, file["test"], data.test_y)


def self_supervised(pool: NDArray[np.float32], parts: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Train a CNN to know a picture again after a small turn, shift and zoom (SimCLR, Chen et al. 2020), no label."""
    import torch
    from torch import nn

    from querist.learners._settings import Settings
    from querist.learners._training import Examples, own_generator, train

    images = torch.from_numpy(pool).view(-1, 1, 28, 28)
    rng = np.random.default_rng(0)
    with own_generator(rng, torch.device("cpu")):
        trunk = nn.Sequential(
            *(nn.Conv2d(1, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        )
        module = nn.Sequential(trunk, nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 64))

    def batch(rows: NDArray[np.intp]) -> tuple[Any, Any]:
        return torch.cat([_turned(images[rows], rng), _turned(images[rows], rng)]), torch.zeros(len(rows))

    def loss(outputs: Any, _: Any) -> Any:
        unit = nn.functional.normalize(outputs, dim=1)
        alike = unit @ unit.T / 0.2
        alike.fill_diagonal_(-1e9)
        half = len(unit) // 2
        return nn.functional.cross_entropy(alike, torch.cat([torch.arange(half) + half, torch.arange(half)]))

    settings = Settings(epochs=EPOCHS, batch=256, held_out=0.0, progress=lambda e: print(f"# {e}", file=sys.stderr))
    train(module, Examples(len(pool), batch), loss=loss, settings=settings, rng=rng)
    trunk.eval()
    with torch.no_grad():
        found = [torch.cat([trunk(x.view(-1, 1, 28, 28)) for x in torch.from_numpy(p).split(500)]) for p in parts]
    return [rows.numpy() for rows in found]


EPOCHS = 6


def _turned(images: Any, rng: np.random.Generator) -> Any:
    """Turn each image by up to 20°, shift it by up to 3 pixels, zoom and shear it by up to 20 %."""
    import torch

    count = len(images)
    angle = rng.uniform(-0.35, 0.35, count)
    zoom, shear = rng.uniform(0.8, 1.2, (count, 2)), rng.uniform(-0.2, 0.2, count)
    shift = rng.uniform(-0.2, 0.2, (count, 2))
    matrix = np.empty((count, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 0, 1] = zoom[:, 0] * np.cos(angle), -np.sin(angle) + shear
    matrix[:, 1, 0], matrix[:, 1, 1] = np.sin(angle), zoom[:, 1] * np.cos(angle)
    matrix[:, :, 2] = shift
    grid = torch.nn.functional.affine_grid(torch.from_numpy(matrix), list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False)


def cifar_features(out: Path) -> Data:
    """Give CIFAR-10 as the 128 leading directions of frozen MobileNetV2 features, made once and kept."""
    place = out / "cifar-mobilenet.npz"
    if not place.exists():
        from querist.embed.onnx import Onnx

        folder = DATA / "image_cifar10"
        pool = load(folder)
        test = load_test(folder, like=pool.pool)
        assert pool.labels is not None and test is not None and test.labels is not None  # noqa: PT018
        encoder = Onnx(str(DATA / "models" / "mobilenet_v2_1.0_224.onnx"))
        names = sorted({str(label) for label in pool.labels})
        codes = [np.array([names.index(str(label)) for label in each.labels], np.int64) for each in (pool, test)]
        rows = [encoder.encode(each.pool.items) for each in (pool, test)]
        mean = rows[0].mean(axis=0)
        directions = np.linalg.svd(rows[0] - mean, full_matrices=False)[2][:128].T
        low = [(part - mean) @ directions for part in rows]
        np.savez(place, x=low[0], y=codes[0], test_x=low[1], test_y=codes[1])
    with np.load(place, allow_pickle=False) as file:
        return Data(file["x"], file["y"], file["test_x"], file["test_y"])


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
        to = "\t".join(f"{np.median([reached(points, goal) for points in curves]):g}" for goal in goals)
        last = [points[-1]["accuracy"] for points in curves]
        seconds = [np.mean([point.get(k, 0.0) for points in curves for point in points]) for k in ("fit", "query")]
        print(
            f"{named[0]}\t{plan.strategy}\t{plan.learner}\t{plan.batch}\t{len(curves)}\t{to}\t{plan.budget}\t"
            f"{np.mean(last):.4f}\t{np.mean([area(points) for points in curves]):.4f}\t"
            f"{seconds[0]:.2f}\t{seconds[1]:.2f}",
            flush=True,
        )
    return out


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
    parser.add_argument("--repeat", type=int, default=1, help="mnist-cnn: have each picture so many times")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "out" / "deep")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
