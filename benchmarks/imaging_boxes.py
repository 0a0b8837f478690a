"""Measure boxes on real images: the detector on all labels of BCCD, and which images to label first.

    python benchmarks/imaging_boxes.py [--part bccd-full|bccd-active] [--quick | --full] [--data FOLDER] [--out FOLDER]

bccd-full    AP50 on the official test split (72 images) after training on the official trainval split (292 images) at
             160 × 120, one seed (quick) or five.
bccd-active  AP50 on the test split against labelled images and drawn boxes: 20 images at random, then 20 a round up to
             100, by random, uncertainty and ours; paired seeds, two (quick) or five. Rounds at the same seed begin with
             the same images.

Finished runs are kept in --out and read back by the next call. Settings were tuned on train against val alone. Every
line has the wall time, the processor's time and the load of the machine at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from querist import load
from querist.learners.detector import Detector
from querist.study import Study
from querist.tasks.boxes import Boxes

STRATEGIES = (
    "random",
    "token-entropy(reduce='sum')",
    "class-balanced(background=True)",
    "per-cost(of='token-entropy(reduce=\\'sum\\')')",
)
NEEDS = frozenset({"elements", "places"})
START, BATCH, MOST = 20, 20, 100
LEARNER = "detector(flip='both')"


def bccd(data):
    """Read the images, the task, and the rows of the official splits."""
    found = load(data / "medical_bccd")
    lists = data / "medical_bccd" / "ImageSets" / "Main"
    names = {part: set((lists / f"{part}.txt").read_text().split()) for part in ("train", "val", "test")}
    rows = {
        part: np.array([row for row, id in enumerate(found.pool.ids) if Path(id).stem in known])
        for part, known in names.items()
    }
    return found, Boxes.from_labels(found.labels), np.concatenate([rows["train"], rows["val"]]), rows["test"]


def kept(path, make):
    """Read a result that was kept, or make and keep it."""
    if not path.exists():
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def timed(run):
    """Run a function; gives its result, and seconds on the wall, seconds of the processor and the load in words."""
    wall, own = time.perf_counter(), time.process_time()
    made = run()
    load_now = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return made, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - own, "load": load_now}


def full(data, out, *, seeds):
    """Print AP50 after training on all labels."""
    found, task, train, test = bccd(data)
    truth = task.encode(found.labels)

    def one(seed):
        learner = Detector(flip="both")
        model, took = timed(
            lambda: learner.fit(
                found.pool.items[train], truth[train], classes=task.classes, rng=np.random.default_rng(seed)
            )
        )
        evidence, predicted = timed(lambda: model.predict(found.pool.items[test], NEEDS))
        return {**task.metrics(truth[test], evidence), **took, "predict": predicted["wall"]}

    for seed in range(seeds):
        row = kept(out / f"bccd-full-{seed}.json", lambda seed=seed: one(seed))
        print(f"bccd-full seed {seed}: {len(train)} images  " + _metrics(row) + _took(row), flush=True)


def _metrics(row):
    return "  ".join(f"{name} {row[name]:.3f}" for name in row if name.startswith(("ap50", "f1")) or name == "ap")


def _took(row):
    return f"  {row['wall']:.0f} s wall, {row['cpu']:.0f} s processor, load {row['load']:.1f}"


def active(data, out, *, seeds):
    """Print AP50 by images and boxes for each strategy, and paired differences to random."""
    found, task, train, test = bccd(data)
    truth = task.encode(found.labels)
    pool = replace(found, pool=found.pool.take(train), labels=None)
    labels = dict(zip(found.pool.ids, found.labels, strict=True))
    curves = {}
    for seed in range(seeds):
        for strategy in STRATEGIES:
            name = "".join(letter if letter.isalnum() else "-" for letter in strategy).strip("-")

            def run(strategy=strategy, seed=seed):
                return list(_rounds(pool, task, labels, (found.pool.items[test], truth[test]), strategy, seed))

            curves[strategy, seed] = kept(out / f"bccd-active-{name}-{seed}.json", run)
            for point in curves[strategy, seed]:
                print(
                    f"bccd-active  {strategy}  seed {seed}  {point['images']} images  {point['boxes']} boxes  "
                    f"ap50 {point['ap50']:.3f}" + _took(point), flush=True,
                )  # fmt: skip
    _differences(curves, seeds)


def _rounds(pool, task, labels, held, strategy, seed):
    """Label START images at random, then BATCH a round by the strategy; train and measure at each size."""
    start = np.random.default_rng(seed).permutation(len(pool.pool))[:START]
    boxes = 0
    with Study.create(None, pool, task=task, learner=LEARNER, strategy=strategy, batch=BATCH, seed=seed) as study:
        wanted = [pool.pool.ids[row] for row in start.tolist()]
        for count in range(START, MOST + 1, BATCH):
            for id in wanted:
                study.tell(id, labels[id], who="oracle")
                boxes += len(labels[id])
            _, took = timed(study.step)
            metrics = task.metrics(held[1], study.predict(held[0], NEEDS))
            yield {"images": count, "boxes": boxes, "ap50": metrics["ap50"], **took}
            wanted = [query.id for query in study.ask(BATCH, who="oracle")]


def _differences(curves, seeds):
    """Print the area under AP50 by images, and by boxes up to the smallest budget, less random's; 95 % intervals."""
    for strategy in STRATEGIES[1:]:
        for axis in ("images", "boxes"):
            gaps = [
                _area(curves[strategy, seed], axis, most) - _area(curves["random", seed], axis, most)
                for seed in range(seeds)
                for most in [min(curves[s, seed][-1][axis] for s in STRATEGIES)]
            ]
            print(f"bccd-active  {strategy} − random by {axis}: {_interval(gaps)}")


def _area(points, axis, most):
    """Give the mean AP50 between the start and a budget, by straight lines."""
    at = np.array([point[axis] for point in points], float)
    grid = np.linspace(at[0], most, 101)
    return float(np.interp(grid, at, [point["ap50"] for point in points]).mean())


def _interval(gaps):
    from scipy.stats import t

    mean, count = float(np.mean(gaps)), len(gaps)
    if count < 2:
        return f"{mean:+.4f}, one seed: no interval, unresolved"
    half = float(t.ppf(0.975, count - 1) * np.std(gaps, ddof=1) / np.sqrt(count))
    verdict = "resolved" if abs(mean) > half else "unresolved"
    return f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}], {count} seeds, {verdict}"


def main():
    """Read the options and run the parts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=("bccd-full", "bccd-active"))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "imaging")
    given = parser.parse_args()
    if not (given.data / "medical_bccd").is_dir():
        print("medical_bccd is not there, skipped")
        return
    if given.part in (None, "bccd-full"):
        full(given.data, given.out, seeds=5 if given.full else 1)
    if given.part in (None, "bccd-active"):
        active(given.data, given.out, seeds=5 if given.full else 2)


if __name__ == "__main__":
    main()
