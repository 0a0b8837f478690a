"""``auto`` against random, margin and the other strategies; its rule was fixed on other seeds and data before.

    python benchmarks/auto.py --quick                 every part, few seeds (about 40 minutes on one core)
    python benchmarks/auto.py --full --part lu        one part, all seeds
    python benchmarks/auto.py --seeds 1000-1003 --part digits        seeds for development

lu         15 sets of Zhan et al. 2021 under 2,000 rows by the protocol of Lu et al. 2023 (see lu2023.py), and banana's
           first 500 queries; ``aubc_lu``
digits     pixels / 16, pool 1,000, test 797, ten herded labels to 300: logistic regression C = 10 in batches of 10 and
           50, SVC C = 10 in batches of 10
untouched  texts, images and cells, 20 labels to 200 in batches of 10, at most 2,000 rows, of which 40 % test
ablation   each part of ``auto`` switched off or on, on digits and on three of the untouched sets

Differences are paired by seed, ± standard error. Finished runs are kept in --out and read back by the next call;
areas.csv there has one line per run.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import lu2023
import numpy as np

from querist.cli.simulate import numbers
from querist.data import Dataset, Pool, load
from querist.simulate import Cell, Curve, Plan, Source, aubc, aubc_lu, labels_to, run_each, source_of, split
from querist.simulate.images import described

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
OUT = Path("benchmarks/out/auto")
PEERS = ("random", "margin", "uherding", "auto")
ALL = ("random", "margin", "entropy", "badge", "maxherding", "typiclust", "cluster-margin", "uherding", "auto")
# C = 10 on pixels over 16 is C = 10 / 16² on the pixels; scale gamma makes the SVC the same on both
LINEAR, SVC = "linear(C=0.0390625, standardise=False)", "sklearn:SVC(C=10, gamma='scale')"
DIGITS = {"digits LR b10": (LINEAR, 10), "digits LR b50": (LINEAR, 50), "digits SVC b10": (SVC, 10)}
GOALS = (0.9, 0.95, 0.97)
TEXTS = {"trec": "nlp_trec", "sst2": "nlp_sst2", "mr": "nlp_mr", "ag-news": "nlp_ag_news", "sms-spam": "nlp_sms_spam"}
IMAGES = {"mnist": "image_mnist", "fashion": "image_fashion_mnist", "cifar10": "image_cifar10"}
IMAGES |= {"wbc": "medical_wbc1", "pneumonia": "medical_pneumoniamnist"}
UNTOUCHED = (*TEXTS, *(f"{name}-svd" for name in ("trec", "ag-news")), *IMAGES)
ROWS = 2_000
PARTS = (
    "sharpen=False",
    "shrink=False",
    "explore=False",
    "typical=False",
    "balance=True",
    "calibrate=True",
    "guard=False",
)
ABLATED = ("digits LR b10", "digits SVC b10", "trec", "sms-spam", "wbc")
SEEDS = {"lu": (5, 40), "digits": (10, 20), "untouched": (5, 20), "ablation": (4, 10)}
BANANA_SEEDS, BANANA_QUERIES = 3, 500
LU_AUTO = "auto(guard=False)"
"""Without an audit the guard has nothing to compare: the picks are the same, and 600 rounds are read 600 times less."""


class Entry(NamedTuple):
    """One finished run."""

    part: str
    task: str
    strategy: str
    seed: int
    curve: Curve


def main() -> None:
    """Run the parts asked for, print what was found, and keep one line per run."""
    chosen = _options()
    for part in [chosen.part] if chosen.part else SEEDS:
        started, load_ = time.perf_counter(), os.getloadavg()[0]
        seeds = numbers(chosen.seeds) if chosen.seeds else tuple(range(SEEDS[part][chosen.full]))
        strategies = chosen.strategy.split(",") if chosen.strategy else None
        names = chosen.only.split(",") if chosen.only else None
        entries = list(_run(part, _cells(part, seeds, names, strategies, full=chosen.full), chosen.out))
        _keep(entries, chosen.out / f"{part}.csv")
        print(f"\n== {part}, {len(seeds)} seeds")
        {"ablation": tell_ablation, "untouched": tell_untouched}.get(part, tell_areas)(entries)
        print(f"{part}: {time.perf_counter() - started:.0f} s, load {load_:.1f} at the start", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds (the default)")
    parser.add_argument("--full", action="store_true", help="all seeds, and all strategies where ranks are told")
    parser.add_argument("--part", choices=SEEDS)
    parser.add_argument("--seeds", help="instead of the part's own, such as 1000-1003")
    parser.add_argument("--only", help="some of the part's tasks, by name")
    parser.add_argument("--strategy", help="instead of the part's own")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def _run(part: str, cells: Iterable[tuple[str, Cell]], out: Path) -> Iterator[Entry]:
    for task, cell in cells:
        for _, curve in run_each([cell], folder=out / "cells"):
            said = f"{part} {task} {cell.name} {cell.seed} {_area(part, curve):.4f} {curve.info['seconds']:.1f} s"
            print(said, file=sys.stderr, flush=True)
            yield Entry(part, task, str(cell.name), cell.seed, curve)


def _cells(
    part: str, seeds: Sequence[int], names: Sequence[str] | None, strategies: Sequence[str] | None, *, full: bool
) -> Iterator[tuple[str, Cell]]:
    if part == "lu":
        yield from _lu(seeds, names or (*lu2023.SMALL, "banana"), strategies or ("random", "margin", LU_AUTO))
        return
    for name in names or {"digits": tuple(DIGITS), "untouched": UNTOUCHED, "ablation": ABLATED}[part]:
        own = ("auto", *(f"auto({off})" for off in PARTS)) if part == "ablation" else PEERS
        chosen = strategies or (ALL if part == "untouched" and full else own)
        if name == "digits SVC b10":  # gives no probabilities
            chosen = [s for s in chosen if s != "uherding"]
        plan = _digits_plan(name, seeds, chosen) if name in DIGITS else _untouched_plan(name, seeds, chosen)
        source = _digits() if name in DIGITS else untouched(name)
        for seed in seeds:
            cut = split(source, plan, seed)
            yield from ((name, Cell(cut, strategy, seed, plan)) for strategy in plan.strategies)


def _lu(seeds: Sequence[int], names: Sequence[str], strategies: Sequence[str]) -> Iterator[tuple[str, Cell]]:
    for name in names:
        banana = name == "banana"
        plan = Plan(
            tuple(strategies), learner=lu2023.LEARNER, initial=lu2023.INITIAL, batch=1,
            budget=lu2023.INITIAL + BANANA_QUERIES if banana else None,
            seeds=tuple(seeds[:BANANA_SEEDS] if banana else seeds),
        )  # fmt: skip
        yield from ((name, cell) for cell in lu2023.cells_of(name, plan))


def _digits_plan(name: str, seeds: Sequence[int], strategies: Sequence[str]) -> Plan:
    learner, batch = DIGITS[name]
    return Plan(
        tuple(strategies), learner=learner, initial=10, initial_by="maxherding", batch=batch, budget=300,
        seeds=tuple(seeds), test_size=797 / 1797,
    )  # fmt: skip


def _untouched_plan(name: str, seeds: Sequence[int], strategies: Sequence[str]) -> Plan:
    small = 160 if name == "wbc" else 200
    return Plan(tuple(strategies), learner="linear", initial=20, batch=10, budget=small, seeds=tuple(seeds))


@cache
def _digits() -> Source:
    return source_of(load("digits"))


@cache
def untouched(name: str) -> Source:
    """Read one of the sets, at most 2,000 of its rows, as features where it holds images."""
    base = name.removesuffix("-svd")
    folder = DATA / {**TEXTS, **IMAGES}[base]
    file = folder / "train.jsonl" if base in TEXTS else folder / "pneumoniamnist.npz" if base == "pneumonia" else folder
    file = folder / "cifar10_train.zip" if base == "cifar10" else file
    data = load(file, label="label") if base in TEXTS else load(file)
    kept = np.sort(np.random.default_rng(0).permutation(len(data))[:ROWS])
    source = source_of(Dataset(data.pool.take(kept), [data.labels[i] for i in kept], name))
    if name != base:
        return _directions(source)
    return described(source, Plan(("random",), learner="linear"), None)


def _directions(source: Source) -> Source:
    """Put 100 directions of latent semantic analysis in the place of texts: what an embedding looks like."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    counts = TfidfVectorizer(sublinear_tf=True).fit_transform(list(source.pool.items))
    points = normalize(TruncatedSVD(100, random_state=0).fit_transform(counts))
    return Source(source.name, Pool(source.pool.ids, points), source.labels)


def _area(part: str, curve: Curve) -> float:
    values = curve.values("accuracy")
    return aubc_lu(values) if part == "lu" else aubc(curve.labels, values)


def _keep(entries: Sequence[Entry], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["task", "strategy", "seed", "area", *(f"labels to {g}" for g in GOALS), "seconds"])
        for one in entries:
            needed = [labels_to(one.curve.labels, one.curve.values("accuracy"), g, window=1) for g in GOALS]
            area = f"{_area(one.part, one.curve):.5f}"
            writer.writerow([one.task, one.strategy, one.seed, area, *needed, f"{one.curve.info['seconds']:.2f}"])


def by_strategy(entries: Iterable[Entry]) -> dict[str, dict[str, dict[int, Curve]]]:
    """Sort runs by task, strategy and seed."""
    found: dict[str, dict[str, dict[int, Curve]]] = defaultdict(lambda: defaultdict(dict))
    for one in entries:
        found[one.task][one.strategy][one.seed] = one.curve
    return found


def paired(own: dict[int, float], other: dict[int, float]) -> tuple[float, float]:
    """Give the mean difference over shared seeds and its standard error."""
    gap = np.array([own[seed] - other[seed] for seed in sorted(own.keys() & other.keys())])
    return float(gap.mean()), float(gap.std(ddof=1) / len(gap) ** 0.5) if len(gap) > 1 else float("nan")


def tell_areas(entries: Sequence[Entry]) -> None:
    """Tell per task the area of each strategy, its labels to the goals, and what auto gains on the others."""
    part, gains = entries[0].part, defaultdict(list)
    for task, found in by_strategy(entries).items():
        areas = {s: {seed: _area(part, c) for seed, c in curves.items()} for s, curves in found.items()}
        lead = next((name for name in found if name.startswith("auto")), "")
        for name, curves in found.items():
            values = np.array(list(areas[name].values()))
            spread = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
            against = ""
            if lead and name != lead:
                mean, error = paired(areas[lead], areas[name])
                against = f"auto {mean:+.4f} ± {error:.4f}"
                gains[name].append((mean, error))
            goals = "" if part == "lu" else " / ".join(f"{n:g}" for n in _medians(curves.values()))
            seconds = np.mean([c.info["seconds"] for c in curves.values()])
            row = f"{task:15} {name:10} {values.mean():.4f} ± {spread:.4f} ({len(values)})  {against:24} {goals}"
            print(f"{row}  {seconds:.1f} s")
    for name, rows in gains.items():
        means, errors = np.array(rows).T
        total = f"{means.mean():+.4f} ± {np.sqrt(np.nansum(errors**2)) / len(rows):.4f}"
        worse = int((means < -2 * errors).sum())
        print(f"auto − {name}: {total} over {len(rows)} tasks; {worse} below by more than 2 s.e.")


def _medians(curves: Iterable[Curve]) -> list[float]:
    each = [[labels_to(c.labels, c.values("accuracy"), goal, window=1) for goal in GOALS] for c in curves]
    return np.median(each, axis=0).tolist()


def tell_ablation(entries: Sequence[Entry]) -> None:
    """Tell what each change to auto does to its area."""
    for task, found in by_strategy(entries).items():
        areas = {s: {seed: _area("ablation", c) for seed, c in curves.items()} for s, curves in found.items()}
        for name, own in areas.items():
            mean, error = paired(own, areas["auto"])
            change = "" if name == "auto" else f"{mean:+.4f} ± {error:.4f}"
            print(f"{task:15} {name:22} {np.mean(list(own.values())):.4f} {change}")


def tell_untouched(entries: Sequence[Entry]) -> None:
    """Tell the areas, the cells (task, budget) in which auto is below random, and the mean ranks."""
    from scipy.stats import rankdata, t

    tell_areas(entries)
    found, chances, low = by_strategy(entries), [], 0
    for curves in found.values():
        own, other = curves["auto"], curves["random"]
        gaps = np.array([_on_grid(own[s]) - _on_grid(other[s]) for s in sorted(own.keys() & other.keys())])[:, 1:]
        error = gaps.std(axis=0, ddof=1) / len(gaps) ** 0.5
        low += int((gaps.mean(axis=0) < -2 * error).sum())
        ratio = np.divide(gaps.mean(axis=0), error, out=np.zeros(len(error)), where=error > 0)
        chances += t.cdf(ratio, len(gaps) - 1).tolist()
    order = np.sort(chances)
    holm = np.maximum.accumulate(order * np.arange(len(order), 0, -1))
    below = f"{low} of {len(order)} cells more than 2 s.e. below random ({100 * low / len(order):.1f} %)"
    print(f"{below}; after Holm {int((holm < 0.05).sum())} below at 5 %")
    names = list(next(iter(found.values())))
    means = [[np.mean([_area("untouched", c) for c in curves[n].values()]) for n in names] for curves in found.values()]
    ranks = rankdata(-np.array(means), axis=1).mean(axis=0)
    print("mean ranks: " + ", ".join(f"{n} {r:.2f}" for r, n in sorted(zip(ranks, names, strict=True))))


def _on_grid(curve: Curve) -> np.ndarray:
    return np.interp(np.arange(curve.labels[0], curve.labels[-1] + 1, 10), curve.labels, curve.values("accuracy"))


if __name__ == "__main__":
    main()
