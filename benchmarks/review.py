"""Planted label errors: how many of them the review queue shows first.

    python benchmarks/review.py --quick
    python benchmarks/review.py --out runs/review

Of 4,000 labelled items 200 (5 %) get another class, drawn evenly from the other classes. The queue of a study with the
default learner, ``Study.review("label-errors")``, ranks them; counted is the share of the 200 among the first 400 (10 %
of the items). The line is 70 % in a text and in an image set. What is not planted is taken as right, though these sets
have wrong labels of their own: the figures are a little too low.

Sets: agnews and trec (text, TF-IDF), fashion and mnist (images, averaged to 14 × 14 pixels). --quick is one planting of
trec and fashion; else five plantings of each set. Finished plantings are kept in --out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from querist.data import Dataset, Pool, load
from querist.study import Study
from querist.tasks import Answer

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
ITEMS, WRONG, SHOWN, LINE = 4_000, 200, 400, 0.7
PLANTINGS = 5
T = 2.776
"""Student's t at 97.5 % with four degrees of freedom."""


def main() -> int:
    """Run what the command line asks for, and print one line for each planting and each set."""
    chosen = _options()
    for name in ("trec", "fashion") if chosen.quick else SETS:
        found = [planted(name, seed, chosen.out) for seed in range(1 if chosen.quick else PLANTINGS)]
        print(json.dumps(summary(name, [one["found"] for one in found])), flush=True)
    return 0


def planted(name: str, seed: int, out: Path | None) -> dict[str, Any]:
    """Plant errors, let the labels be judged, and count; a finished planting is read back."""
    kept = None if out is None else out / f"{name}-{seed}.json"
    if kept is not None and kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    found = {"set": name, "seed": seed, **measured(name, seed)}
    print(json.dumps(found), flush=True)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found))
    return found


def measured(name: str, seed: int) -> dict[str, Any]:
    """Give the share of the planted errors among the first that the queue shows, and what it cost."""
    pool, labels = source(name)
    rng = np.random.default_rng(seed)
    classes = sorted(set(labels), key=str)
    wrong = set(rng.choice(ITEMS, WRONG, replace=False).tolist())
    others = {row: [one for one in classes if one != labels[row]] for row in wrong}
    given = [others[row][rng.integers(len(others[row]))] if row in wrong else label for row, label in enumerate(labels)]
    study = Study.create(None, Dataset(pool), labels=classes, strategy="random", audit=0.0, seed=seed)
    study.record(Answer(id, label, who="ann") for id, label in zip(pool.ids, given, strict=True))
    clock, work = time.perf_counter(), time.process_time()
    queue = study.review("label-errors")
    took = {"seconds": round(time.perf_counter() - clock, 1), "processor": round(time.process_time() - work, 1)}
    first = {doubt.item for doubt in queue.doubts[:SHOWN]}
    found = sum(pool.ids[row] in first for row in wrong) / WRONG
    return {"found": found, "listed": len(queue.doubts), **took}


@cache
def source(name: str) -> tuple[Pool, list[Any]]:
    """Give 4,000 items of a set, drawn once, as the learner eats them or as texts, and their labels."""
    data = SETS[name]()
    rows = np.sort(np.random.default_rng(0).permutation(len(data))[:ITEMS])
    pool, labels = data.pool.take(rows), [data.labels[row] for row in rows.tolist()]
    return pool, [one.item() if isinstance(one, np.generic) else one for one in labels]


def _text(folder: str) -> Dataset:
    return load(SHARED / folder / "train.jsonl")


def _pixels(folder: str) -> Dataset:
    data = load(SHARED / folder)
    halved = np.asarray(data.pool.items, np.float64).reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    return replace(data, pool=Pool(data.pool.ids, halved))


SETS: dict[str, Callable[[], Dataset]] = {
    "agnews": lambda: _text("nlp_ag_news"),
    "trec": lambda: _text("nlp_trec"),
    "fashion": lambda: _pixels("image_fashion_mnist"),
    "mnist": lambda: _pixels("image_mnist"),
}


def summary(name: str, shares: list[float]) -> dict[str, Any]:
    """Give the mean over the plantings with Student's interval, and whether the line is met."""
    mean = float(np.mean(shares))
    half = T * float(np.std(shares, ddof=1)) / len(shares) ** 0.5 if len(shares) == PLANTINGS else None
    ends = None if half is None else [round(mean - half, 3), round(min(mean + half, 1.0), 3)]
    return {"set": name, "plantings": len(shares), "mean": round(mean, 3), "interval": ends, "met": mean >= LINE}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one planting of a text and of an image set")
    parser.add_argument("--out", type=Path, help="where finished plantings are kept")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
