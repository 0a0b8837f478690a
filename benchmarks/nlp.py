"""Named entities on CoNLL-2003: span F1 against tokens read, with the conditional random field.

    python benchmarks/nlp.py --quick
    python benchmarks/nlp.py --full --out runs/nlp
    python benchmarks/nlp.py --seeds 0 1 2 3 4 --strategies mnlp subsequence --out runs/nlp
    python benchmarks/nlp.py --part find --out runs/nlp

Each run starts from 1 % of the tokens, sentences at random, and then takes what the strategy ranks first until the next
share of the tokens is reached; the model is trained anew at each share and measured on the test part. The part of
speech and chunk columns of the corpus are features. Finished runs are kept in --out and read back by the next call.

The strategy `subsequence` asks for stretches of sentences, and is charged for their tokens alone; it ends when every
sentence has been asked once.

One line per point on standard output: strategy, seed, share of the tokens, sentences, F1, share of the full-data F1,
seconds of processor time of the round. --quick is one seed of random, mnlp and subsequence up to 33 % (six minutes
of processor time); --full is five seeds of six strategies up to 60 %. Other seeds, strategies and shares: --seeds,
--strategies, --most.

--part find seeks the spam among 4,459 messages of the SMS collection, 50 seeds with each stopping rule: the share read
until 95 % was found, and where the rule stops with which recall. Its constants were tried on AG News and TREC alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from querist.data import Dataset, load, load_test
from querist.simulate.find import Found, find, summary
from querist.study import Study
from querist.study.search import Goal
from querist.tasks import Task, from_labels

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA = SHARED / "nlp_conll2003"
SHARES = (0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.33, 0.40, 0.50, 0.60)
NEEDS = frozenset({"elements", "places"})


class Corpus(NamedTuple):
    """Training sentences with their spans and tokens, and the part on which the model is measured."""

    train: Dataset
    test: Dataset
    task: Task
    tokens: dict[str, float]


def main() -> int:
    """Run what the command line asks for."""
    chosen = _options()
    if not DATA.exists():
        print(f"the corpus is not there: {DATA.name} is looked for beside the checkout", file=sys.stderr)
        return 2
    if chosen.part == "find":
        return finding(chosen.out)
    corpus = corpus_of(chosen.sentences)
    strategies, count, most = ("random", "mnlp", "subsequence"), 1, 0.33
    if chosen.full:
        strategies += ("token-entropy", "token-entropy(reduce='sum')", "n-best-entropy")
        count, most = 5, 0.60
    strategies, seeds = tuple(chosen.strategies or strategies), chosen.seeds or range(count)
    most = chosen.most or most
    whole = kept(chosen.out, "full", lambda: [full(corpus)])[0]["f1"]
    print(f"# full data: {len(corpus.train)} sentences, F1 {whole:.4f}", flush=True)
    for strategy in strategies:
        for seed in seeds:
            name = f"{strategy}-{seed}".replace("(", "-").replace(")", "").replace("'", "").replace("=", "-")
            for point in kept(chosen.out, name, lambda s=strategy, n=seed: list(points(corpus, s, n, most))):
                share = point["f1"] / whole
                print(
                    f"{strategy}\t{seed}\t{point['share']:.3f}\t{point['sentences']}\t{point['f1']:.4f}\t{share:.4f}\t"
                    f"{point['seconds']:.1f}",
                    flush=True,
                )
    return 0


def finding(out: Path | None) -> int:
    """Seek the spam with 50 seeds and each rule; print a line a rule."""
    data = load(SHARED / "nlp_sms_spam", text="text", label="label")
    for stop in ("knee", "certified"):
        began, runs = time.perf_counter(), []
        for seed in range(50):
            goal = Goal("spam", stop=stop)
            runs += kept(
                out, f"find-{stop}-{seed}", lambda g=goal, n=seed: [asdict(one) for one in find(data, g, seeds=[n])]
            )
        row = summary([Found(**run) for run in runs])
        both = sum(run["met"] and (run["stopped"] or run["items"]) <= 0.22 * run["items"] for run in runs)
        figures = {name: row[name] for name in ("depth", "work_saved", "stopped", "recall", "met")}
        print(f"{stop}: {json.dumps(figures)}; stopped by 22 % with a recall of 95 %: {both} of {len(runs)}; "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
    return 0


def corpus_of(sentences: int | None) -> Corpus:
    """Read the corpus, or a part of the training sentences."""
    train = load(DATA)
    test = load_test(DATA, like=train.pool)
    assert train.labels is not None
    assert test is not None
    if sentences is not None:
        rows = np.sort(np.random.default_rng(0).permutation(len(train))[:sentences])
        train = replace(train, pool=train.pool.take(rows), labels=[train.labels[row] for row in rows.tolist()])
    task = from_labels("spans", train.labels or [])
    pairs = zip(train.pool.ids, train.labels or [], strict=True)
    return Corpus(train, test, task, {id: task.cost(label, train.pool.raw(id)) for id, label in pairs})


def kept(out: Path | None, name: str, make: Any) -> list[dict[str, Any]]:
    """Read points that were kept, or make and keep them."""
    path = None if out is None else out / f"{name}.json"
    if path is not None and path.exists():
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    made: list[dict[str, Any]] = make()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made), encoding="utf-8")
    return made


def study_of(corpus: Corpus, strategy: str, seed: int) -> Study:
    """Start a study without labels."""
    data = replace(corpus.train, labels=None)
    return Study.create(
        None, data, task=corpus.task, strategy=strategy, batch=5_000, seed=seed, suggestions=False, reserve=0
    )


def points(corpus: Corpus, strategy: str, seed: int, most: float) -> Iterator[dict[str, Any]]:
    """Train and measure at each share of the tokens; the first share is drawn at random."""
    truth = dict(zip(corpus.train.pool.ids, corpus.train.labels or [], strict=True))
    total, spent = sum(corpus.tokens.values()), 0.0
    with study_of(corpus, "random", seed) as first:
        start = [query.id for query in first.ask(5_000)]
    with study_of(corpus, strategy, seed) as study:
        for share in (share for share in SHARES if share <= most):
            began = time.process_time()
            ranked = iter([(id, None) for id in start] if not spent else _asked(study))
            while spent < share * total and (place := next(ranked, None)) is not None:
                spent += told(study, truth, *place)
            if spent < share * total:
                return  # every sentence has been asked
            study.store.release("oracle")
            step = study.step()
            found = measure(corpus, study)
            yield {
                "share": spent / total, "sentences": step.labels, "f1": found, "seconds": time.process_time() - began,
            }  # fmt: skip


def _asked(study: Study) -> list[tuple[str, list[list[int]] | None]]:
    """Ask for items, and for which stretches of them."""
    return [(query.id, query.asked) for query in study.ask(5_000, who="oracle")]


def told(study: Study, truth: dict[str, Any], id: str, asked: list[list[int]] | None) -> float:
    """Tell the spans of a sentence, or of the stretches that were asked; gives the tokens that this took."""
    item = study.pool.raw(id)
    label = truth[id] if asked is None else study.task.within(truth[id], asked, item)
    study.tell(id, label, who="oracle")
    return study.task.cost(study.task.check(label, item), item)


def full(corpus: Corpus) -> dict[str, Any]:
    """Train on everything but one sentence, which a study keeps to ask for."""
    began, truth = time.process_time(), zip(corpus.train.pool.ids, corpus.train.labels or [], strict=True)
    with study_of(corpus, "random", 0) as study:
        for id, label in list(truth)[:-1]:
            study.tell(id, label)
        study.step()
        return {"f1": measure(corpus, study), "seconds": time.process_time() - began}


def measure(corpus: Corpus, study: Study) -> float:
    """Compute span F1 on the test part."""
    codes = study.task.encode(corpus.test.labels or [])
    return study.task.metrics(codes, study.predict(corpus.test.pool.items, NEEDS))["f1"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one seed of three, up to 33 %% of the tokens")
    size.add_argument("--full", action="store_true", help="five seeds of six strategies")
    parser.add_argument("--strategies", nargs="+", metavar="NAME", help="these instead")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="these instead")
    parser.add_argument("--most", type=float, metavar="SHARE", help="the largest share of the tokens")
    parser.add_argument("--part", choices=["entities", "find"], default="entities", help="what is measured")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep finished runs here and go on from them")
    parser.add_argument("--sentences", type=int, metavar="N", help="only so many training sentences, for a trial")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
