"""Do the intervals of a study cover, and how many labels do they save? 1000 simulated studies on each of five sets.

Per set, 20 splits (``--quick`` too) with 50 studies each, as in ``evidence_coverage.py``: a logistic regression is
trained on 200 random rows. What follows is what ``study.audit`` does: a tenth of the set is the audit, n of its items
have an answer, and the errors that the model itself and the study's forest (``study.surrogate``) expect on all of them
sharpen the accuracy, without a pool size. The truth is the accuracy on everything that the model has not seen.
``factor`` is the number of labels at which the exact interval of a uniform sample of just that, with its finite size,
is as short on average, divided by the labels used; ``vs wilson`` the same against Wilson's interval.

=========  =============================================================================================================
study      by both models, as in a study
forest     by the forest alone
doubt      by the model's own doubt alone, as studies did before
=========  =============================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from evidence_coverage import LEVELS, STUDIES, TRAIN, UNIFORM, pooled, report, table

from querist.estimate.accuracy import accuracy
from querist.estimate.proportion import exact, wilson
from querist.estimate.sample import Sample
from querist.study.surrogate import doubted, grown

SETS = ("spambase", "ringnorm", "banana", "phishing", "twonorm")
SIZES = (30, 50, 100, 200)
SHARE, SPLITS, WIDTHS = 0.1, 20, 10
COLUMNS = {"study": slice(2, 4), "forest": slice(3, 4), "doubt": slice(2, 3)}


def measure(shelf, sets, *, full: bool) -> list[dict]:
    """Simulate the studies of each set and print what each way gave."""
    rows = []
    for name in sets:
        parts = [shelf.keep((name, split), lambda n=name, s=split: simulate(n, s)) for split in range(SPLITS)]
        error = float(np.mean([part["error"] for part in parts]))
        print(f"\n{name}: error {error:.3f}, {len(parts) * STUDIES} studies, {len(parts)} models")
        rows += [report(name, parts, i, error) for i in range(len(parts[0]["keys"]))]
    pooled(rows)
    return rows


def simulate(name: str, split: int) -> dict:
    """Simulate the studies of one split: per way the studies that covered and their width, summed."""
    unseen, found = make_scene(name, split), {}
    truth = float((unseen[:, 0] == unseen[:, 1]).mean())
    for study in range(STUDIES):
        for key, low, high in intervals(unseen, np.random.default_rng((split, study))):
            tally = found.setdefault(key, [0, 0.0])
            tally[0] += bool(low - 1e-9 <= truth <= high + 1e-9)
            tally[1] += high - low
    uniform = [widths(unseen, level, split) for level in LEVELS]
    return {"keys": list(found), "tally": list(found.values()), "uniform": uniform, "error": 1 - truth}


def make_scene(name: str, split: int) -> np.ndarray:
    """Give for all that a model has not seen its class, the one that it names, and two expected errors; [rows, 4]."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    items, truth = table(name)
    order = np.random.default_rng(split).permutation(len(truth))
    train, rest = order[:TRAIN], order[TRAIN:]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(items[train], truth[train])
    probs = model.predict_proba(items[rest])
    forest = grown(items[train], truth[train], np.random.default_rng(split))
    named = probs.argmax(axis=1)
    return np.column_stack([truth[rest], named, 1 - probs.max(axis=1), doubted(forest, items[rest], named)])


def intervals(unseen: np.ndarray, rng: np.random.Generator) -> Iterator[tuple]:
    """Give (way, level, labels), low and high of every interval of one study."""
    drawn = unseen[rng.permutation(len(unseen))[: round(SHARE * (len(unseen) + TRAIN))]]
    truth, said = drawn[:, 0].astype(int), drawn[:, 1].astype(int)
    for level in LEVELS:
        for n in (n for n in SIZES if n + 2 <= len(drawn)):
            for way, columns in COLUMNS.items():
                told = Sample(
                    truth[:n], said[:n], classes=("no", "yes"), expected=drawn[:n, columns], others=drawn[n:, columns]
                )
                found = accuracy(told, confidence=level)
                yield (way, level, n), found.low, found.high


def widths(unseen: np.ndarray, level: float, split: int) -> list[list[float]]:
    """Give the mean widths of the exact and of Wilson's interval of ten uniform samples at many sizes."""
    wrong, found = (unseen[:, 0] != unseen[:, 1]).astype(float), np.zeros((len(UNIFORM), 2))
    for number in range(WIDTHS):
        order = np.random.default_rng((split, STUDIES + number)).permutation(len(wrong))
        for at, n in enumerate(UNIFORM):
            ends = [kind(int(wrong[order[:n]].sum()), n, confidence=level, pool=len(wrong)) for kind in (exact, wilson)]
            found[at] += [high - low for low, high in ends]
    return (found / WIDTHS).tolist()
