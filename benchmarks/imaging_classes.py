"""Measure classes of medical images: which to label first, against random, margin, badge and typiclust.

    python benchmarks/imaging_classes.py --quick                five seeds
    python benchmarks/imaging_classes.py --full                 20 seeds; goes on where it was
    python benchmarks/imaging_classes.py --part pneumonia       one of the sets
    python benchmarks/imaging_classes.py --choose               how strong the penalty is: measured on the val part

pneumonia  PneumoniaMNIST as it is there: 3,882 X-rays to learn from, of which one in ten is normal; the official test
           part (624). 20 random labels, then rounds of 10 to 200.
wbc        white blood cells of four types, 299 images (of the fifth type there is one, which is left out); 60 % to
           learn from, by one fixed split. 20 random labels, then rounds of 10 to 100.

The learner is ``linear`` with its Laplace posterior, on the 128 leading directions (found without labels, on the part
to learn from) of frozen features: MobileNetV2 of --model, or --encoder pixels, the package's own. Seeds change the
first labels and all chance; they are the same for every strategy. Printed for each strategy: labels to random's mean
final value (median, 95 % bootstrap interval, seeds that get there), the area under the curve less random's (paired, ±
standard error), the value at the end, and the seconds of a run. Finished runs are kept in --out and read back.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from auto import paired
from deep_data import leading

from querist.data import Dataset, Pool, load
from querist.embed import encode_pool
from querist.simulate import Cell, Curve, Plan, Source, aubc, labels_to, run_each, source_of, split
from querist.simulate.savings import median_labels

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MODEL = DATA / "models" / "mobilenet_v2_1.0_224.onnx"
STRATEGIES = ("random", "margin", "badge", "typiclust", "uherding", "auto")
METRICS = ("auroc", "balanced_accuracy")
BUDGETS = {"pneumonia": 200, "wbc": 100}
LEARNER = "linear(C=0.1, standardise=False)"
"""C was chosen with --choose: of .01 to 1 the one that gives up least of AUROC and of balanced accuracy together."""
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)
DIRECTIONS = 128
KINDS = ("neutrophil", "lymphocyte", "monocyte", "eosinophil")


def main() -> None:
    """Run what is asked for, and tell what was found."""
    chosen = _options()
    for part in (chosen.part,) if chosen.part else tuple(BUDGETS):
        started, cpu = time.perf_counter(), time.process_time()
        if chosen.choose:
            choose(chosen)
        else:
            tell(part, runs(part, chosen))
        spent = f"{time.process_time() - cpu:.0f} s of processor, {time.perf_counter() - started:.0f} s"
        print(f"{part}: {spent}, load {os.getloadavg()[0]:.1f}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=tuple(BUDGETS))
    parser.add_argument("--quick", action="store_true", help="five seeds (the default)")
    parser.add_argument("--full", action="store_true", help="twenty seeds")
    parser.add_argument("--choose", action="store_true", help="measure penalties on the val part of PneumoniaMNIST")
    parser.add_argument("--encoder", choices=("model", "pixels"), default="model")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--learner", default=LEARNER)
    parser.add_argument("--strategies", nargs="+", default=STRATEGIES)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "imaging")
    return parser.parse_args()


def runs(part: str, chosen: argparse.Namespace) -> dict[str, dict[int, Curve]]:
    """Run every strategy on every seed, a seed of each strategy before the next seed."""
    found: dict[str, dict[int, Curve]] = {name: {} for name in chosen.strategies}
    source = source_as(part, _encoder(chosen), chosen.out)
    for seed in range(20 if chosen.full else 5):
        plan = Plan(
            tuple(chosen.strategies), learner=chosen.learner, initial=20, batch=10, budget=BUDGETS[part], seeds=(seed,)
        )
        cut = split(source, plan, seed)
        for name in chosen.strategies:
            for _, curve in run_each([Cell(cut, name, seed, plan)], folder=chosen.out / "cells"):
                ends = "  ".join(f"{metric} {curve.values(metric)[-1]:.4f}" for metric in METRICS)
                print(f"{part} {name} {seed}  {ends}  {curve.info['seconds']:.1f} s", file=sys.stderr, flush=True)
                found[name][seed] = curve
    return found


def _encoder(chosen: argparse.Namespace) -> str:
    return "pixels" if chosen.encoder == "pixels" else str(chosen.model)


@cache
def source_as(part: str, encoder: str, out: Path, test: str = "test") -> Source:
    """Read a set as frozen features, with test items of its own."""
    made = _pneumonia(test, out) if part == "pneumonia" else _cells()
    features = [encode_pool(each.pool.items, encoder, cache=out / "cache")[1] for each in made]
    points = leading([np.asarray(each, np.float32) for each in features], DIRECTIONS)
    pool, held = (
        Dataset(Pool(each.pool.ids, rows), each.labels, part) for each, rows in zip(made, points, strict=True)
    )
    return Source(part, pool.pool, tuple(pool.labels or ()), source_of(held))


def _pneumonia(test: str, out: Path) -> tuple[Dataset, Dataset]:
    """Write the pictures of PneumoniaMNIST as files, if they are not there; read the part to learn from and another."""
    from PIL import Image

    with np.load(DATA / "medical_pneumoniamnist" / "pneumoniamnist.npz", allow_pickle=False) as file:
        parts = {name: (file[f"{name}_images"], file[f"{name}_labels"].ravel()) for name in ("train", test)}
    for name, (images, labels) in parts.items():
        for kind in ("normal", "pneumonia"):
            (out / "pneumonia" / name / kind).mkdir(parents=True, exist_ok=True)
        for row, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
            place = out / "pneumonia" / name / ("normal", "pneumonia")[label] / f"{row:04}.png"
            if not place.exists():
                Image.fromarray(image).save(place)
    train, held = (load(out / "pneumonia" / name) for name in ("train", test))
    return train, held


def _cells() -> tuple[Dataset, Dataset]:
    """Read the white blood cells, and cut them once: 60 % of each type to learn from."""
    found = load(DATA / "medical_wbc1")
    labels = np.array([str(label) for label in found.labels or ()])
    learnt = np.zeros(len(labels), bool)
    for kind in KINDS:
        rows = np.flatnonzero(labels == kind)
        order = np.argsort(found.pool.keys[rows])  # keyed by the item: no order of files plays a part
        learnt[rows[order[: round(0.6 * len(rows))]]] = True
    held = np.isin(labels, KINDS) & ~learnt
    train, test = (_rows(found, np.flatnonzero(part)) for part in (learnt, held))
    return train, test


def _rows(found: Dataset, rows: np.ndarray) -> Dataset:
    return Dataset(found.pool.take(rows), [(found.labels or ())[row] for row in rows.tolist()], found.name)


def tell(part: str, found: dict[str, dict[int, Curve]]) -> None:
    """Tell labels to random's end, areas against random, ends and seconds, for each metric."""
    for metric in METRICS:
        target = float(np.mean([curve.values(metric)[-1] for curve in found["random"].values()]))
        base = {seed: aubc(curve.labels, curve.values(metric)) for seed, curve in found["random"].items()}
        print(f"{part}, {metric}, {len(base)} seeds: random ends at {target:.4f}, its area is {_mean(base):.4f}")
        for name, curves in found.items():
            needed = [labels_to(curve.labels, curve.values(metric), target) for curve in curves.values()]
            areas = {seed: aubc(curve.labels, curve.values(metric)) for seed, curve in curves.items()}
            gain = "" if name == "random" else "{:+.4f} ± {:.4f}".format(*paired(areas, base))
            end = np.mean([curve.values(metric)[-1] for curve in curves.values()])
            seconds = np.mean([curve.info["seconds"] for curve in curves.values()])
            print(f"  {name:10} {_median(needed):32} {gain:18} {end:.4f}  {seconds:.1f} s", flush=True)


def _median(needed: Sequence[float]) -> str:
    found = median_labels(needed, np.random.default_rng(0))
    low, high = (_count(each) for each in found["interval"] or (None, None))
    return f"{_count(found['median'])} [{low}, {high}], {found['reached']} of {len(needed)}"


def _count(labels: float | None) -> str:
    return "never" if labels is None else f"{labels:.0f}"


def _mean(values: dict[int, float]) -> float:
    return float(np.mean(list(values.values())))


def choose(chosen: argparse.Namespace) -> None:
    """Print what random labels reach on the val part with each penalty; nothing here sees the test part."""
    source = source_as("pneumonia", _encoder(chosen), chosen.out, "val")
    for strength in STRENGTHS:
        plan = Plan(
            ("random",),
            learner=f"linear(C={strength}, standardise=False)",
            initial=20,
            batch=60,
            budget=200,
            seeds=(0,),
        )
        curves = [
            curve for seed in range(5) for _, curve in run_each([Cell(split(source, plan, seed), "random", seed, plan)])
        ]
        means = {metric: np.mean([curve.values(metric) for curve in curves], axis=0) for metric in METRICS}
        ends = "  ".join(f"{metric} {mean[1]:.4f} {mean[-1]:.4f}" for metric, mean in means.items())
        print(f"C = {strength}, at 80 and 200 labels: {ends}", flush=True)


if __name__ == "__main__":
    main()
