"""The default strategy on six sets of texts, paired against random and margin, on TF-IDF and on sentence embeddings.

    python benchmarks/text_sets.py --quick                      three seeds, TF-IDF (about 20 minutes on two cores)
    python benchmarks/text_sets.py --full --model FOLDER        20 seeds, both forms of the texts; goes on where it was
    python benchmarks/text_sets.py --tell --out FOLDER          tell what is there, and run nothing

TREC, SST-2, MR, AG News, IMDB and SMS spam: a pool of at most 2,000 texts of the training part, a test of at most 2,000
of the test part (IMDB: 1,000), the same for every seed; 20 random labels, then rounds of 10 to 220 labels or of 100 to
820; the learner is ``linear``. The folder of --model holds a sentence model, such as all-MiniLM-L6-v2; without it
embeddings are left out. One seed of every set comes first, then the next, so that a part says something too.

Differences are paired by seed, ± standard error. A cell is a set in one form with one batch at one budget.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from auto import by_strategy, paired

from querist.cli.simulate import numbers
from querist.data import Dataset, Pool, load
from querist.embed import encode_pool
from querist.simulate import Cell, Curve, Plan, Source, aubc, labels_to, run_each, source_of, split
from querist.simulate.run import read_cell

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
OUT = Path("benchmarks/out/text")
SETS = {"trec": "nlp_trec", "sst2": "nlp_sst2", "mr": "nlp_mr", "ag-news": "nlp_ag_news", "imdb": "nlp_imdb",
        "sms-spam": "nlp_sms_spam"}  # fmt: skip
FORMS = ("tfidf", "embeddings")
BUDGETS = {10: 220, 100: 820}
POOL, TEST, LONG_TEST = 2_000, 2_000, 1_000
STRATEGIES = ("random", "margin", "uherding", "auto")
QUICK, FULL = 3, 20


class Entry(NamedTuple):
    """One finished run."""

    task: str
    strategy: str
    seed: int
    curve: Curve


def main() -> None:
    """Run what is asked for, and tell what was found."""
    chosen = _options()
    seeds = numbers(chosen.seeds) if chosen.seeds else tuple(range(FULL if chosen.full else QUICK))
    forms = FORMS if chosen.model else FORMS[:1]
    names = chosen.only.split(",") if chosen.only else tuple(SETS)
    started, cpu, load_ = time.perf_counter(), time.process_time(), os.getloadavg()[0]
    cells = _cells(names, forms, seeds, chosen)
    entries = [e for e in (_kept if chosen.tell else _run)(cells, chosen.out) if e is not None]
    tell(entries)
    spent = f"{time.process_time() - cpu:.0f} s of processor, {time.perf_counter() - started:.0f} s, load {load_:.1f}"
    print(f"{len(entries)} runs, {spent}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three seeds (the default)")
    parser.add_argument("--full", action="store_true", help="twenty seeds")
    parser.add_argument("--tell", action="store_true", help="tell what is there, and run nothing")
    parser.add_argument("--model", help="the folder of a sentence model")
    parser.add_argument("--seeds", help="instead of 0-2 or 0-19")
    parser.add_argument("--only", help="some of the sets, by name")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def _cells(
    names: Sequence[str], forms: Sequence[str], seeds: Iterable[int], chosen: argparse.Namespace
) -> Iterator[tuple[str, Cell]]:
    """Give the runs: one seed of every set before the next seed."""
    for seed in seeds:
        for form in forms:
            for name in names:
                source = source_as(name, form, chosen.model, chosen.out)
                for batch, budget in BUDGETS.items():
                    plan = Plan(STRATEGIES, learner="linear", initial=20, batch=batch, budget=budget, seeds=(seed,))
                    cut = split(source, plan, seed)
                    yield from ((f"{name} {form} b{batch}", Cell(cut, s, seed, plan)) for s in STRATEGIES)


def _run(cells: Iterable[tuple[str, Cell]], out: Path) -> Iterator[Entry]:
    for task, cell in cells:
        cpu = time.process_time()
        for _, curve in run_each([cell], folder=out / "cells"):
            area = aubc(curve.labels, curve.values("accuracy"))
            said = f"{task} {cell.name} {cell.seed} {area:.4f} {time.process_time() - cpu:.1f} s of processor"
            print(said, file=sys.stderr, flush=True)
            yield Entry(task, str(cell.name), cell.seed, curve)


def _kept(cells: Iterable[tuple[str, Cell]], out: Path) -> Iterator[Entry | None]:
    for task, cell in cells:
        curve = read_cell(cell, out / "cells")
        yield None if curve is None else Entry(task, str(cell.name), cell.seed, curve)


@cache
def source_as(name: str, form: str, model: str | None, out: Path) -> Source:
    """Read a set as features: TF-IDF fitted on the pool, or the rows of a sentence model, kept below ``out``."""
    pool, test = _part(name, "train", POOL), _part(name, "test", LONG_TEST if name == "imdb" else TEST)
    if form == "tfidf":
        encoder, features = encode_pool(pool.pool.items)
        found = features, encoder.encode(test.pool.items)
    else:
        found = tuple(_embedded(each.pool, model, out) for each in (pool, test))
    inner = source_of(Dataset(Pool(test.pool.ids, found[1]), test.labels, name))
    return Source(name, Pool(pool.pool.ids, found[0]), tuple(pool.labels), inner)


def _part(name: str, part: str, most: int) -> Dataset:
    file = next(f for end in (".jsonl", ".jsonl.gz") if (f := DATA / SETS[name] / f"{part}{end}").exists())
    data = load(file, text="text", label="label")
    kept = np.sort(np.random.default_rng(0).permutation(len(data))[:most])
    return Dataset(data.pool.take(kept), [data.labels[i] for i in kept], name)


def _embedded(pool: Pool, model: str | None, out: Path) -> np.ndarray:
    from hashlib import blake2b

    from querist.embed.cache import Cache
    from querist.embed.sentences import Sentences

    encoder = Sentences(str(model), max_length=128)
    keys = [blake2b(str(text).encode(), digest_size=16).digest() for text in pool.items]
    kept = Cache(out / "cache", encoder.version, encoder.width)
    return np.asarray(kept.rows(keys, lambda rows: encoder.encode(pool.items[rows])))


def tell(entries: Sequence[Entry]) -> None:
    """Tell areas, differences, labels saved, and the cells that lie below random."""
    found = {t: s for t, s in by_strategy(entries).items() if all(len(s[n]) > 1 for n in STRATEGIES)}
    if not found:
        print("no set has two seeds of every strategy yet")
        return
    print("set, seeds, area of random; auto and uherding − random; auto − margin; auto's labels to random's end")
    for task, curves in sorted(found.items()):
        areas = {s: {seed: aubc(c.labels, c.values("accuracy")) for seed, c in of.items()} for s, of in curves.items()}
        pairs = [("auto", "random"), ("uherding", "random"), ("auto", "margin")]
        gaps = "  ".join("{:+.4f} ± {:.4f}".format(*paired(areas[a], areas[b])) for a, b in pairs)
        mean = np.mean(list(areas["random"].values()))
        print(f"{task:24} {len(areas['random']):2}  {mean:.4f}  {gaps}  {_saved(curves)}")
    for name in ("auto", "uherding"):
        _tell_cells(name, found)


def _saved(curves: dict[str, dict[int, Curve]]) -> str:
    """Say with how many labels the mean curve of auto is where random's mean curve ends."""
    x = next(iter(curves["random"].values())).labels
    means = {s: np.mean([c.values("accuracy") for c in curves[s].values()], axis=0) for s in ("random", "auto")}
    needed = labels_to(x, means["auto"], float(means["random"][-1]), window=1)
    return f"{needed:.0f} of {x[-1]:.0f}" if needed < np.inf else f"not by {x[-1]:.0f}"


def _tell_cells(name: str, found: dict[str, dict[str, dict[int, Curve]]]) -> None:
    from scipy.stats import t

    low: dict[str, int] = defaultdict(int)
    chances, means, count = [], [], 0
    for task, curves in found.items():
        seeds = sorted(curves[name].keys() & curves["random"].keys())
        gaps = np.array([_after(curves[name][s]) - _after(curves["random"][s]) for s in seeds])
        error = gaps.std(axis=0, ddof=1) / len(gaps) ** 0.5
        low[task] = int((gaps.mean(axis=0) < -2 * error).sum())
        ratio = np.divide(gaps.mean(axis=0), error, out=np.zeros(len(error)), where=error > 0)
        chances += t.cdf(ratio, len(gaps) - 1).tolist()
        areas = [{s: aubc(c.labels, c.values("accuracy")) for s, c in curves[n].items()} for n in (name, "random")]
        means.append(paired(*areas))
        count += gaps.shape[1]
    order = np.sort(chances)
    holm = np.maximum.accumulate(order * np.arange(len(order), 0, -1))
    below, gap = sum(low.values()), np.array(means)
    error = np.sqrt(np.square(gap[:, 1]).sum()) / len(gap)
    print(
        f"{name}: {below} of {count} cells more than 2 s.e. below random ({100 * below / count:.1f} %), after Holm "
        f"{int((holm < 0.05).sum())} at 5 %; mean difference of area {gap[:, 0].mean():+.4f} ± {error:.4f}; "
        f"low in {', '.join(f'{t} {n}' for t, n in low.items() if n) or 'none'}"
    )


def _after(curve: Curve) -> np.ndarray:
    """Give the accuracies after the common start."""
    return curve.values("accuracy")[1:]


if __name__ == "__main__":
    main()
