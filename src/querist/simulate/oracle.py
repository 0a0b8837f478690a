"""Oracles: who answers in a simulation, perfectly or not; chance is keyed by the item, never by the order asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from querist._draw import Draw, keys_of
from querist.errors import BadInput, UnknownItem, near
from querist.tasks import Answer, Label

__all__ = ["WHO", "Missing", "Noisy", "Oracle", "People", "Perfect", "people_names", "spread"]

WHO = "oracle"
Oracle: TypeAlias = Callable[[Sequence[str]], Sequence[Answer]]


@dataclass(frozen=True, eq=False)
class Perfect:
    """Answer every item with its known label.

    ``cost`` and ``seconds`` map ids to what an answer takes; ids absent there take what the task says.
    Raises UnknownItem for an id without a label.

    >>> Perfect({"a": "cat"})(["a"])[0].label
    'cat'
    """

    labels: Mapping[str, Label]
    cost: Mapping[str, float] | None = None
    seconds: Mapping[str, float] | None = None
    who: str = WHO

    def __call__(self, ids: Sequence[str]) -> list[Answer]:
        """Answer the items, in their order."""
        return [self._answer(id) for id in ids]

    def _answer(self, id: str) -> Answer:
        if id not in self.labels:
            raise UnknownItem(f"the oracle knows no label of item {id!r}: {near(id, list(self.labels)[:10_000])}")
        seconds = None if self.seconds is None else self.seconds.get(id)
        cost = None if self.cost is None else self.cost.get(id)
        return Answer(id, self.labels[id], who=self.who, seconds=seconds, cost=cost)


@dataclass(frozen=True, eq=False)
class Noisy:
    """Replace a share of another oracle's labels by one of the other classes, uniformly.

    Formula: with probability ``rate`` the label becomes any of the C − 1 others, each with probability rate / (C − 1).
    The same item gets the same answer whenever it is asked. Raises BadInput.

    >>> wrong = Noisy(Perfect({"a": 0}), classes=[0, 1], rate=1.0, draw=Draw(0))
    >>> wrong(["a"])[0].label
    1
    """

    oracle: Oracle
    classes: Sequence[Label]
    rate: float
    draw: Draw

    def __post_init__(self) -> None:
        _check_rate("noise", self.rate)
        if self.rate > 0 and len(self.classes) < 2:
            raise BadInput(f"noise needs two classes or more: got {len(self.classes)}; leave the noise away")

    def __call__(self, ids: Sequence[str]) -> list[Answer]:
        """Answer the items, in their order."""
        keys = keys_of(ids)
        flip = self.draw.uniform(keys, "simulate/noise") < self.rate
        which = self.draw.uniform(keys, "simulate/noise/class")
        rows = zip(self.oracle(ids), flip.tolist(), which.tolist(), strict=True)
        return [self._flipped(answer, u) if wrong and answer.kind == "label" else answer for answer, wrong, u in rows]

    def _flipped(self, answer: Answer, u: float) -> Answer:
        others = [c for c in self.classes if c != answer.label]
        return replace(answer, label=others[int(u * len(others))])


@dataclass(frozen=True, eq=False)
class Missing:
    """Turn a share of another oracle's answers into "unsure"; what the answer took stays.

    Raises BadInput.

    >>> Missing(Perfect({"a": 0}), rate=1.0, draw=Draw(0))(["a"])[0].kind
    'unsure'
    """

    oracle: Oracle
    rate: float
    draw: Draw

    def __post_init__(self) -> None:
        _check_rate("missing", self.rate)

    def __call__(self, ids: Sequence[str]) -> list[Answer]:
        """Answer the items, in their order."""
        gone = self.draw.uniform(keys_of(ids), "simulate/missing") < self.rate
        return [_unsure(a) if g else a for a, g in zip(self.oracle(ids), np.asarray(gone).tolist(), strict=True)]


def spread(mean: float, people: int) -> tuple[float, ...]:
    """Spread error rates evenly from 0 to twice their mean, the first person the best; at most 1.

    >>> spread(0.25, 5)
    (0.05, 0.15, 0.25, 0.35, 0.45)
    """
    return tuple(min(round(2 * mean * (at + 0.5) / people, 12), 1.0) for at in range(people))


def people_names(count: int) -> tuple[str, ...]:
    """Name simulated people.

    >>> people_names(2)
    ('person 1', 'person 2')
    """
    return tuple(f"person {at}" for at in range(1, 1 + count))


@dataclass(frozen=True, eq=False)
class People:
    """Several oracles who answer in turn, each under a name; one alone is everybody's oracle.

    In each pass everybody has one turn, in a random order that is new each pass.

    >>> people = People((Perfect({}), Perfect({})), ("ann", "bob"))
    >>> sorted(people.order(turn, Draw(0)) for turn in (0, 1))
    [0, 1]
    """

    oracles: tuple[Oracle, ...]
    names: tuple[str, ...] = (WHO,)

    def order(self, turn: int, draw: Draw) -> int:
        """Say whose turn it is, as a place in ``oracles``."""
        count = len(self.oracles)
        chance = Draw(draw.seed, turn // count).rng("simulate/people").permutation(count)
        return int(chance[turn % count])


def _unsure(answer: Answer) -> Answer:
    return replace(answer, label=None, kind="unsure")


def _check_rate(name: str, rate: float) -> None:
    if not 0.0 <= rate <= 1.0:
        raise BadInput(f"{name} must be a share between 0 and 1: got {rate}")
