"""The protocol of Lu et al. 2023 (Re-Benchmarking Pool-Based Active Learning for Binary Classification), exactly.

    python benchmarks/lu2023.py heart --strategy margin --seeds 0-4
    python benchmarks/lu2023.py --all --strategy random,margin --seeds 0-99 --jobs 2 --out runs/lu2023

A seed shuffles the rows, takes 60 % for training, shuffles those again with a new generator of the same seed, and
labels the first 20; a seed whose 20 lack a class is skipped. The features are standardised on the training part. The
model is an SVM with an RBF kernel (gamma = 1 / D, C = 1); one query a round until the pool is empty.

One line per run on standard output: set, strategy, seed, AUBC as published (aubc_lu), AUBC from the initial set on
(aubc), seconds. Means go to standard error. With --out finished runs are kept, and read back by the next call.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from querist.cli.simulate import numbers, specifications
from querist.data import Pool, load
from querist.errors import BadInput
from querist.simulate import Cell, Curve, Plan, Source, Split, aubc, aubc_lu, check_models, run_each

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular_zhan2021"
SMALL = (
    "appendicitis", "sonar", "ex8b", "heart", "haberman", "ionosphere", "clean1", "breast", "wdbc", "australian",
    "ex8a", "diabetes", "gcloudb", "splice", "checkerboard",
)  # fmt: skip
LARGE = ("spambase", "banana", "ringnorm", "twonorm", "phishing")
LEARNER = "sklearn:sklearn.svm.SVC(kernel='rbf', gamma='auto', C=1.0, random_state=6211)"
INITIAL, TEST = 20, 0.4


def main() -> int:
    """Run what the command line asks for."""
    chosen = _options()
    names = [*chosen.sets, *(SMALL if chosen.all else ()), *(LARGE if chosen.large else ())]
    if not names:
        print("name a set or a LIBSVM file, or give --all or --large", file=sys.stderr)
        return 2
    try:
        plan = Plan(
            specifications(chosen.strategy), learner=LEARNER, initial=INITIAL, batch=1, seeds=numbers(chosen.seeds)
        )
        check_models(plan)
        cells = [cell for name in names for cell in cells_of(name, plan)]
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    curves = []
    for _, curve in run_each(cells, jobs=chosen.jobs, folder=chosen.out and chosen.out / "cells"):
        print(line(curve), flush=True)
        curves.append(curve)
    tell_means(curves)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="names of shared sets, or paths of LIBSVM files (.gz too)")
    parser.add_argument("--strategy", default="random,margin")
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument("--all", action="store_true", help=f"the {len(SMALL)} sets under 2,000 rows")
    parser.add_argument("--large", action="store_true", help=f"the {len(LARGE)} larger sets")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def cells_of(name: str, plan: Plan) -> Iterator[Cell]:
    """Prepare the runs of one set; a seed whose initial labels lack a class is skipped."""
    title, items, codes = read(name)
    for seed in plan.seeds:
        train, test = cut(len(codes), seed)
        if len(set(codes[train[:INITIAL]].tolist())) < 2:
            print(f"{title}: seed {seed} skipped, its first {INITIAL} items lack a class", file=sys.stderr)
            continue
        split = prepared(title, items, codes, train=train, test=test)
        yield from (Cell(split, strategy, seed, plan) for strategy in plan.strategies)


def read(name: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Read a set by name or path: its name, features [N, D] and codes 0 and 1 [N], the smaller label first."""
    path = DATA / f"{name}.libsvm.gz" if not Path(name).exists() else Path(name)
    if not path.exists():
        raise BadInput(f"no file {name!r}, and no set of that name in {DATA}")
    data = load(path)
    items = data.pool.items.toarray() if hasattr(data.pool.items, "toarray") else np.asarray(data.pool.items)
    values, codes = np.unique([float(label) for label in data.labels or ()], return_inverse=True)
    if len(values) != 2:
        raise BadInput(f"the protocol is for two classes: {name!r} has {len(values)}")
    return path.name.partition(".")[0], items, codes


def cut(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shuffle rows as published: training rows in the order in which they are labelled or queried, and test rows."""
    rows = np.arange(count)
    np.random.default_rng(seed).shuffle(rows)
    size = int(count * (1 - TEST))
    train, test = rows[:size].copy(), rows[size:]
    np.random.default_rng(seed).shuffle(train)
    return train, test


def prepared(name: str, items: np.ndarray, codes: np.ndarray, *, train: np.ndarray, test: np.ndarray) -> Split:
    """Standardise the features on the training rows, and fix the initial set."""
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit(items[train]).transform(items)
    pool = Pool(tuple(str(row) for row in range(len(codes))), scaled)
    source = Source(name, pool, tuple(codes.tolist()))
    return Split(source, train, test, tuple(str(row) for row in train[:INITIAL]))


def line(curve: Curve) -> str:
    """Tell one run in one line."""
    accuracy = curve.values("accuracy")
    areas = f"{aubc_lu(accuracy):.5f} {aubc(curve.labels, accuracy):.5f}"
    return f"{curve.dataset} {curve.strategy} {curve.seed} {areas} {curve.info['seconds']:.2f}"


def tell_means(curves: Sequence[Curve]) -> None:
    """Tell the mean of the published area over seeds, per set and strategy, with its standard error."""
    areas = defaultdict(list)
    for curve in curves:
        areas[curve.dataset, curve.strategy].append(aubc_lu(curve.values("accuracy")))
    for (name, strategy), values in areas.items():
        spread = f" ± {np.std(values, ddof=1) / len(values) ** 0.5:.4f}" if len(values) > 1 else ""
        print(f"mean {name} {strategy}: {np.mean(values):.4f}{spread}, {len(values)} seeds", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
