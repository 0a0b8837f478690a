"""Six strategies against random on digits and wdbc: paired AUBC differences, and the cold start from no labels.

Run: python benchmarks/first_loop.py [--quick | --full] [--only SET] [--out DIR] [--jobs J]

``digits`` starts from ten random labels and takes ten at once. ``digits-cold`` is the published protocol (pixels over
16, C = 10, 10 to 300 labels) as a study really starts: from no label, with ten chosen by herding, random's runs too;
five at once, as on wdbc. The protocols were fixed before they were run.

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

PROTOCOLS = {
    "digits": {"initial": 10, "batch": 10, "budget": 200},
    "wdbc": {"initial": 10, "batch": 5, "budget": 100},
    "digits-cold": {"initial": 10, "initial_by": "maxherding", "batch": 5, "budget": 300},
}
# C = 10 on pixels over 16 is C = 10 / 16² on the pixels
OPTIONS = {"digits-cold": "C=0.0390625, standardise=False"}
GROUPS = {
    "linear": ["entropy", "egl", "bald", "badge", "margin", "uherding"],
    "committee": ["vote-entropy", "kl-consensus"],
}
METRIC = "accuracy"


def differences(dataset: str, learner: str, *, seeds: range, out: Path, jobs: int) -> None:
    """Print one line per strategy: mean AUBC, and its paired difference to random with the same learner."""
    names = ["random", *GROUPS[learner]]
    found = simulate(
        dataset.partition("-")[0], strategies=names, learner=spec(learner, OPTIONS.get(dataset, "")), seeds=seeds,
        jobs=jobs, out=out / f"{dataset}-{learner}", **PROTOCOLS[dataset],
    )  # fmt: skip
    areas = {name: {} for name in names}
    for curve in found.curves:
        areas[curve.strategy][curve.seed] = aubc(curve.labels, curve.values(METRIC))
    base = np.array([areas["random"][s] for s in seeds])
    print(f"{dataset:11} {learner:10} {'random':14} {base.mean():.4f}")
    for name in names[1:]:
        gap = np.array([areas[name][s] for s in seeds]) - base
        error = gap.std(ddof=1) / len(gap) ** 0.5
        verdict = "above" if gap.mean() > 2 * error else "below" if gap.mean() < -2 * error else "unresolved"
        row = f"{dataset:11} {learner:10} {name:14} {base.mean() + gap.mean():.4f}"
        print(f"{row}  {gap.mean():+.4f} ± {error:.4f}  {verdict}")


def spec(learner: str, options: str) -> str:
    """Write the learner with options for its linear models."""
    linear = f"linear({options})" if options else "linear"
    return linear if learner == "linear" else f"committee(base={linear!r})" if options else "committee"


def cold_start(seeds: range) -> None:
    """Print the accuracy on digits after 10 labels, chosen from none by herding, and at random."""
    for by in ("maxherding", "random"):
        found = simulate(
            "digits", strategies=["random"], initial=10, initial_by=by, budget=10, seeds=seeds, learner="linear"
        )
        values = [curve.points[0].metrics[METRIC] for curve in found.curves]
        error = np.std(values, ddof=1) / len(values) ** 0.5
        print(f"digits      linear     10 labels by {by:12} {np.mean(values):.3f} ± {error:.3f}")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="5 seeds")
    parser.add_argument("--full", action="store_true", help="20 seeds")
    parser.add_argument("--only", choices=PROTOCOLS, help="one protocol, without the cold start")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/first_loop"))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(20 if options.full else 5)
    start = time.perf_counter()
    if options.only is None:
        cold_start(seeds)
    for dataset in PROTOCOLS if options.only is None else [options.only]:
        for learner in GROUPS:
            differences(dataset, learner, seeds=seeds, out=options.out, jobs=options.jobs)
    print(f"{time.perf_counter() - start:.0f} s, {len(seeds)} seeds, {options.jobs} processes")


if __name__ == "__main__":
    main()
