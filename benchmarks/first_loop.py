"""Six strategies against random on digits and wdbc: paired AUBC differences, and the cold start from no labels.

Run: python benchmarks/first_loop.py [--quick | --full] [--out DIR] [--jobs J]

Committee strategies use a bagged committee of ten linear models for choosing and for predicting; their random runs with
the same committee, so that the difference is the choice alone. ``--quick``: 5 seeds; ``--full``: 20 seeds. Interrupted
runs resume from ``--out``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from querist.simulate import aubc, simulate

SETS = {"digits": {"initial": 10, "batch": 10, "budget": 200}, "wdbc": {"initial": 10, "batch": 5, "budget": 100}}
GROUPS = {
    "linear": ["entropy", "egl", "bald", "badge", "margin", "uherding"],
    "committee": ["vote-entropy", "kl-consensus"],
}
METRIC = "accuracy"


def differences(dataset: str, learner: str, *, seeds: range, out: Path, jobs: int) -> None:
    """Print one line per strategy: mean AUBC, and its paired difference to random with the same learner."""
    names = ["random", *GROUPS[learner]]
    found = simulate(
        dataset, strategies=names, learner=learner, seeds=seeds, jobs=jobs, out=out / f"{dataset}-{learner}",
        **SETS[dataset],
    )  # fmt: skip
    areas = {name: {} for name in names}
    for curve in found.curves:
        areas[curve.strategy][curve.seed] = aubc(curve.labels, curve.values(METRIC))
    base = np.array([areas["random"][s] for s in seeds])
    print(f"{dataset:8} {learner:10} {'random':14} {base.mean():.4f}")
    for name in names[1:]:
        gap = np.array([areas[name][s] for s in seeds]) - base
        error = gap.std(ddof=1) / len(gap) ** 0.5
        verdict = "above" if gap.mean() > 2 * error else "below" if gap.mean() < -2 * error else "unresolved"
        row = f"{dataset:8} {learner:10} {name:14} {base.mean() + gap.mean():.4f}"
        print(f"{row}  {gap.mean():+.4f} ± {error:.4f}  {verdict}")


def cold_start(seeds: range) -> None:
    """Print the accuracy on digits after 10 labels, chosen from none by herding, and at random."""
    for by in ("maxherding", "random"):
        found = simulate(
            "digits", strategies=["random"], initial=10, initial_by=by, budget=10, seeds=seeds, learner="linear"
        )
        values = [curve.points[0].metrics[METRIC] for curve in found.curves]
        error = np.std(values, ddof=1) / len(values) ** 0.5
        print(f"digits   linear     10 labels by {by:12} {np.mean(values):.3f} ± {error:.3f}")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="5 seeds")
    parser.add_argument("--full", action="store_true", help="20 seeds")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/first_loop"))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(20 if options.full else 5)
    start = time.perf_counter()
    cold_start(seeds)
    for dataset in SETS:
        for learner in GROUPS:
            differences(dataset, learner, seeds=seeds, out=options.out, jobs=options.jobs)
    print(f"{time.perf_counter() - start:.0f} s, {len(seeds)} seeds, {options.jobs} processes")


if __name__ == "__main__":
    main()
