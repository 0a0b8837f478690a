"""Measure the picker on cryo-EM micrographs: all training picks, which tiles to pick first, how long a round takes.

    python benchmarks/cryoem_picking.py [--part picking-full|picking-active|round] [--quick | --full] [--sets A,B]
                                        [--splits N] [--data DIR] [--out DIR]

picking-full    F1 on held-out micrographs (30 %) of both sets after training on all picks of the others; one split
                (quick) or five. The threshold is chosen on training micrographs.
picking-active  F1 against tiles and picks: the training micrographs cut into tiles of a quarter of a side, 2 to 16 of
                them; random, uncertainty (the sum over a tile's candidates) and the task's own rule; the first
                tiles are asked by the template, which has no label. Paired splits, two (quick) or five. Then picks and
                tiles until 95 % of the F1 of picking-full on the same split, and the labels saved against random.
round           seconds of one round on the 14 micrographs of 1024² (224 tiles, 40 of them picked): fit, score all
                tiles, choose.

Finished runs are kept in --out and read back by the next call, rounds are measured anew. Every line has the wall time,
the processor's time and the load of the machine at its end.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
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
SIZES = (2, 4, 8, 16)
LEARNER = "picker(diameter={}, steps=60)"
"""A fifth of the steps that a fit takes by default, for all strategies alike, so that a curve takes a minute."""
OF_FULL = 0.95


def split(found, seed):
    """Divide the micrographs: 70 % to learn from, the others for the test."""
    order = np.random.default_rng(seed).permutation(len(found))
    learnt = int(0.7 * len(found))
    return np.sort(order[:learnt]), np.sort(order[learnt:])


def full_of(found, task, seed):
    """Train on all picks of the training micrographs of a split; the metrics on the others."""
    truth, items = task.encode(found.labels), found.pool.items
    train, test = split(found, seed)
    model, took = timed(
        lambda: Picker(task.diameter).fit(items[train], truth[train], classes=1, rng=np.random.default_rng(seed))
    )
    return {**task.metrics(truth[test], model.predict(items[test], NEEDS)), **took}


def kept_full(found, task, out, name, seed):
    """Read what all picks of a split give, or measure and keep it."""
    return kept(out / f"picking-full-{name}-{seed}.json", lambda: full_of(found, task, seed))


def full(found, task, out, *, name, seeds):
    """Print F1 after training on all picks of the training micrographs."""
    rows = []
    for seed in range(seeds):
        rows.append(kept_full(found, task, out, name, seed))
        print(f"picking-full {name} split {seed}: " + _shown(rows[-1]) + _took(rows[-1]), flush=True)
    if seeds > 1:
        print(f"picking-full {name}: f1 {_mean([row['f1'] for row in rows])}", flush=True)


def _shown(row):
    return "  ".join(f"{name} {row[name]:.3f}" for name in SHOWN)


def _mean(values):
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{np.mean(values):.3f} ± {half:.3f} ({len(values)} splits, worst {min(values):.3f})"


def active(found, task, out, *, name, seeds):
    """Print F1 by tiles and picks for each strategy, and what each saves against random."""
    curves, side = {}, SETS[name][1]
    for seed in range(seeds):
        for strategy in STRATEGIES:
            word = "".join(letter if letter.isalnum() else "-" for letter in strategy).strip("-")
            path = out / f"picking-active-{name}-{word}-{seed}.json"
            points = kept(path, lambda strategy=strategy, seed=seed: list(_rounds(found, task, side, strategy, seed)))
            curves[strategy, seed] = points
            for point in points:
                print(
                    f"picking-active {name}  {strategy}  split {seed}  {point['tiles']} tiles  {point['picks']} "
                    f"picks  f1 {point['f1']:.3f}" + _took(point), flush=True,
                )  # fmt: skip
    goals = [OF_FULL * kept_full(found, task, out, name, seed)["f1"] for seed in range(seeds)]
    for strategy in STRATEGIES:
        gaps = [_area(curves[strategy, seed]) - _area(curves["random", seed]) for seed in range(seeds)]
        print(f"picking-active {name}  {strategy} − random, mean F1 by tiles: {_interval(gaps)}", flush=True)
        for unit in ("tiles", "picks"):
            own, base = (
                [needed(curves[rule, seed], goals[seed], unit) for seed in range(seeds)]
                for rule in (strategy, "random")
            )
            print(f"  {unit} to 95 % of all picks: {_needs(own)}; labels saved: {_saved(own, base)}", flush=True)


def _area(points):
    return float(np.mean([point["f1"] for point in points if point["tiles"]]))


def needed(points, goal, unit):
    """Give the tiles or picks at which a curve reaches a goal, by straight lines; infinite where it never does."""
    known = [(point[unit], point["f1"]) for point in points]
    if known[0][1] >= goal:
        return 0.0
    for (low, before), (high, after) in pairwise(known):
        if after >= goal:
            return low + (high - low) * (goal - before) / (after - before)
    return float("inf")


def _needs(values):
    values = sorted(values)
    return f"median {np.median(values):.0f}, " + " ".join(f"{value:.0f}" for value in values)


def _saved(own, base):
    """Give the geometric mean of random's need over ours, with its interval, where every split has both."""
    from scipy.stats import t

    pairs = np.array([own, base])
    if not np.isfinite(pairs).all() or (pairs <= 0).any():
        return "not to be told: some split needs none, or never gets there"
    logs = np.log(pairs[1] / pairs[0])
    half = float(t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))) if len(logs) > 1 else np.nan
    return f"factor {np.exp(logs.mean()):.2f} [{np.exp(logs.mean() - half):.2f}, {np.exp(logs.mean() + half):.2f}]"


def _rounds(found, task, side, strategy, seed):
    """Ask tiles up to each of SIZES by the strategy; train and measure at each size, at none too."""
    train, test = split(found, seed)
    held = found.pool.items[test], task.encode([found.labels[row] for row in test.tolist()])
    pool, picked = tiles(found.pool.take(train), [found.labels[row] for row in train.tolist()], side)
    answers = dict(zip(pool.ids, picked, strict=True))
    learner, picks, done = LEARNER.format(task.diameter), 0, 0
    with Study.create(
        None, pool, task=task, learner=learner, strategy=strategy, batch=SIZES[0], seed=seed, suggestions=False
    ) as study:
        for size in (0, *SIZES):
            for query in study.ask(size - done, who="oracle") if size else []:
                study.tell(query.id, answers[query.id], who="oracle")
                picks += len(answers[query.id]["points"])
                done += 1
            _, took = timed(study.step)
            metrics = task.metrics(held[1], study.predict(held[0], NEEDS))
            yield {"tiles": done, "picks": picks, **metrics, **took}


def round_of(found, task, *, side, labelled=40):
    """Print the seconds of one round on all micrographs of a set, some tiles being picked."""
    pool, picked = tiles(found.pool, found.labels, side)
    with Study.create(None, pool, task=task, learner=f"picker(diameter={task.diameter})", batch=8, seed=0) as study:
        for row in np.random.default_rng(0).permutation(len(pool))[:labelled].tolist():
            study.tell(pool.ids[row], picked[row], who="oracle")
        step, took = timed(study.step)
    print(
        f"round: {len(found)} micrographs, {len(pool)} tiles, {labelled} of them picked: fit {step.fit_seconds:.1f} s, "
        f"score and choose {step.query_seconds:.1f} s;" + _took(took), flush=True,
    )  # fmt: skip


def options(says):
    """Give the options that the picking benchmarks share."""
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--splits", type=int)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "cryoem")
    return parser


def main():
    """Read the options and run the parts."""
    parser = options(__doc__)
    parser.add_argument("--part", choices=("picking-full", "picking-active", "round"))
    given = parser.parse_args()
    for name in given.sets.split(","):
        if not (given.data / name).is_dir():
            print(f"{name}: not there, skipped")
            continue
        found, (diameter, side) = load(given.data / name), SETS[name]
        task = Particles(diameter)
        if given.part in (None, "picking-full"):
            full(found, task, given.out, name=name, seeds=given.splits or (5 if given.full else 1))
        if given.part in (None, "picking-active"):
            active(found, task, given.out, name=name, seeds=given.splits or (5 if given.full else 2))
        if given.part in (None, "round") and name == "cryoem_bgal_10017":
            round_of(found, task, side=side)


if __name__ == "__main__":
    main()
