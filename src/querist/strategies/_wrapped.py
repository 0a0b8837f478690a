"""What the strategies share that hold another strategy, ``of``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np

from querist._arrays import Floats, Rows
from querist._load import make, spec_of
from querist.errors import BadEvidence, BadInput
from querist.strategies.protocol import Strategy, host
from querist.view import Draw, Need, Ragged, Selection, View

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


def picked(chosen: Selection, places: Rows) -> Selection:
    """Take some picks of a choice, in the order given, each with what the choice says of it; no propensity any more.

    >>> picked(Selection(np.array([7, 8, 9]), np.arange(3.0), said={"class": [0, 1, 2]}), np.array([2, 0])).said
    {'class': [2, 0]}
    """
    said = chosen.said
    if said is not None:
        said = {name: [entries[at] for at in places.tolist()] for name, entries in said.items()}
    asks = None if chosen.asks is None else _padded(chosen.asks, len(chosen)).take(places)
    return Selection(chosen.rows[places], chosen.value[places], None, chosen.reason, chosen.memo, asks, said)


def joined(parts: Sequence[Selection]) -> Selection:
    """Put choices behind each other, with what each says of its picks, and None where one says nothing of its own.

    The reason is the first that is given, and so is each entry of the memo; the propensity is not known any more.

    >>> first = Selection(np.array([7]), np.zeros(1), said={"class": [3]})
    >>> joined([first, Selection(np.array([8]), np.zeros(1))]).said
    {'class': [3, None]}
    """
    rows, value = (np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "value"))
    memo = {name: value for part in reversed(parts) for name, value in (part.memo or {}).items()}
    names = dict.fromkeys(name for part in parts for name in part.said or {})
    said = {name: [entry for part in parts for entry in _said(part, name)] for name in names}
    asks = None
    if any(part.asks is not None for part in parts):
        asks = _joined_asks([(part.asks, len(part)) for part in parts])
    reason = next((part.reason for part in parts if part.reason), "")
    return Selection(rows, value, None, reason, memo or None, asks, said or None)


def _said(chosen: Selection, name: str) -> Sequence[Any]:
    return (chosen.said or {}).get(name, [None] * len(chosen))


def _padded(asks: Ragged, n: int) -> Ragged:
    """Write out that the items behind the end are asked whole."""
    return Ragged(asks.values, np.pad(asks.starts, (0, n - len(asks)), mode="edge"))


def _joined_asks(parts: Sequence[tuple[Ragged | None, int]]) -> Ragged:
    whole = Ragged(np.empty((0, 2), np.int64), np.zeros(1, np.int64))
    written = [_padded(whole if asks is None else asks, n) for asks, n in parts]
    starts = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(asks.starts) for asks in written]))])
    return Ragged(np.concatenate([asks.values for asks in written]), starts.astype(np.int64))


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
