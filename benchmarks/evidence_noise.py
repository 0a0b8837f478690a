"""People who err: how good the consensus is, and whether second opinions pay.

30 simulated people, whose shares of wrong answers are spread evenly from 0 to 60 %; a wrong answer is any other class.

*Consensus*: each item of the training part gets 1, 3 or 5 answers of people drawn at random. "Best" knows everybody's
true error rate and takes the most probable class (Bayes); the line asks for .99 of its accuracy.

*Second opinions*: one person after the other answers ten items; up to five people may label an item, every answer is a
label, and the model learns the consensus. 20 random labels to start. ``random``, ``margin`` and ``entropy`` choose new
items while there are any; ``active-lab`` may ask again. The line: labels until the mean accuracy over seeds (three
rounds smoothed) first is what random has when every item has one label, as a share of those labels: at most 1/4 for
``active-lab``, more for plain uncertainty.
"""

from __future__ import annotations

import numpy as np
from evidence_honesty import source

from querist.estimate.consensus import consensus as agree
from querist.estimate.crowdlab import crowdlab
from querist.scores.votes import Votes, majority
from querist.simulate import simulate

SETS = ("breast", "wdbc", "australian", "gcloudb", "clean1", "digits")
PEOPLE, NOISE, OVERLAP = 30, 0.3, 5
RULES = ("random", "margin", "entropy", "active-lab")
DEPTHS = (1, 3, 5)


def measure(shelf, sets, *, full: bool) -> list[dict]:
    """Run both halves on each set."""
    rows, seeds = [], range(20 if full else 8)
    for name in sets:
        found = np.array([shelf.keep((name, "consensus", s), lambda n=name, s=s: consensus(n, s)) for s in seeds])
        rows += [agreed(name, depth, found[:, at]) for at, depth in enumerate(DEPTHS)]
    for name in sets:
        runs = {
            rule: [shelf.keep((name, rule, s), lambda n=name, r=rule, s=s: label(n, r, s)) for s in seeds]
            for rule in RULES
        }
        rows += reached(name, runs)
    return rows


def consensus(name: str, seed: int) -> list[list[float]]:
    """Give the accuracies of majority, a study's consensus, CROWDLAB and best, for each number of answers an item."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.preprocessing import StandardScaler

    data = source(name)
    if isinstance(data, str):
        from querist.data import load

        data = load(data)
    truth = np.unique(np.array(data.labels), return_inverse=True)[1]
    items, classes = StandardScaler().fit_transform(np.asarray(data.pool.items, float)), int(truth.max()) + 1
    rates = 2 * NOISE * (np.arange(PEOPLE) + 0.5) / PEOPLE
    found = []
    for depth in DEPTHS:
        rng = np.random.default_rng((seed, depth))
        votes = answers(truth, classes, rates, depth, rng)
        simple = majority(votes)
        skene = agree(votes).probs
        labels = skene.argmax(axis=1)
        fold = min(5, int(np.bincount(labels)[np.unique(labels)].min()))
        model = LogisticRegression(max_iter=500)
        seen = cross_val_predict(model, items, labels, cv=max(fold, 2), method="predict_proba")
        probs = np.full((len(truth), classes), 1e-9)
        probs[:, np.unique(labels)] = seen
        pooled = crowdlab(votes, probs / probs.sum(axis=1, keepdims=True)).probs
        best = known(votes, rates, np.bincount(truth) / len(truth))
        found.append([float((one.argmax(axis=1) == truth).mean()) for one in (simple, skene, pooled, best)])
    return found


def answers(truth: np.ndarray, classes: int, rates: np.ndarray, depth: int, rng: np.random.Generator) -> Votes:
    """Let people drawn at random answer each item."""
    person = np.concatenate([rng.permutation(PEOPLE)[:depth] for _ in truth])
    item = np.repeat(np.arange(len(truth)), depth)
    wrong = rng.random(len(item)) < rates[person]
    label = np.where(wrong, (truth[item] + rng.integers(1, classes, len(item))) % classes, truth[item])
    return Votes(item, person, label, items=len(truth), people=PEOPLE, classes=classes)


def known(votes: Votes, rates: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Give the posterior of somebody who knows all error rates and class shares."""
    log = np.tile(np.log(prior), (votes.items, 1))
    rate = rates[votes.person]
    said = np.tile(np.log(rate / (votes.classes - 1))[:, None], (1, votes.classes))
    said[np.arange(len(rate)), votes.label] = np.log(1 - rate)
    np.add.at(log, votes.item, said)
    return log


def agreed(name: str, depth: int, found: np.ndarray) -> dict:
    """Print and return how good the consensus is; found [seeds, methods]."""
    shares = found / found[:, 3:]
    mean, error = shares.mean(axis=0), shares.std(axis=0, ddof=1) / len(shares) ** 0.5
    words = zip(("majority", "Dawid-Skene", "CROWDLAB"), mean.tolist(), error.tolist(), strict=False)
    told = ", ".join(f"{method} {share:.4f} ± {spread:.4f}" for method, share, spread in words)
    print(f"{name:10} {depth} answers an item, best {found[:, 3].mean():.3f}; of it: {told}")
    return {"set": name, "answers": depth, "best": float(found[:, 3].mean()), "of_best": mean[:3].tolist()}


def label(name: str, rule: str, seed: int) -> dict:
    """Label one split under one rule; the labels and the accuracy after each round."""
    found = simulate(
        source(name), strategies=[rule], learner="linear", initial=20, batch=10, seeds=[seed],
        annotators=PEOPLE, overlap=OVERLAP, noise=NOISE,
    )  # fmt: skip
    curve = found.curves[0]
    return {"labels": list(curve.labels), "accuracy": list(curve.values("accuracy"))}


def reached(name: str, runs: dict[str, list[dict]]) -> list[dict]:
    """Print and return the share of random's labels that each rule needs for random's final accuracy."""
    curves = {rule: smooth(runs[rule]) for rule in RULES}
    labels, target = curves["random"][0][-1], curves["random"][1][-1]
    rows = []
    for rule in RULES:
        there = np.flatnonzero(curves[rule][1] >= target)
        needed = float(curves[rule][0][there[0]]) if len(there) else None
        share = "never" if needed is None else f"{needed / labels:.2f} of them"
        end = curves[rule][1][-1]
        print(
            f"{name:10} random ends at {target:.3f} with {labels:.0f} labels; {rule:10} there: {share}, ends {end:.3f}"
        )
        rows.append({"set": name, "rule": rule, "target": float(target), "labels": float(labels), "needed": needed})
    return rows


def smooth(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Average the runs round by round, then over three rounds."""
    rounds = min(len(run["labels"]) for run in runs)
    mean = np.mean([run["accuracy"][:rounds] for run in runs], axis=0)
    return np.array(runs[0]["labels"][:rounds]), np.convolve(np.pad(mean, 1, mode="edge"), np.ones(3) / 3, mode="valid")
