"""Deep active learning: MNIST and CIFAR-10 by labels, calibration, methods, cold start, a representation that moves.

    python benchmarks/deep.py --part mnist --quick
    python benchmarks/deep.py --part mnist-cnn --full --out benchmarks/out/deep

Every cell (one strategy, one seed) and all features are kept as files in --out and read back by the next call, so that
a run that was cut short goes on where it was. Each line on standard output says labels, seconds and accuracy. Data lie
in ../shared/data. Choices were made on the training part; the test part is only measured on. --quick has fewer seeds,
and for networks 40 epochs in place of 100, 2,000 candidates in place of 4,000 and the first 1,000 test images (3,000
in calibration). The parts:

    speed        seconds to choose 10 of 20,000 (K = 100, C = 10) after prediction
    mnist        frozen features without a label, linear head with its Laplace posterior, pool of 20,000, 2 labels a
                 class. --features straight: slow directions of the graph of neighbours, the digits set upright first;
                 diffusion: the same of digits as they are; graph: these all alike; hog: gradients; ssl: a CNN trained
                 to know a picture again. --develop takes 4,000 pictures of the pool in place of the test part: what
                 was chosen was chosen there
    mnist-cnn    a CNN with dropout in its dense head, K = 50, batch 10, keyed candidates a round, to --budget labels
                 (250); each picture once, and (--repeat 2, 5) several times with noise 0.1
    calibration  NLL and ECE of a CNN at --sizes labels, before and after the temperature of cross-fitting
    methods      one network, dropout, ensemble, bnn, laplace: accuracy, NLL, ECE, seconds, and (--full or --budget)
                 BALD's curve with each that has draws, beside random labels for one network
    cold         CIFAR-10 on frozen features from no label at all, 50 labels
    cifar        CIFAR-10 on frozen features: labels to the accuracy of random's 1,000
    moving       a fine-tuned CNN that picks on its first and on its fresh embeddings; CKA of each round
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from deep_curve import Protocol, accuracy, area, cell, ece, interval, kept, nll, table
from deep_data import DATA, FEATURES, Data, cifar_features, mnist_features, pixels, repeated

import querist
from querist.learners import resolve
from querist.learners.calibration import tempered

ROOT = Path(__file__).resolve().parents[1]
LINEAR = "linear(C=1.0, standardise=False)"
THOUSAND = "linear(C=0.03, standardise=False)"
"""For the labels to random's 1,000 on CIFAR-10. Both C were chosen on the training part: .671 at 1,000 random labels
with .03, .604 with 1; at 50 labels .398 and .420."""


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
    data = mnist_features(chosen.out, chosen.features, develop=chosen.develop)
    rules = chosen.rules or ["random", "uherding", "bald", "badge", "power-bald", "entropy", "auto", "batchbald", "tcm"]
    seeds = chosen.seeds or (range(10) if chosen.full else range(3))
    name = f"mnist-{chosen.features}" + ("-develop" if chosen.develop else "")
    for batch in chosen.batches or ((5, 10) if chosen.full else (10,)):
        budget = chosen.budget or (300 if chosen.full else 200)
        plans = [Protocol(LINEAR, rule, batch=batch, budget=budget) for rule in rules]
        table(chosen.out, (name, data), plans, seeds, goals=(0.90, 0.95))


def mnist_cnn(chosen: argparse.Namespace) -> None:
    """Print labels to 90 % and 95 % of a CNN with dropout, each picture once or --repeat times."""
    learner = f"dropout(base={cnn(chosen)!r}, draws=50)"
    rules = chosen.rules or ["random", "bald", "batchbald", "badge", "entropy", "power-bald", "tcm"]
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget = chosen.budget or (250 if chosen.full else 80)
    candidates = chosen.candidates or (4000 if chosen.full else 2000)
    plans = [Protocol(learner, rule, budget=budget, candidates=candidates) for rule in rules]
    table(chosen.out, repeated(pictures(chosen), chosen.repeat), plans, seeds, goals=(0.80, 0.90, 0.95))


def calibration(chosen: argparse.Namespace) -> None:
    """Print NLL and ECE before and after the temperature."""
    print("labels\tseed\taccuracy\tNLL before\tafter\tECE before\tafter\tT\tseconds")
    data, learner, rows = pixels(), cnn(chosen), []
    for labels in chosen.sizes or ((100, 200, 300, 500) if chosen.full else (100, 200)):
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
    if chosen.full or chosen.budget:
        budget, candidates = chosen.budget or 200, chosen.candidates or 4000
        several = [learner for name, learner in learners.items() if name != "one network"]
        for rule, named in (("random", [base]), ("bald", several)):
            plans = [Protocol(learner, rule, budget=budget, candidates=candidates) for learner in named]
            table(chosen.out, ("mnist", data), plans, seeds, goals=(0.80, 0.85, 0.90))


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
    rules = ["random", *(chosen.rules or ("typiclust", "tcm", "uherding", "probcover", "auto"))]
    seeds = chosen.seeds or range(10 if chosen.full else 5)
    plans = [Protocol(LINEAR, rule, per_class=0, budget=50) for rule in rules]
    found = table(chosen.out, ("cifar", data), plans, seeds, goals=())
    at_50 = {plan.strategy: np.array([curve[-1]["accuracy"] for curve in found[plan.strategy]]) for plan in plans}
    for rule in rules[1:]:
        print(f"# {rule} − random at 50 labels: {interval(at_50[rule] - at_50['random'])}")


def cifar(chosen: argparse.Namespace) -> None:
    """Print the labels that reach the accuracy of random's 1,000."""
    data = cifar_features(chosen.out)
    seeds = chosen.seeds or range(10 if chosen.full else 3)
    base = Protocol(THOUSAND, "random", batch=50, budget=1000)
    reached = table(chosen.out, ("cifar", data), [base], seeds, goals=())["random"]
    goal = float(np.mean([curve[-1]["accuracy"] for curve in reached]))
    plans = [replace(base, strategy=rule) for rule in chosen.rules or ("uherding", "auto", "margin")]
    table(chosen.out, ("cifar", data), plans, seeds, goals=(goal,))


def moving(chosen: argparse.Namespace) -> None:
    """Print the CKA of each round's embeddings with the first, and the paired difference of the curves' areas."""
    seeds = chosen.seeds or (range(5) if chosen.full else range(1))
    budget, candidates = (200, 4000) if chosen.full else (60, 2000)
    areas: dict[bool, list[float]] = {}
    for frozen in (True, False):
        for seed in seeds:
            plan = Protocol(cnn(chosen), "k-center", budget=budget, candidates=candidates, frozen=frozen)
            found = cell(chosen.out, ("mnist", lambda: pictures(chosen)), plan, seed)
            areas.setdefault(frozen, []).append(area(found))
            drift = " ".join(f"{point['cka']:.2f}" for point in found)
            print(f"{'first' if frozen else 'fresh'}\t{seed}\tarea {area(found):.4f}\tCKA with round 0: {drift}")
    print(f"# fresh − first, area under the curve: {interval(np.array(areas[False]) - np.array(areas[True]))}")


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


def _whole_numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few seeds, at most 20 minutes on two cores (the default)")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--seeds", type=_whole_numbers)
    parser.add_argument("--rules", type=lambda text: text.split(","), help="mnist, mnist-cnn, cifar, cold: these alone")
    parser.add_argument("--batches", type=_whole_numbers, help="mnist: labels a round")
    parser.add_argument("--budget", type=int, help="mnist, mnist-cnn, methods: labels at the end")
    parser.add_argument("--candidates", type=int, help="mnist-cnn, methods: keyed candidates of a round")
    parser.add_argument("--sizes", type=_whole_numbers, help="calibration: labels")
    parser.add_argument("--develop", action="store_true", help="mnist: measure on 4,000 pictures of the pool held out")
    parser.add_argument("--repeat", type=int, default=1, help="mnist-cnn: have each picture so many times")
    parser.add_argument("--features", choices=FEATURES, default="straight", help="mnist: which frozen features")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "out" / "deep")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
