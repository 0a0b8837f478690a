"""The audit: items in a random order over the whole pool, which no strategy chooses and no model is trained on.

An item belongs to the audit if its own draw, keyed by the seed and its id, is below the share: so items that arrive
later join as fairly as the first, and the audit is a uniform sample of everything, whatever the strategy does. They are
asked in the order of that draw; the answers count as far as the order is answered without a gap, so that slow answers
cannot bias the sample. Two exceptions train on its answers: ``prequential``, which tells another figure, and the last
model of a study that was ended with ``finish``, which nothing is left to score.

The figures are those of the model on items like the pool's that it has not seen. They are not corrected for the size of
the pool: a model is better on the items it was trained on, which the audit never holds, so the audit is a sample of
what the pool was drawn from, and not of the pool beside this model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, xlogx
from querist.data import Pool
from querist.errors import BadInput
from querist.estimate.accuracy import accuracy
from querist.estimate.log_loss import log_loss
from querist.estimate.looks import alpha_at
from querist.estimate.macro import balanced_accuracy, macro_f1
from querist.estimate.proportion import labels_needed, upper_bound
from querist.estimate.protocol import Codes, Estimate, History, Version, not_enough
from querist.estimate.sample import FEW, Sample
from querist.estimate.saved import labels_saved, random_curve, random_subsets
from querist.learners.protocol import Learner
from querist.store.protocol import Ranked
from querist.study.surrogate import expected_errors
from querist.tasks import Task
from querist.tasks.classification import predicted, probabilities
from querist.view import Draw, Evidence, Need

if TYPE_CHECKING:
    from querist.learners.calibration import Tempered
    from querist.store import Store
    from querist.study.known import Known
    from querist.study.model import Model

SHARE = 0.1
"""The share of a study where nobody names one."""
PROOF = 0.05
"""The error that a new study's audit should be able to prove."""
REASON = "audit: drawn at random from the whole pool"
CONFIDENCE = 0.95
STOP_SET = 2_000
"""Most audit items whose predictions each round keeps, to tell whether models still change."""
METRICS = (accuracy, balanced_accuracy, macro_f1, log_loss)


Mode: TypeAlias = Literal["apart", "prequential", "final", "sample"]
"""Which answers of the audit train: none; those that were scored before; all of them, after the study has ended; none,
of a random sample that a search asks for before anything else (``querist.study.search``)."""


@dataclass(frozen=True)
class Reserve:
    """Which items are the audit's: those whose keyed draw is below the share; and what becomes of its answers.

    >>> pool = Pool(tuple(f"item {i}" for i in range(1000)), np.zeros((1000, 1)))
    >>> len(Reserve(0, 0.1).order(pool)), len(Reserve(0, 0.0).order(pool))
    (103, 0)
    """

    seed: int
    share: float
    mode: Mode = "apart"
    members: tuple[int, int] = (0, 0)
    """For a sample: the class that is sought, and how many of its members the sample must hold."""

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise BadInput(f"the audit share must lie between 0 and 1, 1 excluded: got {self.share}; 0.1 is a tenth")

    def mask(self, pool: Pool) -> NDArray[np.bool_]:
        """Mark the audit's items; bool [N]."""
        return self._draw(pool) < (1.0 if self.mode == "sample" else self.share)

    def order(self, pool: Pool) -> Rows:
        """Give the audit's rows in the order in which they are asked."""
        draw, rows = self._draw(pool), np.flatnonzero(self.mask(pool))
        return rows[np.argsort(draw[rows], kind="stable")]

    @property
    def rate(self) -> float:
        """The share of what is asked that is the audit's while it has something to ask."""
        return 1.0 if self.mode == "sample" else self.share

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
        owed = min(due(reserve.rate, asked + batch) - done, batch, len(left))
        return Turn(reserve, left, asked, done, max(owed, 0))

    def mixed(self, own: Sequence[Ranked]) -> list[Ranked]:
        """Put the audit's places into a queue."""
        return mixed(own, self.waiting, share=self.reserve.rate, asked=self.asked, done=self.done)


def reserve_for(wish: float | str | None, task: Task, items: int) -> Reserve:
    """Settle the audit of a new study: a share, "prequential", or None for a tenth where that can tell something.

    By default there is none for labels that are not one class each, whose figures would not be sound, and none in a
    pool of fewer than 300 items, of which a tenth would not make the 30 labels below which intervals say little. Raises
    BadInput for an audit of labels that cannot have one.
    """
    codes = task.encode([])
    sound = codes.ndim == 1 and codes.dtype == np.int64 and task.classes > 1
    if wish is None:
        return Reserve(0, SHARE if sound and SHARE * items >= FEW else 0.0)
    if isinstance(wish, str) and wish != "prequential":
        raise BadInput(f"audit must be a share, such as 0.1, or 'prequential': got {wish!r}")
    made = Reserve(0, SHARE, "prequential") if isinstance(wish, str) else Reserve(0, wish)
    if made.share and not sound:
        raise BadInput(f"an audit needs labels of one class each: {task.schema['task']} has others; leave audit at 0")
    return made


def warning_for(reserve: Reserve, pool: Pool) -> str | None:
    """Say that the audit of a study can never prove an error of 5 %, and what it can; None where it can.

    >>> pool = Pool(tuple(f"item {i}" for i in range(400)), np.zeros((400, 1)))
    >>> warning_for(Reserve(0, 0.1), pool)
    'the audit has 37 items: all answered right would prove an error of at most 7.8 % (95 % confidence); 5 % takes 59'
    """
    held, fewest = len(reserve.order(pool)), labels_needed(PROOF, confidence=CONFIDENCE)
    if not held or held >= fewest or reserve.mode == "prequential":
        return None
    least = upper_bound(0, held, confidence=CONFIDENCE)
    return (
        f"the audit has {held} items: all answered right would prove an error of at most {100 * least:.1f} % "
        f"({100 * CONFIDENCE:.0f} % confidence); {100 * PROOF:.0f} % takes {fewest}"
    )


def waiting(known: Known, reserve: Reserve, out: set[str]) -> list[Ranked]:
    """List the audit's items that are still to be asked, in order, each with its chance among the pool's rest."""
    order = reserve.order(known.pool)
    order = order[known.reserved[order]]
    free = [row for row in order.tolist() if known.codes[row] < 0 and known.pool.ids[row] not in known.aside | out]
    taken, total = len(order) - len(free), len(known.pool)
    return [Ranked(known.pool.ids[row], 0.0, 1 / (total - taken - i), REASON) for i, row in enumerate(free)]


def answers(known: Known, reserve: Reserve) -> tuple[Rows, Codes]:
    """Give the audit's rows, and the answers on them as far as there is no gap, −1 for one that was set aside."""
    order = reserve.order(known.pool)
    return order, known.codes[order[: known.counted(order)]]


def findings(known: Known, reserve: Reserve, model: Model, *, look: int) -> list[Estimate]:
    """Estimate every metric of a model on unseen items, with intervals that hold over all looks at once.

    ``look`` counts the models that were scored so far, this one included. The errors that the model and a forest
    expect of the audit's items, answered or not, sharpen the accuracy where that may be trusted (``Sample.normal``) and
    nothing was set aside: of what nobody could label, models are unsure, and the unanswered items hold such too. Cost:
    then ``surrogate.expected_errors`` on at most 2,000 items and the answered ones.
    """
    order, truth = answers(known, reserve)
    rows, codes = order[: len(truth)][truth >= 0], truth[truth >= 0]
    said = _evidence(model, rows)
    classes = known.task.schema["labels"]
    sample = Sample(codes, _codes(said, len(classes)), classes=classes, probs=probabilities(said))
    level = 1 - alpha_at(1 - CONFIDENCE, max(look, 1))
    skipped = int((truth < 0).sum())
    if sample.normal(level) and not skipped:
        others = order[len(truth) :][:STOP_SET]
        sample = replace(sample, **_expectations(known, reserve, model, (rows, others)))
    found = [metric(sample, confidence=level) for metric in METRICS]
    return [replace(one, confidence=CONFIDENCE, why=_note(one, skipped)) for one in found]


def _note(found: Estimate, skipped: int) -> str:
    if not skipped or found.value is None:
        return found.why
    return f"{skipped} audit {'item' if skipped == 1 else 'items'} that nobody could label not in it"


def _expectations(known: Known, reserve: Reserve, model: Model, parts: tuple[Rows, Rows]) -> dict[str, Any]:
    """Give the losses expected of the answered items, and of others of the audit, drawn like them."""
    answered, others = parts
    if len(others) < 2:
        return {}
    found = expected_errors(known, model, np.concatenate([answered, others]), seed=reserve.seed)
    return {} if found is None else {"expected": found[: len(answered)], "others": found[len(answered) :]}


def _evidence(model: Model, rows: Rows) -> Evidence:
    needs: frozenset[Need] = model.predictor.provides & {"probs", "decision", "draws"}
    return model.predictor.predict(model.encoded.features[rows], needs)


def _codes(evidence: Evidence, classes: int) -> Codes:
    return np.minimum(predicted(evidence), classes - 1)


def saved(known: Known, reserve: Reserve, learner: Learner, model: Model) -> Estimate:
    """Tell how many random labels each label was worth; trains 20 models on parts of the audit, and throws them away.

    Not where the audit's answers train the model too. Cost: 20 fits on at most four fifths of the audit's answers.
    """
    if reserve.mode != "apart":
        return not_enough("labels_saved", 0, 0.9, "the audit's answers train the model too")
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


def version(known: Known, reserve: Reserve, model: Model, tempered: Tempered | None = None) -> dict[str, Any]:
    """Keep as JSON what the stopping rules and the dashboard need of a model: what it says of the stop set, its cost.

    ``confidence`` is the probability of the predicted class, ``tempered`` the same of the tempered model.
    """
    order, truth = answers(known, reserve)
    said = _evidence(model, order[:STOP_SET])
    probs = probabilities(said)
    sure = None if probs is None else (-xlogx(probs).sum(axis=1) / np.log(max(probs.shape[1], 2))).round(4).tolist()
    spent = [answer.cost or 0.0 for item in known.labels for answer in known.answers(item)]  # audit answers too
    return {
        "labels": len(known.labelled),
        "predicted": _codes(said, known.task.classes).tolist(),
        "uncertainty": sure,
        "confidence": _confidence(probs),
        "tempered": None if tempered is None else _confidence(_probs(tempered, model, order[:STOP_SET])),
        "audited": len(truth),
        "cost": float(sum(spent)),
        "classes": list(known.task.schema["labels"]),
        "items": len(known.pool),
    }


def _confidence(probs: Floats | None) -> list[float] | None:
    return None if probs is None or not len(probs) else probs.max(axis=1).round(4).tolist()


def _probs(tempered: Tempered, model: Model, rows: Rows) -> Floats:
    found = tempered.predict(model.encoded.features[rows], frozenset({"probs"}))
    return np.asarray(found["probs"], np.float64)


def history(store: Store, known: Known, reserve: Reserve, *, rounds: int) -> History:
    """Read back what the stopping rules see: each round's model on the stop set of now, and the audit's answers."""
    order, truth = answers(known, reserve)
    order = order[:STOP_SET]
    versions = tuple(_version(facts, known.pool, order, reserve) for facts in _kept(store, rounds))
    left = int((known.codes < 0).sum())
    told = truth[:STOP_SET] if reserve.mode == "apart" else truth[:0]  # what trained the model proves nothing of it
    return History(versions, told, left=left)  # no pool size: see the top of this file


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
