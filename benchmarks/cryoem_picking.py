"""Measure the picker on cryo-EM micrographs: all training picks, and which micrographs to pick first.

    python benchmarks/cryoem_picking.py [--part picking-full|picking-active] [--quick | --full] [--data DIR] [--out DIR]

picking-full    F1 on held-out micrographs (30 %) of both sets after training on all picks of the others; one split
                (quick) or five. The threshold is chosen on training micrographs.
picking-active  F1 against tiles and picks: the training micrographs cut into tiles of a quarter of a side, 8 tiles at
                first, 8 a round up to 40; random, uncertainty and ours; paired splits, two (quick) or five. Without a
                tile the template picker.

Finished runs are kept in --out and read back by the next call. Every line has the wall time, the processor's time and
the load of the machine at its end.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from imaging_boxes import _interval, _took, kept, timed

from querist import load
from querist.data.patches import tiles
from querist.learners.picker import Picker
from querist.study import Study
from querist.tasks.particles import Particles

SETS = {"cryoem_apoferritin_10146": (30.0, 155), "cryoem_bgal_10017": (27.0, 256)}
STRATEGIES = ("random", "token-entropy(reduce='sum')", "token-entropy")
NEEDS = frozenset({"elements", "places"})
SHOWN = ("f1", "precision", "recall", "average_precision")
START, BATCH, MOST = 8, 8, 40
LEARNER = "picker(diameter={})"


def split(found, seed):
    """Divide the micrographs: 70 % to learn from, the others for the test."""
    order = np.random.default_rng(seed).permutation(len(found))
    learnt = int(0.7 * len(found))
    return np.sort(order[:learnt]), np.sort(order[learnt:])


def full(data, out, *, seeds):
    """Print F1 after training on all picks of the training micrographs."""
    for name, (diameter, _) in SETS.items():
        found, task = load(data / name), Particles(diameter)
        truth, items = task.encode(found.labels), found.pool.items

        def one(seed, diameter=diameter, found=found, task=task, truth=truth, items=items):
            train, test = split(found, seed)
            model, took = timed(
                lambda: Picker(diameter).fit(items[train], truth[train], classes=1, rng=np.random.default_rng(seed))
            )
            return {**task.metrics(truth[test], model.predict(items[test], NEEDS)), **took}

        rows = [kept(out / f"picking-full-{name}-{seed}.json", lambda seed=seed: one(seed)) for seed in range(seeds)]
        for seed, row in enumerate(rows):
            print(f"picking-full {name} split {seed}: " + _shown(row) + _took(row), flush=True)
        if seeds > 1:
            print(f"picking-full {name}: f1 {_mean([row['f1'] for row in rows])}", flush=True)


def _shown(row):
    return "  ".join(f"{name} {row[name]:.3f}" for name in SHOWN)


def _mean(values):
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{np.mean(values):.3f} ± {half:.3f} ({len(values)} splits, worst {min(values):.3f})"


def active(data, out, *, seeds):
    """Print F1 by tiles and picks for each strategy, and paired differences to random."""
    for name, (diameter, side) in SETS.items():
        found, task = load(data / name), Particles(diameter)
        curves = {}
        for seed in range(seeds):
            for strategy in STRATEGIES:
                word = "".join(letter if letter.isalnum() else "-" for letter in strategy).strip("-")

                def run(strategy=strategy, seed=seed, found=found, task=task, side=side):
                    return list(_rounds(found, task, side, strategy, seed))

                points = kept(out / f"picking-active-{name}-{word}-{seed}.json", run)
                curves[strategy, seed] = points
                for point in points:
                    print(
                        f"picking-active {name}  {strategy}  split {seed}  {point['tiles']} tiles  {point['picks']} "
                        f"picks  f1 {point['f1']:.3f}" + _took(point), flush=True,
                    )  # fmt: skip
        for strategy in STRATEGIES[1:]:
            gaps = [_area(curves[strategy, seed]) - _area(curves["random", seed]) for seed in range(seeds)]
            print(f"picking-active {name}  {strategy} − random, mean F1 by tiles: {_interval(gaps)}", flush=True)


def _area(points):
    return float(np.mean([point["f1"] for point in points if point["tiles"]]))


def _rounds(found, task, side, strategy, seed):
    """Pick START tiles at random, then BATCH a round by the strategy; train and measure at each size."""
    train, test = split(found, seed)
    held = found.pool.items[test], task.encode([found.labels[row] for row in test.tolist()])
    pool, picked = tiles(found.pool.take(train), [found.labels[row] for row in train.tolist()], side)
    answers = dict(zip(pool.ids, picked, strict=True))
    data = replace(found, pool=pool, labels=None)
    order = np.random.default_rng(seed).permutation(len(pool))[:START]
    wanted, done, picks = [], 0, 0
    with Study.create(
        None, data, task=task, learner=LEARNER.format(task.diameter), strategy=strategy, batch=BATCH, seed=seed
    ) as study:
        while True:
            for id in wanted:
                study.tell(id, answers[id], who="oracle")
                picks += len(answers[id]["points"])
            done += len(wanted)
            _, took = timed(study.step)
            metrics = task.metrics(held[1], study.predict(held[0], NEEDS))
            yield {"tiles": done, "picks": picks, "f1": metrics["f1"], **took}
            if done >= MOST:
                return
            wanted = (
                [query.id for query in study.ask(BATCH, who="oracle")] if done else [pool.ids[row] for row in order]
            )


def main():
    """Read the options and run the parts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=("picking-full", "picking-active"))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "cryoem")
    given = parser.parse_args()
    missing = [name for name in SETS if not (given.data / name).is_dir()]
    if missing:
        print(f"{', '.join(missing)}: not there, skipped")
        return
    if given.part in (None, "picking-full"):
        full(given.data, given.out, seeds=5 if given.full else 1)
    if given.part in (None, "picking-active"):
        active(given.data, given.out, seeds=5 if given.full else 2)


if __name__ == "__main__":
    main()
