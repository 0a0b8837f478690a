"""What the audit costs: labels to a target accuracy with a tenth of all labels drawn at random, against none.

Per set and seed the same split is labelled twice by ``uherding``, the default, with the default learner: with an audit
of 10 %, whose labels train nothing, and without. All labels count, those of the audit too. The target is that share of
the accuracy with all labels which is named, smoothed over three rounds; a run that never gets there counts as the whole
budget. The cost is the ratio of the mean numbers of labels, with a 90 % interval over seeds (bootstrap).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from querist.simulate import simulate

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular_zhan2021"
SETS = ("digits", "wdbc", "spambase", "phishing", "twonorm", "splice")
TARGETS = (0.95, 0.98)
BUDGET, ROWS = 400, 2_000


def measure(shelf, sets, *, full: bool) -> list[dict]:
    """Run every set and print the ratio for each target."""
    rows = []
    for name in sets:
        runs = [shelf.keep((name, seed), lambda n=name, s=seed: run(n, s)) for seed in range(40 if full else 10)]
        rows += [
            report(name, at, np.array([one["needed"] for one in runs], float)[:, at]) for at in range(len(TARGETS))
        ]
    logs = [np.log([row["ratio"] for row in rows if row["target"] == target]) for target in TARGETS]
    for target, values in zip(TARGETS, logs, strict=True):
        print(f"over all sets, to {target:.0%} of full: {np.exp(values.mean()):.2f} × the labels (geometric mean)")
    return rows


def run(name: str, seed: int) -> dict:
    """Label one split with and without the audit; the labels needed, [target, audited or not]."""
    data, needed = source(name), []
    for audit in (0.1, 0.0):
        found = simulate(
            data, strategies=["uherding"], learner="linear", initial=0, initial_by="random", batch=10, budget=BUDGET,
            seeds=[seed], audit=audit,
        )  # fmt: skip
        curve, full = found.curves[0], found.full[0]
        labels, values = np.asarray(curve.labels), np.asarray(curve.values("accuracy"))
        needed.append([reached(labels, values, share * full.values("accuracy")[-1]) for share in TARGETS])
    return {"needed": np.transpose(needed).tolist()}


def reached(labels: np.ndarray, values: np.ndarray, target: float) -> float:
    """Give the labels at which the mean of three rounds reaches a target; the budget where it never does."""
    smooth = np.convolve(np.pad(values, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    there = np.flatnonzero(smooth >= target)
    return float(labels[there[0]] if len(there) else labels[-1])


def report(name: str, at: int, needed: np.ndarray) -> dict:
    """Print and return one figure; needed [seeds, audited or not]."""
    rng = np.random.default_rng(0)
    means = needed[rng.integers(len(needed), size=(2_000, len(needed)))].mean(axis=1)
    low, high = np.quantile(means[:, 0] / means[:, 1], [0.05, 0.95]).tolist()
    with_it, without = needed.mean(axis=0).tolist()
    ratio = with_it / without
    late = int((needed >= BUDGET).any(axis=1).sum())
    print(
        f"{name:10} to {TARGETS[at]:.0%} of full: {with_it:.0f} labels with the audit, {without:.0f} without: "
        f"{ratio:.2f} × ({low:.2f} to {high:.2f}), {len(needed)} seeds, {late} not there in {BUDGET} labels"
    )
    return {"set": name, "target": TARGETS[at], "ratio": ratio, "low": low, "high": high, "seeds": len(needed)}


def source(name: str):
    """Name a set that comes with scikit-learn, or read a shared one, at most its first 2,000 rows in random order."""
    if name == "digits":
        return name
    from querist.data import Dataset, load

    data = load(str(DATA / f"{name}.libsvm.gz"))
    rows = np.sort(np.random.default_rng(0).permutation(len(data.pool))[:ROWS])
    labels = [data.labels[row] for row in rows.tolist()]
    return Dataset(data.pool.take(rows), labels, name, ())
