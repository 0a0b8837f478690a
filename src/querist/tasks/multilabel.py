"""A set of classes for each item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput, BadLabel
from querist.tasks._classes import OfClasses, as_class, in_order
from querist.tasks.protocol import Answer, Label, Suggestion
from querist.view import Evidence

Table = NDArray[np.int64]
"""Sets as rows of 0 and 1, [N, C]."""


@dataclass(frozen=True)
class Multilabel(OfClasses):
    """Any number of C classes for each item; a label is a list of them, in the order of ``labels``, or an empty list.

    A single class that stands alone is a set of one. Raises BadInput as Classification does.

    >>> task = Multilabel(("art", "sport", "war"))
    >>> task.check(["war", "art"]), task.encode([["war", "art"], []]).tolist()
    (['art', 'war'], [[1, 0, 1], [0, 0, 0]])
    """

    kind: ClassVar[str] = "multilabel"
    called: ClassVar[str] = "a task of several classes"
    unit: ClassVar[str] = "items"
    learner: ClassVar[str] = "binary-relevance"
    strategy: ClassVar[str] = "mean-entropy"
    compared: ClassVar[tuple[str, ...]] = ("random", "mean-entropy", "cvirs")

    @staticmethod
    def from_labels(labels: Iterable[Label | None]) -> Multilabel:
        """Make the task of the classes that occur, sorted; None is no label.

        >>> Multilabel.from_labels([["b"], None, [], ["a", "b"]]).labels
        ('a', 'b')
        """
        found = {as_class(name) for label in labels if label is not None for name in _listed(label)}
        return Multilabel(in_order(found))

    def check(self, label: Label, item: Any = None) -> list[str | int]:
        """Give the classes in the order of the task; raises BadLabel on an unknown one and on one named twice."""
        codes = [self._code[self._named(name)] for name in _listed(label)]
        if len(set(codes)) < len(codes):
            twice = next(code for at, code in enumerate(codes) if code in codes[:at])
            raise BadLabel(f"a set holds a class once: {self.labels[twice]!r} occurs twice in {label!r}")
        return [self.labels[code] for code in sorted(codes)]

    def merge(self, answers: Sequence[Answer]) -> list[str | int] | None:
        """Keep the classes that more than half of the people named; at just half, those of the earliest of the people.

        Each person's latest answer counts once. None when no label is left.

        >>> said = [Answer("i", ["a"], who="ann"), Answer("i", ["a", "b"], who="bob"), Answer("i", [], who="eve")]
        >>> Multilabel(("a", "b")).merge(said)
        ['a']
        """
        given: dict[str, list[str | int]] = {}
        for answer in answers:
            given.pop(answer.who, None)
            if answer.kind == "label":
                given[answer.who] = self.check(answer.label)
        if not given:
            return None
        votes, first = Counter(name for names in given.values() for name in names), next(iter(given.values()))
        return [name for name in self.labels if 2 * votes[name] + (name in first) > len(given)]

    def encode(self, labels: Sequence[Label]) -> Table:
        """Code sets as 0 and 1, int64 [L, C]; raises BadLabel. Cost O(L·C)."""
        table = np.zeros((len(labels), self.classes), np.int64)
        for row, label in enumerate(labels):
            table[row, [self._code[self._named(name)] for name in _listed(label)]] = 1
        return table

    def named(self, label: Label) -> list[str | int]:
        """Name the classes of a label."""
        return list(label)

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest the classes whose decision is positive; the evidence is decision [N, C], the log-odds of each.

        The confidence is the product of the classes' own: they are predicted one by one. None without a prediction.

        >>> said = Multilabel(("a", "b")).decode({"decision": np.log([[4.0, 0.25]])}, 0)
        >>> said.label, round(said.confidence, 4)
        (['a'], 0.64)
        """
        if evidence.get("decision") is None:
            return None
        odds = np.asarray(to_numpy(evidence["decision"]), np.float64)[row]
        sure = np.exp(-np.logaddexp(0.0, -np.abs(odds)).sum())
        return Suggestion([self.labels[code] for code in np.flatnonzero(odds > 0).tolist()], float(sure))

    def losses(self, truth: Table, evidence: Evidence) -> Floats:
        """Compute the share of the classes that are wrong, [N] in [0, 1]: the Hamming loss. Its mean is 1 − hamming."""
        return np.asarray((predicted(evidence) != truth).mean(axis=1), np.float64)

    def metrics(self, truth: Table, evidence: Evidence) -> dict[str, float]:
        """Compute micro_f1, macro_f1, hamming (the share of right decisions) and exact (of right sets); {} on no rows.

        F1 = 2·TP / (2·TP + FP + FN), over all decisions or the mean over the classes that occur in truth or prediction;
        0 where nothing does.
        """
        if len(truth) == 0:
            return {}
        said = predicted(evidence)
        right, both = (said & truth).sum(axis=0), said.sum(axis=0) + truth.sum(axis=0)
        f1 = 2 * right[both > 0] / both[both > 0]
        return {
            "micro_f1": float(2 * right.sum() / max(1, both.sum())),
            "macro_f1": float(f1.mean()) if len(f1) else 0.0,
            "hamming": float((said == truth).mean()),
            "exact": float((said == truth).all(axis=1).mean()),
        }

    def cost(self, label: Label, item: Any = None) -> float:
        """Count one item."""
        return 1.0

    def units(self, item: str) -> tuple[str, ...]:
        """Ask an item as a whole."""
        return (item,)


def predicted(evidence: Evidence) -> Table:
    """Give the predicted sets, [N, C]: the classes of positive decision. Raises BadInput when there is none."""
    if evidence.get("decision") is None:
        raise BadInput(f"a prediction of sets needs decision [N, C]: got {', '.join(evidence) or 'nothing'}")
    return np.asarray(np.asarray(to_numpy(evidence["decision"])) > 0, np.int64)


def _listed(label: Any) -> Sequence[Any]:
    if isinstance(label, list | tuple):
        return label
    if isinstance(label, str | int) and not isinstance(label, bool):
        return (label,)
    raise BadLabel(f"a label must be a list of classes, empty where none fits: got {label!r}")
