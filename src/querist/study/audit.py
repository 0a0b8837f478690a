"""The audit: items in a random order over the whole pool, which no strategy chooses and no model is trained on.

An item belongs to the audit if its own draw, keyed by the seed and its id, is below the share: so items that arrive
later join as fairly as the first, and the audit is a uniform sample of everything, whatever the strategy does. They are
asked in the order of that draw; the answers count as far as the order is answered without a gap, so that slow answers
cannot bias the sample.

The figures are those of the model on items like the pool's that it has not seen. They are not corrected for the size of
the pool: a model is better on the items it was trained on, which the audit never holds, so the audit is a sample of
what the pool was drawn from, and not of the pool beside this model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, xlogx
from querist.data import Pool
from querist.errors import BadInput
from querist.estimate.accuracy import accuracy
from querist.estimate.log_loss import log_loss
from querist.estimate.looks import alpha_at
from querist.estimate.macro import balanced_accuracy, macro_f1
from querist.estimate.protocol import Codes, Estimate, History, Version
from querist.estimate.sample import Sample
from querist.estimate.saved import labels_saved, random_curve, random_subsets
from querist.learners.protocol import Learner
from querist.store.protocol import Ranked
from querist.tasks import Task
from querist.tasks.classification import predicted, probabilities
from querist.view import Draw, Evidence, Need

if TYPE_CHECKING:
    from querist.store import Store
    from querist.study.known import Known
    from querist.study.model import Model

REASON = "audit: drawn at random from the whole pool"
CONFIDENCE = 0.95
STOP_SET = 2_000
"""Most audit items whose predictions each round keeps, to tell whether models still change."""
METRICS = (accuracy, balanced_accuracy, macro_f1, log_loss)


@dataclass(frozen=True)
class Reserve:
    """Which items are the audit's: those whose keyed draw is below the share.

    >>> pool = Pool(tuple(f"item {i}" for i in range(1000)), np.zeros((1000, 1)))
    >>> len(Reserve(0, 0.1).order(pool)), len(Reserve(0, 0.0).order(pool))
    (103, 0)
    """

    seed: int
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise BadInput(f"the audit share must lie between 0 and 1, 1 excluded: got {self.share}; 0.1 is a tenth")

    def mask(self, pool: Pool) -> NDArray[np.bool_]:
        """Mark the audit's items; bool [N]."""
        return self._draw(pool) < self.share

    def order(self, pool: Pool) -> Rows:
        """Give the audit's rows in the order in which they are asked."""
        draw = self._draw(pool)
        rows = np.flatnonzero(draw < self.share)
        return rows[np.argsort(draw[rows], kind="stable")]

    def _draw(self, pool: Pool) -> Floats:
        return Draw(self.seed).uniform(pool.keys, "audit")


def due(share: float, asked: int) -> int:
    """Say how many of the first ``asked`` items that are asked for are the audit's.

    >>> [due(0.1, asked) for asked in (5, 10, 19, 20)]
    [0, 1, 1, 2]
    """
    return floor(share * asked + 1e-9)


def mixed(own: Sequence[Ranked], audit: Sequence[Ranked], *, share: float, asked: int, done: int) -> list[Ranked]:
    """Mix the strategy's places and the audit's, so that the share holds at every place of the queue.

    ``asked`` items were asked before, ``done`` of them for the audit.

    >>> own, audit = [Ranked(name, 0) for name in "abcd"], [Ranked("A", 0)]
    >>> [place.item for place in mixed(own, audit, share=0.5, asked=1, done=0)]
    ['A', 'a', 'b', 'c', 'd']
    """
    chosen, audited = list(own), list(audit)
    made: list[Ranked] = []
    while chosen or audited:
        owed = due(share, asked + len(made) + 1) > done
        if audited and (owed or not chosen):
            made.append(audited.pop(0))
            done += 1
        else:
            made.append((chosen or audited).pop(0))
    return made


@dataclass(frozen=True)
class Turn:
    """The audit's part in the next queue: its places still to be asked, and how many of the batch they are."""

    reserve: Reserve
    waiting: list[Ranked]
    asked: int
    done: int
    in_batch: int

    @staticmethod
    def of(known: Known, reserve: Reserve, out: set[str], batch: int) -> Turn:
        """Say how many of the next ``batch`` are the audit's, so that it has its share of all that was ever asked.

        What is out with somebody, was set aside or came with the data counts as asked.
        """
        gone = known.codes >= 0
        gone[known.pool.rows([item for item in known.aside | out if item in known.pool])] = True
        asked, done = int(gone.sum()), int((gone & known.reserved).sum())
        left = waiting(known, reserve, out)
        owed = min(due(reserve.share, asked + batch) - done, batch, len(left))
        return Turn(reserve, left, asked, done, max(owed, 0))

    def mixed(self, own: Sequence[Ranked]) -> list[Ranked]:
        """Put the audit's places into a queue."""
        return mixed(own, self.waiting, share=self.reserve.share, asked=self.asked, done=self.done)


def check_share(share: float, task: Task) -> float:
    """Refuse an audit of labels that are not one class each: its figures are those of classes."""
    codes = task.encode([])
    if share and (codes.ndim != 1 or codes.dtype != np.int64):
        raise BadInput(f"an audit needs labels of one class each: {task.schema['task']} has others; leave audit at 0")
    return Reserve(0, share).share


def waiting(known: Known, reserve: Reserve, out: set[str]) -> list[Ranked]:
    """List the audit's items that are still to be asked, in order, each with its chance among the pool's rest."""
    order = reserve.order(known.pool)
    free = [row for row in order.tolist() if known.codes[row] < 0 and known.pool.ids[row] not in known.aside | out]
    taken, total = len(order) - len(free), len(known.pool)
    return [Ranked(known.pool.ids[row], 0.0, 1 / (total - taken - i), REASON) for i, row in enumerate(free)]


def answers(known: Known, reserve: Reserve) -> tuple[Rows, Codes]:
    """Give the audit's rows, and the answers on them as far as there is no gap, −1 for one that was set aside."""
    order = reserve.order(known.pool)
    codes = known.codes[order]
    open_ = [code < 0 and known.pool.ids[row] not in known.aside for row, code in zip(order, codes, strict=True)]
    return order, codes[: open_.index(True) if True in open_ else len(codes)]


def findings(known: Known, reserve: Reserve, model: Model, *, look: int) -> list[Estimate]:
    """Estimate every metric of a model on unseen items, with intervals that hold over all looks at once.

    ``look`` counts the models that were scored so far, this one included. The model's own confidence on the audit's
    items, answered or not, sharpens the accuracy. Cost: a prediction of at most 2,000 items and the answered ones.
    """
    order, truth = answers(known, reserve)
    rows, codes = order[: len(truth)][truth >= 0], truth[truth >= 0]
    said = _evidence(model, rows)
    classes = known.task.schema["labels"]
    sample = Sample(codes, _codes(said, len(classes)), classes=classes, probs=probabilities(said))
    sample = replace(sample, **_expectations(sample, model, order[len(truth) :][:STOP_SET]))
    level = 1 - alpha_at(1 - CONFIDENCE, max(look, 1))
    skipped = int((truth < 0).sum())
    found = [metric(sample, confidence=level) for metric in METRICS]
    return [replace(one, confidence=CONFIDENCE, why=_note(one, skipped)) for one in found]


def _note(found: Estimate, skipped: int) -> str:
    if not skipped or found.value is None:
        return found.why
    return f"{skipped} audit {'item' if skipped == 1 else 'items'} that nobody could label not in it"


def _expectations(sample: Sample, model: Model, others: Rows) -> dict[str, Any]:
    """Give the loss that the model expects of the answered items, and of others of the audit, drawn like them."""
    if sample.probs is None or len(others) < 2:
        return {}
    probs = probabilities(_evidence(model, others))
    return {} if probs is None else {"expected": 1 - sample.probs.max(axis=1), "others": 1 - probs.max(axis=1)}


def _evidence(model: Model, rows: Rows) -> Evidence:
    needs: frozenset[Need] = model.predictor.provides & {"probs", "decision", "draws"}
    return model.predictor.predict(model.encoded.features[rows], needs)


def _codes(evidence: Evidence, classes: int) -> Codes:
    return np.minimum(predicted(evidence), classes - 1)


def saved(known: Known, reserve: Reserve, learner: Learner, model: Model) -> Estimate:
    """Tell how many random labels each label was worth; trains 20 models on parts of the audit, and throws them away.

    Cost: 20 fits on at most four fifths of the audit's answers.
    """
    order, truth = answers(known, reserve)
    rows, codes = order[: len(truth)][truth >= 0], truth[truth >= 0]
    draw = Draw(reserve.seed, known.position)
    subsets = random_subsets(len(rows), draw.rng("random subsets"))
    features, classes = model.encoded.features, known.task.classes
    right = np.zeros((len(subsets), len(rows)), bool)
    for at, part in enumerate(subsets):
        fit = learner.fit(
            features[rows[part]], codes[part], classes=classes, rng=draw.rng(f"random {at}"), pool=features
        )
        right[at] = _codes(_evidence(replace(model, predictor=fit), rows), classes) == codes
    current = _codes(_evidence(model, rows), classes) == codes if len(rows) else np.zeros(0, bool)
    sizes, shares = random_curve(subsets, right)
    return labels_saved(sizes, shares, current, len(known.labelled), draw.rng("labels saved"))


def version(known: Known, reserve: Reserve, model: Model) -> dict[str, Any]:
    """Keep as JSON what the stopping rules need of a model: its predictions on the stop set, and what it cost."""
    order, truth = answers(known, reserve)
    said = _evidence(model, order[:STOP_SET])
    probs = probabilities(said)
    sure = None if probs is None else (-xlogx(probs).sum(axis=1) / np.log(max(probs.shape[1], 2))).round(4).tolist()
    spent = [answer.cost or 0.0 for item in known.labels for answer in known.answers(item)]  # audit answers too
    return {
        "labels": len(known.labelled),
        "predicted": _codes(said, known.task.classes).tolist(),
        "uncertainty": sure,
        "audited": len(truth),
        "cost": float(sum(spent)),
        "classes": list(known.task.schema["labels"]),
        "items": len(known.pool),
    }


def history(store: Store, known: Known, reserve: Reserve, *, rounds: int) -> History:
    """Read back what the stopping rules see: each round's model on the stop set of now, and the audit's answers."""
    order, truth = answers(known, reserve)
    order = order[:STOP_SET]
    versions = tuple(_version(facts, known.pool, order, reserve) for facts in _kept(store, rounds))
    left = int((known.codes < 0).sum())
    return History(versions, truth[:STOP_SET], left=left)  # no pool size: see the top of this file


def _kept(store: Store, rounds: int) -> Iterator[dict[str, Any]]:
    for number in range(1, 1 + rounds):
        raw = store.get(f"audit/{number}")
        if raw is not None:
            yield json.loads(raw)


def _version(facts: dict[str, Any], pool: Pool, order: Rows, reserve: Reserve) -> Version:
    """Put a model's predictions in the order of now: items that arrived since then have none."""
    then = reserve.order(pool.first(facts["items"]))[: len(facts["predicted"])]
    codes = np.full(len(pool), -1, np.int64)
    codes[then] = facts["predicted"]
    sure = None if facts["uncertainty"] is None else np.array(facts["uncertainty"])
    names = tuple(facts["classes"])
    return Version(facts["labels"], codes[order], sure, facts["audited"], facts["cost"], names)
