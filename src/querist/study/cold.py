"""The cold start: which strategy chooses while the model knows nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from querist._query import resolve as resolve_strategy
from querist.learners.calibration import cross_fitted, deal, log_softmax
from querist.learners.protocol import Learner
from querist.strategies.protocol import Strategy
from querist.study.known import Known
from querist.study.model import Model
from querist.view import Draw


class Rule(NamedTuple):
    """The strategy of a round, its name, and whether it stands in for another one."""

    strategy: Strategy
    name: str
    cold: bool = False


class Taught(NamedTuple):
    """Who learnt what: the learner, what is known, the model of it, the seed of the study."""

    learner: Learner
    known: Known
    model: Model
    seed: int


def rule_of(own: Rule, taught: Taught, before: Mapping[str, Any]) -> Rule:
    """Choose between a strategy and the one that it names for a cold start.

    The cold rule begins while fewer than two classes have a label. Once begun (``before``, the facts of the last round,
    say so: its name would not, as a study may have chosen it for its own), it goes on until the model beats the shares
    of the classes in log loss on labels that it was not trained on, clearly. A study that begins with labels of two
    classes never is cold, nor one whose strategy asks for second opinions once two classes have a label: where people
    err, no model foretells their labels clearly, and such a strategy weighs the model by itself. Cost: while cold, five
    fits.
    """
    if own.strategy.cold is None:
        return own
    cold = Rule(resolve_strategy(own.strategy.cold)[0], own.strategy.cold, cold=True)
    if not cold.strategy.needs <= taught.learner.provides:
        cold = Rule(resolve_strategy("random")[0], "random", cold=True)
    if taught.known.classes_seen() < min(2, taught.known.task.classes):
        return cold
    named = before.get("strategy") == cold.name.partition("(")[0] != own.name  # as older rounds tell it
    begun = before.get("cold", named) and not own.strategy.relabels
    return cold if begun and not beats_shares(taught) else own


def beats_shares(taught: Taught) -> bool:
    """Say whether models that were trained without a label foretell it better than the shares of the classes do.

    By more than one standard error of the gain in log loss, over five stratified folds; the shares are smoothed by one
    label of each class. True where labels are more than one class (spans, boxes), and are not told apart here.
    """
    learner, known = taught.learner, taught.known
    codes = known.targets()
    if codes.dtype != np.int64 or codes.ndim != 1 or not {"probs", "decision"} & learner.provides:
        return True
    features, classes = taught.model.encoded.features, known.task.classes
    labelled = (features[known.labelled], codes)
    logits = cross_fitted(learner, labelled, pool=features, classes=classes, rng=_rng(taught))
    rows = np.arange(len(codes))
    fold = deal(codes, _rng(taught))  # the same folds: the generator starts anew
    held = np.array([np.bincount(codes[fold == f], minlength=classes) for f in range(fold.max() + 1)])
    left = held.sum(axis=0) - held[fold]
    shares = (left + 1.0) / (left + 1.0).sum(axis=1, keepdims=True)
    gain = log_softmax(logits)[rows, codes] - np.log(shares[rows, codes])
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def _rng(taught: Taught) -> np.random.Generator:
    return Draw(taught.seed, taught.known.position).rng("cold")
