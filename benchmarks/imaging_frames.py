"""Measure boxes in the frames of drives: which frames to label first, one round by the clock, and inference.

    python benchmarks/imaging_frames.py [--part PART] [--quick | --full] [--scratch]

camvid     AP50 on the sequence 0006R0 (101 frames) of models trained on frames of 0016E5 and 0001TP (429 frames).
carla      AP50 on Town02 (184 frames) of models trained on frames of Town01 and Town03 (537 frames).
…-later    AP50 on the last third of every sequence of models trained on frames before it, two seconds at least.
round      one round on the 530 frames of CamVid: fit on 60, score all others, pick 20; seconds by the clock.
inference  frames a second at 320 × 240, from the JPEG files to the boxes, by the clock.

Curves at 160 × 120, of a detector on the maps of MobileNetV2 (../shared/data/models), or --scratch of one that begins
with nothing: 20 frames at random, then 20 a round up to 60, by random, by plain uncertainty and by ours; paired
seeds, two (quick) or five, that begin with the same frames, whose model is trained once; later models go on from the
one before them (warm_start). Near-duplicates are frames of one sequence less than 60 video frames apart (two seconds of
CamVid); a batch of ours that holds any ends the run. Nothing was chosen on these sets: ours is what was best on BCCD,
with the gap of the how-to page. Finished curves are kept in --out and read back by the next call. AP50 is the mean over
the classes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from imaging_boxes import OURS as BALANCED
from imaging_boxes import UNSURE, Going, _took, course_of, curves_of, near_duplicates, tell_difference, timed

from querist import load
from querist.learners.detector import Detector
from querist.study import Study
from querist.tasks.boxes import Boxes

NEAR = 60
MAPS = "mobilenet_v2_1.0_224.onnx"
OURS = f"time-gap(of={BALANCED!r}, gap={NEAR})"
STRATEGIES = ("random", UNSURE, OURS)
SIZES = (20, 20, 60)
NEEDS = frozenset({"elements", "places"})


class Drive(NamedTuple):
    """A set of frames, and the sequence to test on; without one the last third of each."""

    folder: str
    test: str = ""


DRIVES = {
    "camvid": Drive("driving_camvid", "0006R0"),
    "carla": Drive("driving_carla", "Town02"),
    "camvid-later": Drive("driving_camvid"),
    "carla-later": Drive("driving_carla"),
}
LATER = 2 / 3
PARTS = (*DRIVES, "round", "inference")


def curves(given, part, strategies):
    """Print the curves of a set of frames, and what ours gains on the others."""
    drive = DRIVES[part]
    found = load(given.data / drive.folder)
    rows = _apart(found.pool, drive.test) if drive.test else _before_and_after(found.pool)
    encoder = None if given.scratch else str(given.data / "models" / MAPS)
    learner = Going(Detector(encoder=encoder, warm_start=True))
    course = course_of(part if given.scratch else f"{part}-maps", found, rows, learner=learner, sizes=SIZES, near=NEAR)
    made = curves_of(course, given.out, strategies, seeds=range(5 if given.full else 2))
    for strategy in strategies:
        counts = [point["near"] for (own, _), points in made.items() if own == strategy for point in points[1:]]
        print(f"{part}  {strategy}: {np.mean(counts):.1f} near-duplicates in a batch, at most {max(counts)}")
        if strategy.startswith("time-gap"):
            assert max(counts) == 0, f"{strategy} chose neighbouring frames"
    for strategy in strategies[1:]:
        for other in ("random", UNSURE) if strategy != UNSURE and UNSURE in strategies else ("random",):
            tell_difference(part, made, strategy, other)


def _apart(pool, sequence):
    """Give the rows of all other sequences, and of one; the name of a frame begins with that of its sequence."""
    here = np.array([Path(id).stem.partition("_")[0] == sequence for id in pool.ids])
    return np.flatnonzero(~here), np.flatnonzero(here)


def _before_and_after(pool):
    """Give the rows before the last third of each sequence, by ``NEAR`` at least, and those in it."""
    first = np.zeros(len(pool))
    for group in np.unique(pool.group):
        own = pool.group == group
        first[own] = np.sort(pool.time[own])[int(LATER * own.sum())]
    return np.flatnonzero(pool.time <= first - NEAR), np.flatnonzero(pool.time >= first)


def one_round(given):
    """Print the seconds of a round: fit on 60 frames, score the others, pick 20."""
    found = load(given.data / "driving_camvid")
    pool, labels = found.pool, found.labels
    first = np.random.default_rng(0).permutation(len(pool))[:60].tolist()
    with Study.create(
        None, found, task="boxes", strategy=OURS, batch=20, seed=0, reserve=0, keep_labels=False
    ) as study:
        for row in first:
            study.tell(pool.ids[row], labels[row], who="oracle")
        asked, took = timed(lambda: (study.step(), study.ask(20, who="oracle"))[1])
    near = near_duplicates(pool, [query.id for query in asked], NEAR)
    print(f"round: {len(pool)} frames, fit on 60, {len(asked)} picked, {near} near-duplicates" + _took(took))
    print(f"round: goal 180 s: {'met' if took['wall'] < 180 else 'missed'}", flush=True)


def inference(given):
    """Print the frames a second at 320 × 240, from the files to the boxes; the network has hardly learnt."""
    found = load(given.data / "driving_camvid")
    items = found.pool.items
    rows = np.arange(0, len(items), 5)
    task = Boxes.from_labels(found.labels)
    truth = task.encode([found.labels[row] for row in rows[:20].tolist()])
    learner = Detector(size=(320, 240), steps=5, epochs=1)
    model = learner.fit(items[rows[:20]], truth, classes=task.classes, rng=np.random.default_rng(0))
    model.predict(items[rows[:8]], NEEDS)
    _, took = timed(lambda: model.predict(items[rows], NEEDS))
    rate = len(rows) / took["wall"]
    print(f"inference: {len(rows)} frames, {rate:.1f} a second, {os.cpu_count()} cores" + _took(took))
    print(f"inference: goal 20 a second: {'met' if rate >= 20 else 'missed'}", flush=True)


def main():
    """Read the options and run the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--scratch", action="store_true", help="camvid, carla, …-later: a network without training")
    parser.add_argument("--strategies", nargs="+", help="instead of the part's own; random first")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "imaging")
    given = parser.parse_args()
    for part in (given.part,) if given.part else PARTS:
        folder = DRIVES[part].folder if part in DRIVES else "driving_camvid"
        if not (given.data / folder).is_dir():
            print(f"{folder} is not there, skipped")
        elif part in DRIVES:
            curves(given, part, tuple(given.strategies or STRATEGIES))
        else:
            {"round": one_round, "inference": inference}[part](given)


if __name__ == "__main__":
    main()
