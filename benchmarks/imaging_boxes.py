"""Measure boxes on real images: the detector on all labels of BCCD, and which images to label first.

    python benchmarks/imaging_boxes.py [--part bccd-full|bccd-active] [--quick | --full] [--data FOLDER] [--out FOLDER]

bccd-full    AP50 on the official test split (72 images) after training on the official trainval split (292 images) at
             160 × 120, one seed (quick) or five.
bccd-active  AP50 on the test split against labelled images and drawn boxes: 20 images at random, then 20 a round up to
             60, by random, uncertainty and ours (rare classes count more); paired seeds, two (quick) or five. Runs of
             the same seed begin with the same images, whose model is trained once: its seconds are those of the
             strategy that came first. Later models go on from the one before them (warm_start), a third as many steps.

Finished runs are kept in --out and read back by the next call. Settings were tuned on train against val alone. Every
line has the wall time, the processor's time and the load of the machine at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from querist import Dataset, load
from querist.learners.detector import Detector
from querist.study import Study
from querist.tasks.boxes import Boxes

UNSURE = "token-entropy(reduce='sum')"
OURS = "class-balanced(background=True)"
STRATEGIES = ("random", UNSURE, OURS)
NEEDS = frozenset({"elements", "places"})


class Course(NamedTuple):
    """What every run of a part shares: the pool, its labels, what is held out, the learner, the sizes.

    ``sizes`` are the images at the start, of a round, and at the end; ``near`` is the time below which two frames of a
    sequence are near-duplicates.
    """

    name: str
    pool: Dataset
    task: Boxes
    labels: Mapping[str, Any]
    held: tuple[Any, Any]
    learner: Going
    sizes: tuple[int, int, int]
    near: float | None = None


@dataclass(eq=False)
class Going:
    """A detector that goes on from the model of the round before, and trains the first model of a seed once for all."""

    detector: Detector
    first: dict[Any, Any] = field(default_factory=dict)
    last: Any = None

    eats = Detector.eats
    provides = property(lambda self: self.detector.provides)

    def fit(self, items, targets, *, rng, **rest):
        """Train: the first model anew or as it was for another strategy, later ones from the last one."""
        if len(items) > START:
            made = self.detector.fit(items, targets, rng=rng, **{**rest, "warm": self.last})
        else:
            asked = (tuple(items.names), str(rng.bit_generator.state))
            if asked not in self.first:
                kept_one = {} if len(items) else self.first  # a study begins without labels
                self.first = {**kept_one, asked: self.detector.fit(items, targets, rng=rng, **rest)}
            made = self.first[asked]
        self.last = made
        return made


START, BATCH, MOST = 20, 20, 60


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
    found, _, train, test = bccd(data)
    learner = Going(Detector(flip="both", warm_start=True))
    course = course_of("bccd-active", found, (train, test), learner=learner, sizes=(START, BATCH, MOST))
    curves = curves_of(course, out, STRATEGIES, seeds=range(seeds))
    for strategy in STRATEGIES[1:]:
        tell_difference(course.name, curves, strategy, "random")


def course_of(name, found, rows, *, learner, sizes, near=None):
    """Make a course of a data set and its rows to learn from and to test on."""
    train, test = rows
    task = Boxes.from_labels(found.labels)
    labels = dict(zip(found.pool.ids, found.labels, strict=True))
    held = found.pool.items[test], task.encode([found.labels[row] for row in test.tolist()])
    pool = replace(found, pool=found.pool.take(train), labels=None)
    return Course(name, pool, task, labels, held, learner, sizes, near)


def curves_of(course, out, strategies, *, seeds):
    """Run every strategy on every seed, or read back what was kept; print each size."""
    curves = {}
    for seed in seeds:
        for strategy in strategies:
            word = "".join(letter if letter.isalnum() else "-" for letter in strategy).strip("-")

            def run(strategy=strategy, seed=seed):
                return list(_rounds(course, strategy, seed))

            curves[strategy, seed] = kept(out / f"{course.name}-{word}-{seed}.json", run)
            for point in curves[strategy, seed]:
                near = "" if course.near is None else f"  {point['near']} near-duplicates in the batch"
                print(
                    f"{course.name}  {strategy}  seed {seed}  {point['images']} images  {point['boxes']} boxes  "
                    f"ap50 {point['ap50']:.3f}{near}" + _took(point), flush=True,
                )  # fmt: skip
    return curves


def _rounds(course, strategy, seed):
    """Label images at random at first, then some a round by the strategy; train and measure at each size."""
    pool, (start, batch, most) = course.pool.pool, course.sizes
    first = np.random.default_rng(seed).permutation(len(pool))[:start]
    wanted, boxes, near = [pool.ids[row] for row in first.tolist()], 0, 0
    with Study.create(
        None, course.pool, task=course.task, learner=course.learner, strategy=strategy, batch=batch, seed=seed,
        reserve=0, suggestions=False,
    ) as study:  # fmt: skip
        for count in range(start, most + 1, batch):
            for id in wanted:
                study.tell(id, course.labels[id], who="oracle")
                boxes += len(course.labels[id])
            _, took = timed(study.step)
            metrics = course.task.metrics(course.held[1], study.predict(course.held[0], NEEDS))
            yield {"images": count, "boxes": boxes, "near": near, "ap50": metrics["ap50"], **took}
            wanted = [query.id for query in study.ask(batch, who="oracle")]
            near = near_duplicates(pool, wanted, course.near)


def near_duplicates(pool, ids, near):
    """Count the items of a batch that lie nearer than ``near`` in time to another one of their sequence in it."""
    if near is None:
        return 0
    rows = pool.rows(ids)
    time, group = pool.time[rows], pool.group[rows]
    beside = (np.abs(time[:, None] - time) < near) & (group[:, None] == group) & ~np.eye(len(rows), dtype=bool)
    return int(beside.any(axis=1).sum())


def tell_difference(name, curves, strategy, other):
    """Print the area under AP50 by images, and by boxes up to the smallest budget, less another's; 95 % intervals."""
    seeds = sorted({seed for _, seed in curves})
    for axis in ("images", "boxes"):
        gaps = [
            _area(curves[strategy, seed], axis, most) - _area(curves[other, seed], axis, most)
            for seed in seeds
            for most in [min(points[-1][axis] for (_, own), points in curves.items() if own == seed)]
        ]
        print(f"{name}  {strategy} − {other} by {axis}: {_interval(gaps)}", flush=True)


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
