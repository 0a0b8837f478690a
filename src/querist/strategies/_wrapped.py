"""What the strategies share that hold another strategy, ``of``."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from querist._arrays import Floats, Rows
from querist._load import make, spec_of
from querist.errors import BadEvidence, BadInput
from querist.strategies.protocol import Strategy, host
from querist.view import Draw, Need, Selection, View

SLACK = 1e-3
"""Probabilities in single precision may sum to a little more than 1, and a margin then lies below −1."""


class Wrapped(Strategy, Protocol):
    """A strategy around another one: it asks for what that one asks for, and for ``adds`` and ``watches`` beside it."""

    of: str | Strategy

    adds: ClassVar[frozenset[Need]] = frozenset()
    watches: ClassVar[frozenset[str]] = frozenset()

    @cached_property
    def inner(self) -> Strategy:
        """The strategy inside."""
        return built(self.of)

    @property
    def needs(self) -> frozenset[Need]:
        """Name the evidence that both need."""
        return self.inner.needs | self.adds

    @property
    def either(self) -> tuple[Need, ...]:
        """Name the kinds of evidence of which the inner strategy needs one."""
        return self.inner.either

    @property
    def context(self) -> frozenset[str]:
        """Name what both look at beside the evidence on the rows."""
        return self.inner.context | self.watches

    @property
    def joint(self) -> bool:
        """Say whether the inner choice is joint."""
        return self.inner.joint

    @property
    def cold(self) -> str | None:
        """Name the rule that stands in at the start for the inner strategy."""
        return self.inner.cold

    @property
    def most_classes(self) -> int | None:
        """Give the largest number of classes that the inner strategy is defined for."""
        return self.inner.most_classes

    @property
    def floor(self) -> float:
        """Give the score at which the inner strategy expects nothing."""
        return self.inner.floor

    @property
    def calibrated(self) -> bool:
        """Say whether the inner strategy asks for tempered probabilities."""
        return self.inner.calibrated

    @property
    def relabels(self) -> bool:
        """Say whether the inner strategy asks for second opinions."""
        return self.inner.relabels


def adopt(rule: Strategy, *names: str) -> None:
    """Keep the strategies in some fields of a new wrapper as their specifications, those that have one.

    So that ``subsample(of=Margin())`` is ``subsample(of='margin')``: equal, printed alike, and stored by a study.
    Raises UnknownName, BadInput.
    """
    for name in names:
        of = getattr(rule, name)
        object.__setattr__(rule, name, spec_of(built(of, name), "strategies") or of)


def built(of: object, name: str = "of") -> Strategy:
    """Build the strategy that a field names or holds.

    >>> built("power-bald(beta=4)")
    PowerBald(beta=4)
    """
    if isinstance(of, str):
        rule: Strategy = make("strategies", of)
        return rule
    if isinstance(of, type) or not hasattr(of, "select"):
        raise BadInput(f"{name} must be a strategy or its specification, such as 'margin': got {of!r}")
    return of  # type: ignore[return-value]


def check_row_wise(rule: Strategy, name: str, of: object) -> None:
    """Raise BadInput when a strategy that must rank rows one by one chooses them jointly."""
    if rule.joint:
        raise BadInput(f"{name} must score the rows one by one, and {of!r} chooses them jointly: use margin, bald …")


def choose_among(rule: Strategy, view: View, rows: Rows, *, n: int, draw: Draw) -> Selection:
    """Let a strategy choose min(n, R) of some rows as if there were no others; it scores and sees only those.

    Shapes: rows intp [R], R ≥ 1 → positions into the view. Cost: the strategy's on R rows.
    """
    part = view.take(rows)
    chosen = rule.select(part, host(rule.score(part, draw)), n=min(n, len(rows)), draw=draw)
    return replace(chosen, rows=rows[chosen.rows])


def above_floor(rule: Strategy, name: str, view: View, draw: Draw) -> Floats:
    """Score each row by how far it lies above the score at which a strategy expects nothing; [N], 0 or more.

    Raises BadEvidence for a score below: its powers and its ratios would mean nothing.
    """
    above = host(rule.score(view, draw)) - rule.floor
    if len(above) and above.min() < -SLACK:
        at = int(above.argmin())
        raise BadEvidence(
            f"{name} needs scores of {rule.floor:g} or more: row {at} (item {view.ids[at]!r}) scores "
            f"{above[at] + rule.floor:.6g}; use softmax or softrank, which take any score, or probabilities as evidence"
        )
    return np.maximum(above, 0.0)


def without(rows: Rows, n: int) -> Rows:
    """Give the positions 0 … n − 1 that are not among some rows, in order.

    >>> without(np.array([2, 0]), 4).tolist()
    [1, 3]
    """
    left = np.ones(n, bool)
    left[rows] = False
    return np.flatnonzero(left)
