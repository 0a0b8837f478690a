"""Labels that a model contradicts: each is judged by a model that was trained without it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from querist._arrays import Floats, Rows
from querist.estimate.label_errors import share_of_errors, suspicion
from querist.estimate.protocol import Codes
from querist.learners.calibration import FOLDS, cross_fitted, log_softmax, softmax
from querist.learners.linear import Linear
from querist.learners.protocol import Items, Learner
from querist.store import Store
from querist.study.items import Encoded
from querist.study.known import Known
from querist.tasks import Classification, Label, Task
from querist.view import Draw

PLACE = "review/label-errors"
MOST = 5_000
"""Contradicted labels that are kept, the most suspicious."""
CONTRADICTED = 0.5
"""The suspicion above which another class is more probable than the label, each against its own level."""
TRUSTED = 0.7
"""The share of labels that a model must agree with, so that it may tell how many of them are wrong."""


class Suspect(NamedTuple):
    """A label, and the class that a model which never saw it holds for more probable."""

    item: str
    score: float
    label: Label
    own: float
    """The probability of the label."""
    other: Label
    chance: float
    """The probability of the other class."""


@dataclass(frozen=True)
class Suspects:
    """The contradicted labels at a log position, the most suspicious first; ``labels`` were judged.

    ``share`` estimates how many of them are wrong, without an interval; None where the model agrees with fewer than
    seven of ten, and cannot tell. ``cause`` says why there are none to find.
    """

    position: int
    labels: int
    items: tuple[Suspect, ...] = ()
    share: float | None = None
    seconds: float = 0.0
    cause: str = ""

    def dump(self) -> bytes:
        """Write them as JSON."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def parse(raw: bytes) -> Suspects:
        """Read what ``dump`` wrote."""
        facts: dict[str, Any] = json.loads(raw)
        return Suspects(**{**facts, "items": tuple(Suspect(*row) for row in facts["items"])})


def stored(store: Store) -> Suspects | None:
    """Read the contradicted labels that were found last; None before the first time."""
    raw = store.get(PLACE)
    return None if raw is None else Suspects.parse(raw)


def refusal(task: Task, learner: Learner) -> str:
    """Say why labels cannot be judged; "" when they can.

    >>> refusal(Classification(("a", "b")), Linear())
    ''
    """
    if not isinstance(task, Classification):
        return f"label errors are told where a label is one class: the task is {task.schema['task']}"
    if not learner.provides & {"probs", "decision"}:
        return "label errors need a learner that gives probabilities or decision values, and this one gives neither"
    return ""


def suspects(learner: Learner, known: Known, encoded: Encoded, seed: int) -> Suspects:
    """Judge every label that may train by five models, each trained on the labels of the four other fifths.

    The audit's labels are left out: to mend those alone that a model contradicts would flatter the model that the
    audit measures. A model that follows every label sees no wrong one, so that a linear model is also tried with less
    freedom, and the one that predicts the labels best out of fold judges them. Cost: five fits, of a linear model 15.
    Raises what the learner raises.
    """
    started, rows = time.perf_counter(), judged(known)
    cause = refusal(known.task, learner) or _too_few(known, rows)
    if cause:
        return Suspects(known.position, len(rows), cause=cause)
    labelled, rng = (encoded.features[rows], known.codes[rows]), Draw(seed, known.position).rng("review")
    fits = (
        cross_fitted(judge, labelled, pool=encoded.features, classes=known.task.classes, rng=rng)
        for judge in judges(learner, encoded.features)
    )
    probs = softmax(min(fits, key=lambda values: _log_loss(values, known.codes[rows])))
    found = _ranked(known, rows, probs)
    agrees = float((probs.argmax(axis=1) == known.codes[rows]).mean())
    share = share_of_errors(known.codes[rows], probs) if agrees >= TRUSTED else None
    return Suspects(known.position, len(rows), found, share, round(time.perf_counter() - started, 3))


def judges(learner: Learner, items: Items) -> list[Learner]:
    """Give the learner, and where it is linear, the same with a tenth and a hundredth of its C.

    >>> [judge.C for judge in judges(Linear(), np.eye(3))]
    [None, 0.1, 0.01]
    """
    if not isinstance(learner, Linear):
        return [learner]
    freedom = learner.strength(items)
    return [learner, *(replace(learner, C=freedom / less) for less in (10, 100))]


def _log_loss(values: Floats, codes: Codes) -> float:
    return -float(log_softmax(values)[np.arange(len(codes)), codes].mean())


def judged(known: Known) -> Rows:
    """Give the labelled rows that may be judged: once a study has ended, nothing is kept apart any more."""
    rows = known.labelled
    return rows if known.ended else rows[~known.reserved[rows]]


def _too_few(known: Known, rows: Rows) -> str:
    sizes = np.bincount(known.codes[rows], minlength=known.task.classes)
    if (sizes >= 2).sum() >= 2 and len(rows) >= FOLDS:
        return ""
    return f"not enough yet: {len(rows)} labels to judge; it takes {FOLDS}, and two of each of two classes"


def _ranked(known: Known, rows: Rows, probs: Floats) -> tuple[Suspect, ...]:
    codes, at = known.codes[rows], np.arange(len(rows))
    score = suspicion(codes, probs)
    others = probs.copy()
    others[at, codes] = -1.0
    other = others.argmax(axis=1)
    labels: Sequence[Label] = known.task.schema["labels"]
    order = np.argsort(-score, kind="stable")[:MOST]
    return tuple(
        Suspect(
            known.pool.ids[rows[row]],
            round(float(score[row]), 6),
            labels[codes[row]],
            round(float(probs[row, codes[row]]), 6),
            labels[other[row]],
            round(float(probs[row, other[row]]), 6),
        )
        for row in order[score[order] > CONTRADICTED].tolist()
    )
