"""Measure yes or no about candidates on cryo-EM micrographs: how good a picker a quarter of the clicks gives.

    python benchmarks/cryoem_candidates.py [--quick | --full] [--rules A,B] [--sets A,B]
                                           [--splits N] [--data DIR] [--out DIR]

The template picker, which has seen no label, proposes candidates on the training micrographs of a split (70 %). A
study of their patches (encoder `particles`, its 64 first principal components, learner `linear`) chooses which are
asked, in rounds of an eighth of the budget; the rule `tiles` asks all candidates of one tile after another instead, a
sixteenth of a micrograph each, in random order, so that what lies between them is known too. The oracle says yes where
the candidate is the partner of a pick within half a diameter, under the optimal assignment. The answers become picks
and searched squares (`candidate_picks`), on which the network `picker` is trained, with 200 steps, two thirds of its
default, to save time. A click is an answer; all picks of the training micrographs are the clicks of full picking.
Printed is F1 on the held-out micrographs after 25 % of these clicks, against that of full picking on the same split
(read from, or put into, the cells of `cryoem_picking.py --part picking-full`). Quick: three splits; full: five.

Finished cells are kept in --out and read back. Every line has the wall time, the processor's time and the load.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from cryoem_picking import NEEDS, SETS, kept_full, options, split
from imaging_boxes import _interval, _took, kept, timed

from querist import load
from querist.data import Pool
from querist.data.patches import candidate_labels, candidate_picks, candidate_pool
from querist.embed.particles import Particles as Encoder
from querist.learners.picker import Picker
from querist.learners.template import Template
from querist.study import Study
from querist.tasks import Answer
from querist.tasks.particles import Particles, candidates

RULES = ("tiles", "random", "margin", "uherding")
SHARE, ROUNDS, WIDTH, STEPS = 0.25, 8, 64, 200


def proposed(items, diameter):
    """Let the template propose candidates on micrographs without any label; a list of places [M, 2]."""
    model = Template(diameter).fit(items[:0], np.empty(0, object), classes=1, rng=np.random.default_rng(0), pool=items)
    return [places[:, :2] for places, _ in candidates(model.predict(items, NEEDS))]


def described(pool, rule):
    """Describe the patches, if the rule looks at them: 64 principal components of what `--encoder particles` gives."""
    if rule == "random":
        return np.zeros((len(pool), 1))
    raw = Encoder().encode(pool.items)
    raw = (raw - raw.mean(axis=0)) / np.maximum(raw.std(axis=0), 1e-6)
    _, axes = np.linalg.eigh(raw.T @ raw)
    return np.ascontiguousarray(raw @ axes[:, -WIDTH:])


def tile_by_tile(pool, known, side, *, budget, seed):
    """Ask all candidates of one tile after another, the tiles at random, until the budget is spent; answers by id."""
    places = [(row["micrograph"], row["centre_x"] // side, row["centre_y"] // side) for row in pool.records]
    _, tile = np.unique(np.array(places, str), axis=0, return_inverse=True)
    rank = np.random.default_rng(seed).permutation(tile.max() + 1)[tile.ravel()]
    rows = np.argsort(rank, kind="stable")[:budget]
    return {pool.ids[row]: known[row] for row in rows.tolist()}


def asked(pool, features, known, rule, *, budget, seed):
    """Ask candidates by a rule until the budget is spent; the answers by id."""
    said = {id: Answer(id, label) for id, label in zip(pool.ids, known, strict=True) if label is not None}
    plain = Pool(pool.ids, features)
    batch = -(-budget // ROUNDS)
    with Study.create(
        None, plain, labels=["particle", "no"], learner="linear", strategy=rule, batch=batch, seed=seed, audit=0.0
    ) as study:
        study.run(lambda ids: [said[id] for id in ids], budget)
        return {row.id: row.answers[-1].label for row in study.rows()}


def prepared(found, task, train):
    """Give the micrographs to learn from, their candidates as questions, the answers, and how many picks there are."""
    micrographs, labels = found.pool.take(train), [found.labels[row] for row in train.tolist()]
    places = proposed(micrographs.items, task.diameter)
    pool = candidate_pool(micrographs, places, 2 * round(0.75 * task.diameter), task.diameter)
    known = candidate_labels(places, labels, task.diameter)
    return micrographs, pool, known, sum(len(label["points"]) for label in labels)


def measured(found, task, rule, ready, seed):
    """Ask by a rule, train the picker on the answers and measure it."""
    micrographs, pool, known, clicks = ready
    side = max(found.pool.items.sizes[0].tolist()) // 4
    test = split(found, seed)[1]
    budget = round(SHARE * clicks)
    if rule == "tiles":
        answers = tile_by_tile(pool, known, side, budget=budget, seed=seed)
    else:
        answers = asked(pool, described(pool, rule), known, rule, budget=budget, seed=seed)
    picks = candidate_picks(pool, answers)
    learnt = micrographs.items[micrographs.rows(list(picks))]
    model, took = timed(
        lambda: Picker(task.diameter, steps=STEPS).fit(
            learnt, task.encode(list(picks.values())), classes=1, rng=np.random.default_rng(seed),
            pool=micrographs.items,
        )
    )  # fmt: skip
    truth = task.encode([found.labels[row] for row in test.tolist()])
    metrics = task.metrics(truth, model.predict(found.pool.items[test], NEEDS))
    yes = sum(answer == "particle" for answer in answers.values())
    return {"rule": rule, "clicks": len(answers), "all": clicks, "proposed": len(pool), "yes": yes, **metrics, **took}


def one_set(data, out, name, *, rules, splits):
    """Print F1 by rule and split, and the gap to full picking with its interval."""
    diameter, _ = SETS[name]
    found, task = load(data / name), Particles(diameter)
    gaps = {rule: [] for rule in rules}
    for seed in range(splits):
        whole = kept_full(found, task, out, name, seed)
        ready = cache(lambda seed=seed: prepared(found, task, split(found, seed)[0]))
        for rule in rules:
            path = out / f"candidates-{name}-{rule}-{seed}.json"
            row = kept(path, lambda rule=rule, seed=seed, ready=ready: measured(found, task, rule, ready(), seed))
            gaps[rule].append(row["f1"] - whole["f1"])
            print(
                f"candidates {name}  split {seed}  {rule:8}  {row['clicks']} of {row['all']} clicks, {row['yes']} yes, "
                f"{row['proposed']} candidates  f1 {row['f1']:.3f} (all picks {whole['f1']:.3f})  ap "
                f"{row['average_precision']:.3f}" + _took(row), flush=True,
            )  # fmt: skip
    for rule in rules:
        print(f"candidates {name}  {rule} − all picks, F1: {_interval(gaps[rule])}; goal: −0.05 or more", flush=True)
        if rule != rules[0]:
            pairs = np.subtract(gaps[rule], gaps[rules[0]])
            print(f"candidates {name}  {rule} − {rules[0]}, F1: {_interval(pairs)}", flush=True)


def main():
    """Read the options and run the sets."""
    parser = options(__doc__)
    parser.add_argument("--rules", default=",".join(RULES))
    given = parser.parse_args()
    for name in given.sets.split(","):
        if not (given.data / name).is_dir():
            print(f"{name}: not there, skipped")
            continue
        one_set(
            given.data, given.out, name, rules=tuple(given.rules.split(",")),
            splits=given.splits or (5 if given.full else 3),
        )  # fmt: skip


if __name__ == "__main__":
    main()
