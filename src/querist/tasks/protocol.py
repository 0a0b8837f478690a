"""What a task is: the only part that knows the form of a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from querist.view import Evidence

Label: TypeAlias = Any
"""A label as people write it and as JSON stores it: for classification a string or an integer."""

Kind = Literal["label", "skip", "unsure", "retract", "note"]


class Remark(TypedDict, total=False):
    """What a person notes beside an item: a mark for a second look, words, or that the item was looked at again.

    ``informed`` says that the person's label before it was given with others' or the model's word in sight: it counts,
    but as no opinion of its own in the figures on people.
    """

    flag: bool
    comment: str
    reviewed: bool
    informed: bool


@dataclass(frozen=True)
class Answer:
    """What somebody said about an item.

    ``kind`` is "label" (then ``label`` is set), "skip" (not now), "unsure" (looked, cannot tell), "retract" (takes
    the person's earlier answer back) or "note" (a ``Remark`` beside the answer, as ``label``: it changes nothing else).
    ``seconds`` of work and ``cost`` are what the answer took. ``lease`` is the token under which the item was handed
    out, ``uid`` makes a repeated sending count once.
    """

    item: str
    label: Label = None
    kind: Kind = "label"
    who: str = ""
    seconds: float | None = None
    cost: float | None = None
    lease: str | None = None
    uid: str | None = None


class Suggestion(NamedTuple):
    """What the model would answer, and how sure it is: the probability that it is right, None where it gives none."""

    label: Label
    confidence: float | None


class Task(Protocol):
    """The form of a label: how it is checked, merged, coded, suggested and scored."""

    @property
    def classes(self) -> int:
        """Count the classes C."""
        ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """Describe the label as JSON for the app and the exports; ``tasks.from_schema`` builds the task again."""
        ...

    @property
    def unit(self) -> str:
        """Name the unit in which ``cost`` counts: items, boxes, tokens …"""
        ...

    @property
    def learner(self) -> str:
        """Name the learner of a study where nobody names one."""
        ...

    @property
    def strategy(self) -> str:
        """Name the strategy of a study where nobody names one."""
        ...

    @property
    def compared(self) -> tuple[str, ...]:
        """Name the strategies that a simulation compares where nobody names any."""
        ...

    def check(self, label: Label, item: Any = None) -> Label:
        """Give the label in its canonical form; raises BadLabel, listing near names.

        ``item`` is the labelled item as the pool keeps it, for what only the item can tell (a place in its text); None
        where it is not at hand.
        """
        ...

    def merge(self, answers: Sequence[Answer]) -> Label | None:
        """Agree on one label from the latest label of each person, in the order they came; None when there is none."""
        ...

    def encode(self, labels: Sequence[Label]) -> NDArray[Any]:
        """Code labels as a learner reads them, one row a label.

        Where a label is one class: 0 … C − 1, int64 [L]. Else what the task says: an object array [L] of arrays, or a
        table [L, C].
        """
        ...

    def named(self, label: Label) -> Sequence[Label]:
        """Name the classes that a canonical label holds, one time each time it holds them."""
        ...

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest a label from the evidence on one row; None when the evidence holds no prediction."""
        ...

    def losses(self, truth: NDArray[Any], evidence: Evidence) -> NDArray[np.float64]:
        """Give the loss of each row, [N]; its mean is the error of the first metric that is a mean over rows."""
        ...

    def metrics(self, truth: NDArray[Any], evidence: Evidence) -> dict[str, float]:
        """Compute every metric that the evidence allows, by name; lower is better only for ``log_loss`` and ``ece``."""
        ...

    def cost(self, label: Label, item: Any = None) -> float:
        """Count what the label costs, in the task's unit (items, tokens); ``item`` as in ``check``."""
        ...

    def units(self, item: str) -> Sequence[str]:
        """Name the askable parts of an item; just itself where an item is asked whole."""
        ...
