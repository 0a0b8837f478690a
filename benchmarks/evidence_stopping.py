"""When the default rule stops, how far the model then is from one with every label, and whether a certificate is wrong.

Per set of 1,000 rows or more (others are printed when named), at most 2,000 rows, and per seed: 60 % are the pool,
labelled by the default strategy and learner in 60 rounds or more, with an audit of 10 %; 40 % tell the accuracy. A name
that ends in ``-whole`` takes all rows of the set.
*Within* is the share of the runs that the default rule stopped no more than 2 points (1 point) below the model with
every label; a run that it never stopped counts as one with the whole pool. *Used* is the share of the pool with a label
at the stop. *Certified*: the rule ``certified-target`` for the error of the full model plus 2 points, at 95 %; its stop
is wrong if the error on the rows that were never in the pool is above the target.
"""

from __future__ import annotations

import numpy as np
from evidence_honesty import DATA, source

from querist.data import load
from querist.estimate.stopping import DEFAULT, rule
from querist.estimate.stopping.certified_target import CertifiedTarget
from querist.study import Study

SETS = ("splice", "gcloudb", "checkerboard", "spambase", "banana", "ringnorm", "twonorm", "phishing")
ROUNDS, WHOLE = 60, "-whole"


def measure(shelf, sets, *, full: bool) -> list[dict]:
    """Run each set and print the figures."""
    rows, everything = [], []
    for name in sets:
        runs = [shelf.keep((name, seed), lambda n=name, s=seed: run(n, s)) for seed in range(20 if full else 6)]
        rows.append(report(name, runs))
        everything += runs
    return [*rows, report("all", everything)]


def run(name: str, seed: int) -> dict:
    """Label one split until both rules have stopped or the pool is empty."""
    data = source(name) if not name.endswith(WHOLE) else load(str(DATA / f"{name.removesuffix(WHOLE)}.libsvm.gz"))
    labels, n = np.array(data.labels), len(data.labels)
    order = np.random.default_rng(seed).permutation(n)
    pool, test = np.sort(order[: int(0.6 * n)]), order[int(0.6 * n) :]
    truth = dict(zip((data.pool.ids[row] for row in pool), labels[pool].tolist(), strict=True))
    items = np.asarray(data.pool.items, float)
    classes = np.unique(labels).tolist()
    settings = {"labels": classes, "batch": max(len(pool) // ROUNDS, 5), "seed": seed, "suggestions": False}
    full = full_error(data, pool, truth, items[test], labels[test], classes)
    certificate = CertifiedTarget(error=min(full + 0.02, 0.9))
    stopped: dict[str, dict] = {}
    with Study.create(None, data.pool.take(pool), audit=0.1, reserve=0, **settings) as study:
        while len(stopped) < 2 and (queries := study.ask(who="a")):
            for query in queries:
                study.tell(query.id, truth[query.id], who="a")
            study.step()
            for word, stop in (("default", rule(DEFAULT)), ("certified", certificate)):
                if word not in stopped and study.advice(stop).stop:
                    stopped[word] = {"labels": len(study.labels()), "error": error(study, items[test], labels[test])}
    return {"full": full, "pool": len(pool), "target": certificate.error, **stopped}


def error(study: Study, items: np.ndarray, labels: np.ndarray) -> float:
    """Measure the current model on rows that were never in the pool."""
    said = np.array(study.task.schema["labels"])[study.predict(items)["probs"].argmax(axis=1)]
    return float((said != labels).mean())


def full_error(data, pool, truth, items, labels, classes) -> float:
    """Measure the model that has every label of the pool."""
    from querist.learners import resolve
    from querist.tasks import Classification

    task = Classification(tuple(classes))
    codes = task.encode([truth[data.pool.ids[row]] for row in pool])
    features = np.asarray(data.pool.items, float)[pool]
    made = resolve("linear")[0].fit(features, codes, classes=len(classes), rng=np.random.default_rng(0), pool=features)
    said = np.array(classes)[made.predict(items, frozenset({"probs"}))["probs"].argmax(axis=1)]
    return float((said != labels).mean())


def report(name: str, runs: list[dict]) -> dict:
    """Print and return the figures of some runs."""
    gaps = np.array([one["default"]["error"] - one["full"] if "default" in one else 0.0 for one in runs])
    used = np.array([one["default"]["labels"] / one["pool"] if "default" in one else 1.0 for one in runs])
    proven = [one["certified"]["error"] > one["target"] for one in runs if "certified" in one]
    within = [float((gaps <= points + 1e-12).mean()) for points in (0.02, 0.01)]
    never = sum("default" not in one for one in runs)
    print(
        f"{name:13} {len(runs):3} runs, full error {np.mean([one['full'] for one in runs]):.3f}: within 2 points "
        f"{within[0]:.2f}, 1 point {within[1]:.2f}; used {np.median(used):.2f} of the pool (median), never stopped "
        f"{never}; certified {len(proven)}, wrong {sum(proven)}"
    )
    row = {"set": name, "runs": len(runs), "within": within, "used": float(np.median(used)), "never": never}
    return row | {"certified": len(proven), "wrong": int(sum(proven))}
