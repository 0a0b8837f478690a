"""One class for each item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput, BadLabel, near
from querist.tasks._classes import OfClasses, as_class, in_order
from querist.tasks._scores import accuracy, auroc, balanced_accuracy, ece, log_loss, macro_f1, sensitivity
from querist.tasks.crowd import Crowd
from querist.tasks.protocol import Answer, Label, Suggestion
from querist.view import Evidence, Need

Codes = NDArray[np.int64]
SAME = 1e-9
"""Classes whose probabilities differ by less are equal: rounding must not decide."""
OF_TWO_CLASSES = ("auroc", "sensitivity_at_95")
"""Metrics that are left out where the truth holds one class alone."""


@dataclass(frozen=True)
class Classification(OfClasses):
    """One of C classes for each item; a label is a string or an integer, its code the place in ``labels``.

    Labels are brought to their canonical form: NumPy's become Python's, whole floats integers, booleans "true" and
    "false", and blanks around a text go. Raises BadInput when there is no label, when two are the same, when one is
    anything else, or when a text stands for the list.

    >>> task = Classification.from_labels([3, 1, 2, 1])
    >>> task.labels, task.check("3"), task.encode([1, 3]).tolist()
    ((1, 2, 3), 3, [0, 2])
    """

    kind: ClassVar[str] = "classification"
    called: ClassVar[str] = "classification"
    unit: ClassVar[str] = "items"
    learner: ClassVar[str] = "linear"
    strategy: ClassVar[str] = "auto"
    compared: ClassVar[tuple[str, ...]] = ("random", "auto", "margin")

    @staticmethod
    def from_labels(labels: Iterable[Label | None]) -> Classification:
        """Make the task of the labels that occur, sorted: numbers by value, strings by code point; None is no label.

        >>> Classification.from_labels(["b", None, "a", "b"]).labels
        ('a', 'b')
        """
        found = {as_class(label) for label in labels if label is not None}
        return Classification(in_order(found))

    @cached_property
    def _spelt(self) -> dict[str, list[str | int]]:
        spelt: dict[str, list[str | int]] = {}
        for label in self.labels:
            spelt.setdefault(str(label), []).append(label)
        return spelt

    def check(self, label: Label, item: Any = None) -> str | int:
        """Give the label as the task spells it: "3" stands for 3 and 3 for "3" where only one of them is a class.

        Raises BadLabel with the near names.
        """
        if type(label) in (str, int) and label in self._code:
            return label  # type: ignore[no-any-return]
        try:
            plain = as_class(label)
        except BadInput:
            plain = ""
        if plain in self._code:
            return plain
        spelt = self._spelt.get(str(plain), [])
        if len(spelt) == 1:
            return spelt[0]
        said = label.item() if isinstance(label, np.generic) else label
        raise BadLabel(f"no class is called {said!r}: {near(str(said), self._spelt)}")

    def merge(self, answers: Sequence[Answer], crowd: Crowd | None = None) -> str | int | None:
        """Agree on one class, each person's latest answer counting once; a tie goes to the earliest answer.

        With the ``crowd`` that the people belong to, the class of the highest posterior under their confusion matrices
        (Dawid & Skene 1979), so that two people who are often wrong do not outvote one who is not; without it, the vote
        of the majority. The answer of one person alone stands as it is. A later ``retract``, ``skip`` or ``unsure``
        takes the person's label back. None when no label is left.

        >>> said = [Answer("i", "cat", who="ann"), Answer("i", "dog", who="bob"), Answer("i", "dog", who="eve")]
        >>> Classification(("cat", "dog")).merge(said), Classification(("cat", "dog")).merge(said[:2])
        ('dog', 'cat')
        """
        votes: dict[str, str | int] = {}
        for answer in answers:
            votes.pop(answer.who, None)  # a new answer also takes a new place in the order
            if answer.kind == "label":
                votes[answer.who] = self.check(answer.label)
        weight = self._counts(votes) if crowd is None or len(votes) < 2 else self._chances(votes, crowd)
        most = max(weight.values(), default=0.0)
        return next((label for label in votes.values() if weight[label] >= most - SAME), None)  # the earliest of equals

    def _counts(self, votes: Mapping[str, str | int]) -> dict[str | int, float]:
        return {label: float(count) for label, count in Counter(votes.values()).items()}

    def _chances(self, votes: Mapping[str, str | int], crowd: Crowd) -> dict[str | int, float]:
        chance = crowd.posterior({who: self._code[label] for who, label in votes.items()})
        return {label: float(chance[self._code[label]]) for label in votes.values()}

    def encode(self, labels: Sequence[Label]) -> Codes:
        """Code labels as 0 … C − 1, int64 [L]; raises BadLabel. Cost O(L)."""
        return np.fromiter((self._code[self.check(label)] for label in labels), np.int64, len(labels))

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest the most probable class and its probability, or by decision value alone without a confidence.

        A decision value is no probability, so the confidence is then None rather than a number that looks like one.
        Draws are averaged. None when the evidence predicts nothing.

        >>> Classification(("no", "yes")).decode({"probs": np.array([[0.2, 0.8]])}, 0)
        Suggestion(label='yes', confidence=0.8)
        >>> Classification(("no", "yes")).decode({"decision": np.array([[-1.5]])}, 0)
        Suggestion(label='no', confidence=None)
        """
        one: Evidence = {n: evidence[n][row : row + 1] for n in _PREDICTS if evidence.get(n) is not None}
        if not one:
            return None
        probs, code = probabilities(one), int(self._said(one)[0])
        return Suggestion(self.labels[code], None if probs is None else min(float(probs[0, code]), 1.0))

    def _said(self, evidence: Evidence) -> Codes:
        return np.minimum(predicted(evidence), self.classes - 1)  # one class, one column: the sign says nothing

    def losses(self, truth: Codes, evidence: Evidence) -> Floats:
        """Count 1 for each row whose predicted class is wrong, else 0; float64 [N]. Its mean is 1 − accuracy."""
        wrong: Floats = (self._said(evidence) != np.asarray(truth)).astype(np.float64)
        return wrong

    def metrics(self, truth: Codes, evidence: Evidence) -> dict[str, float]:
        """Compute accuracy, balanced_accuracy and macro_f1, and with probabilities more; {} on no rows.

        log_loss clips probabilities at the epsilon of float64 (2.2e-16); ece is that of the predicted class over 15
        bins of equal mass; auroc is the area under the ROC curve, sensitivity_at_95 the share of positives found at a
        specificity of 95 %, both of the last of two classes, else the mean over the classes that occur, each against
        the others; they are left out where the truth holds one class alone. Cost O(C·N log N).

        >>> found = Classification((0, 1)).metrics(np.array([0, 1, 1]), {"decision": np.array([[-1.0], [2.0], [-0.5]])})
        >>> {name: round(value, 4) for name, value in found.items()}
        {'accuracy': 0.6667, 'balanced_accuracy': 0.75, 'macro_f1': 0.6667}
        """
        truth = np.asarray(truth)
        if len(truth) == 0:
            return {}
        said, probs = self._said(evidence), probabilities(evidence)
        table = np.bincount(truth * self.classes + said, minlength=self.classes**2).reshape(self.classes, -1)
        found = {
            "accuracy": accuracy(table),
            "balanced_accuracy": balanced_accuracy(table),
            "macro_f1": macro_f1(table),
        }
        if probs is not None:
            confidence = probs[np.arange(len(said)), said]
            found |= {"log_loss": log_loss(truth, probs), "ece": ece(confidence, said == truth)}
            ranked = zip(OF_TWO_CLASSES, (auroc(truth, probs), sensitivity(truth, probs)), strict=True)
            found |= {name: value for name, value in ranked if value is not None}
        return found

    def named(self, label: Label) -> tuple[str | int]:
        """Name the one class of a label."""
        return (label,)

    def cost(self, label: Label, item: Any = None) -> float:
        """Count one item."""
        return 1.0

    def units(self, item: str) -> tuple[str, ...]:
        """Ask an item as a whole."""
        return (item,)


_PREDICTS: tuple[Need, ...] = ("probs", "draws", "decision")


def probabilities(evidence: Evidence) -> Floats | None:
    """Give the class probabilities [N, C], those of draws averaged; None when the evidence has none."""
    if evidence.get("probs") is not None:
        return np.asarray(to_numpy(evidence["probs"]), np.float64)
    if evidence.get("draws") is not None:
        mean: Floats = np.asarray(to_numpy(evidence["draws"]), np.float64).mean(axis=1)
        return mean
    return None


def predicted(evidence: Evidence) -> Codes:
    """Give the predicted class of each row, [N]: the most probable, or the largest decision value (for one column, its
    sign); the first of equals. Raises BadInput when the evidence predicts nothing.
    """
    values = probabilities(evidence)
    if values is None:
        if evidence.get("decision") is None:
            raise BadInput(f"a prediction needs probs, draws or decision: got {', '.join(evidence) or 'nothing'}")
        values = np.asarray(to_numpy(evidence["decision"]), np.float64)
        if values.shape[1] == 1:
            values = np.column_stack([-values[:, 0], values[:, 0]])
    codes: Codes = values.argmax(axis=1).astype(np.int64)
    return codes
