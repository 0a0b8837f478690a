"""Do the intervals cover, and how many labels do they save? 1000 simulated studies on each of five shared sets.

Per set, 20 splits (``--quick``: 8) with 50 studies each: a logistic regression is trained on 200 random rows, a pool of
1,000 others is audited, and a random forest trained on the same 200 rows says which loss it expects where. The truth is
the error of the model on the whole pool. ``cover`` is the share of studies whose interval holds it, with its
Monte-Carlo standard error; the larger of the one over
studies and the one over splits, because studies of one split share the model.
``factor`` is the number of labels at which the exact interval of a uniform sample is as short on average, divided by
the labels used; ``vs wilson`` the same against Wilson's interval, shorter and approximate.

=============  =========================================================================================================
chosen         the stated rule of ``estimate.accuracy`` on a uniform sample, sharpened by the forest
weighted       the same rule on a sample of known unequal chances (LURE)
active         active inference with independent chances
rounds         ten models, trained on 20, 40 … 200 rows, with 10 more audit labels each; covers only if all ten do
every label    one model read after every fourth of 200 labels; covers only if all fifty do
=============  =========================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from querist.data import load
from querist.estimate.accuracy import accuracy, accuracy_at_any_time
from querist.estimate.active import active, active_interval, chances
from querist.estimate.log_loss import log_loss
from querist.estimate.looks import alpha_at
from querist.estimate.macro import balanced_accuracy, macro_f1
from querist.estimate.proportion import exact, wilson
from querist.estimate.sample import Sample

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular_zhan2021"
SETS = ("spambase", "ringnorm", "banana", "phishing", "twonorm")
POOL, TRAIN, STUDIES = 1_000, 200, 50
SIZES = (20, 30, 50, 100, 200)
UNIFORM = (12, 20, 35, 50, 70, 100, 140, 200, 270, 350, 450, 600)
LEVELS = (0.9, 0.95)
CLASSES = ("no", "yes")
SAVING = {"chosen", "weighted", "active", "wilson", "exact", "study", "forest", "doubt"}


@dataclass(frozen=True)
class Scene:
    """One split: the pool's truth, what the models say of it, the expected losses."""

    truth: np.ndarray
    said: list[np.ndarray]
    probs: np.ndarray
    expected: list[np.ndarray]

    def wrong(self, model: int = -1) -> np.ndarray:
        return (self.said[model] != self.truth).astype(float)


def measure(shelf, sets, *, full: bool) -> list[dict]:
    """Simulate the studies of each set and print what each method gave."""
    rows = []
    for name in sets:
        parts = [
            shelf.keep((name, split), lambda n=name, s=split: simulate(n, s)) for split in range(20 if full else 8)
        ]
        error = float(np.mean([part["error"] for part in parts]))
        print(f"\n{name}: error {error:.3f}, {len(parts) * STUDIES} studies, {len(parts)} models")
        rows += [report(name, parts, i, error) for i in range(len(parts[0]["keys"]))]
    pooled(rows)
    return rows


def simulate(name: str, split: int) -> dict:
    """Simulate the studies of one split: per method the studies that covered and their width, summed."""
    scene, found = make_scene(name, split), {}
    uniform = np.zeros((len(LEVELS), len(UNIFORM), 2))
    for study in range(STUDIES):
        rng = np.random.default_rng((split, study))
        for key, truth, low, high in intervals(scene, rng):
            tally = found.setdefault(key, [0, 0.0])
            tally[0] += bool(low - 1e-9 <= truth <= high + 1e-9)
            tally[1] += high - low
        uniform += [widths(scene, rng, level) for level in LEVELS]
    values = {"keys": list(found), "tally": list(found.values()), "uniform": (uniform / STUDIES).tolist()}
    return {**values, "error": float(scene.wrong().mean())}


def report(name: str, parts: list[dict], at: int, error: float) -> dict:
    """Print and return one figure."""
    method, level, labels = parts[0]["keys"][at]
    tally = np.array([part["tally"][at] for part in parts]) / STUDIES
    cover, width = tally.mean(axis=0).tolist()
    spread = max(float(tally[:, 0].std(ddof=1)), (cover * (1 - cover) / STUDIES) ** 0.5) / len(parts) ** 0.5
    row = {"set": name, "error": error, "method": method, "level": level, "labels": labels}
    row |= {"studies": len(parts) * STUDIES, "cover": cover, "se": spread, "width": width}
    tail = ""
    if method in SAVING:
        means = np.mean([part["uniform"][LEVELS.index(level)] for part in parts], axis=0)
        factors = [float(np.interp(-width, -means[:, base], UNIFORM) / labels) for base in (0, 1)]
        row |= {"factor": factors[0], "vs_wilson": factors[1]}
        tail = f"  factor {factors[0]:.2f}, vs wilson {factors[1]:.2f}"
    mark = "" if cover >= level - 0.025 else "  BELOW"
    print(f"  {method:18} {level:.2f} n={labels:<4} cover {cover:.3f} ± {spread:.3f}  width {width:.3f}{tail}{mark}")
    return row


def pooled(rows: list[dict]) -> None:
    """Print the coverage over all sets, and the factor where the error is 10 % or more."""
    print("\nover all sets")
    for key in dict.fromkeys((row["method"], row["level"], row["labels"]) for row in rows):
        same = [row for row in rows if (row["method"], row["level"], row["labels"]) == key]
        cover = np.mean([row["cover"] for row in same])
        spread = np.sqrt(np.sum([row["se"] ** 2 for row in same])) / len(same)
        tail = "".join(f"  {averaged(same, name)}" for name in ("factor", "vs_wilson") if name in same[0])
        mark = "" if cover >= key[1] - 0.005 else "  BELOW"
        print(f"  {key[0]:18} {key[1]:.2f} n={key[2]:<4} cover {cover:.3f} ± {spread:.3f}{tail}{mark}")


def averaged(rows: list[dict], name: str) -> str:
    """Say what a factor is on average where the error is 10 % or more, and at least anywhere."""
    hard = [row[name] for row in rows if row["error"] >= 0.1]
    mean = f"{np.mean(hard):.2f} at error ≥ 10 %, " if hard else ""
    return f"{name} {mean}least {min(row[name] for row in rows):.2f}"


def make_scene(name: str, split: int) -> Scene:
    """Train the models of one split, and let them predict a pool."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    items, truth = table(name)
    order = np.random.default_rng(split).permutation(len(truth))
    train, pool = order[:TRAIN], order[TRAIN : TRAIN + POOL]
    said, expected = [], []
    for size in range(20, TRAIN + 1, 20):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(
            items[train[:size]], truth[train[:size]]
        )
        forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=split)
        forest.fit(items[train[:size]], truth[train[:size]])
        said.append(model.predict(items[pool]))
        expected.append(1 - forest.predict_proba(items[pool])[np.arange(POOL), said[-1]])
    return Scene(truth[pool], said, model.predict_proba(items[pool]), expected)


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a set: its features, and its classes as codes."""
    data = load(str(DATA / f"{name}.libsvm.gz"))
    return np.asarray(data.pool.items, float), np.unique(data.labels, return_inverse=True)[1]


def intervals(scene: Scene, rng: np.random.Generator) -> Iterator[tuple]:
    """Give (method, level, labels), truth, low and high of every interval of one study."""
    order, wrong, f = rng.permutation(POOL), scene.wrong(), scene.expected[-1]
    weight = np.sqrt(np.clip(f, 0.02, 1.0))
    # exponential clocks: the order in which they ring is successive sampling by weight
    rung = np.argsort(rng.exponential(size=POOL) / weight)
    for level in LEVELS:
        for n in SIZES:
            rows, drawn = order[:n], rung[:n]
            count = int(wrong[rows].sum())
            yield ("exact", level, n), wrong.mean(), *exact(count, n, confidence=level, pool=POOL)
            yield ("wilson", level, n), wrong.mean(), *wilson(count, n, confidence=level, pool=POOL)
            for kind, picked in (("chosen", sample(scene, rows)), ("weighted", sample(scene, drawn, weight))):
                found = accuracy(picked, confidence=level)
                yield (kind, level, n), 1 - wrong.mean(), found.low, found.high
            yield ("active", level, n), wrong.mean(), *by_active(wrong, f, n, level, rng)
        yield from others(scene, order, level)
        yield ("every label", level, 200), *at_all_times(scene, order, level)
        yield ("rounds", level, 100), *at_all_rounds(scene, order, level)


def sample(scene: Scene, rows: np.ndarray, weight: np.ndarray | None = None, model: int = -1) -> Sample:
    """Audit some rows, drawn by weight or uniformly."""
    f, q = scene.expected[model], None
    if weight is not None:
        taken = np.cumsum(weight[rows]) - weight[rows]
        q = np.minimum(weight[rows] / (weight.sum() - taken), 1.0)
    last = model in (-1, len(scene.said) - 1)
    return Sample(
        scene.truth[rows], scene.said[model][rows], classes=CLASSES, pool=POOL, propensity=q,
        probs=scene.probs[rows] if last else None, expected=f[rows], mean_expected=float(f.mean()),
    )  # fmt: skip


def by_active(wrong: np.ndarray, f: np.ndarray, n: int, level: float, rng: np.random.Generator) -> tuple[float, float]:
    """Label by independent chances, and estimate by active inference."""
    chance = chances(np.sqrt(np.clip(f * (1 - f), 1e-3, None)), budget=n)
    rows = np.flatnonzero(rng.random(POOL) < chance)
    value, error = active(wrong[rows], f[rows], chance[rows], mean_expected=float(f.mean()), pool=POOL)
    return active_interval(value, error, n=len(rows), confidence=level)


def others(scene: Scene, order: np.ndarray, level: float) -> Iterator[tuple]:
    """Measure the metrics that are no plain share."""
    whole = sample(scene, np.arange(POOL))
    for estimate in (balanced_accuracy, macro_f1, log_loss):
        truth = estimate(whole).value
        for n in (50, 200):
            found = estimate(sample(scene, order[:n]), confidence=level)
            yield (found.metric, level, n), truth, found.low, found.high


def at_all_times(scene: Scene, order: np.ndarray, level: float) -> tuple[float, float, float]:
    """Read one model's accuracy after every label; the interval that misses by most stands for all."""
    truth = 1 - scene.wrong().mean()
    ends = [accuracy_at_any_time(sample(scene, order[:n]), confidence=level) for n in range(4, 201, 4)]
    return truth, max(one.low for one in ends), min(one.high for one in ends)


def at_all_rounds(scene: Scene, order: np.ndarray, level: float) -> tuple[float, float, float]:
    """Read ten models, one a round; each is measured by its own truth."""
    low, high = -1.0, 1.0
    for model in range(len(scene.said)):
        spent = alpha_at(1 - level, model + 1)
        found = accuracy(sample(scene, order[: 10 * (model + 1)], model=model), confidence=1 - spent)
        truth = 1 - scene.wrong(model).mean()
        low, high = max(low, found.low - truth), min(high, found.high - truth)
    return 0.0, low, high


def widths(scene: Scene, rng: np.random.Generator, level: float) -> list[list[float]]:
    """Give the widths of the exact and of Wilson's interval of a uniform sample at many sizes."""
    wrong, order = scene.wrong(), rng.permutation(POOL)
    counts = [(int(wrong[order[:n]].sum()), n) for n in UNIFORM]
    both = [[interval(k, n, confidence=level, pool=POOL) for interval in (exact, wilson)] for k, n in counts]
    return [[high - low for low, high in ends] for ends in both]
