"""What a strategy sees: arrays only.

Axis letters: N items, C classes, K draws or members, D features, L labelled, M elements, n chosen.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, Rows, namespace, take
from querist._draw import Draw, keys_of

__all__ = ["NEEDS", "Draw", "Evidence", "Head", "Need", "Ragged", "Round", "Selection", "View"]

Need = Literal["probs", "decision", "draws", "mean_var", "embed", "head", "elements", "places", "paths", "cost"]
NEEDS: tuple[Need, ...] = get_args(Need)


@dataclass(frozen=True, eq=False)
class Ragged:
    """A run of rows for each item: item i owns values[starts[i]:starts[i+1]].

    Shapes: values [M, …], starts int64 [N+1] from 0 to M, never falling.

    >>> Ragged(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 3])).take(np.array([1])).values.tolist()
    [[2.0], [3.0]]
    """

    values: Array
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, rows: Rows) -> Ragged:
        """Take the runs of some items; cost O(elements taken)."""
        sizes = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        picked = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], sizes)
        return Ragged(take(self.values, picked), starts)


@dataclass(frozen=True, eq=False)
class Head:
    """A linear last layer on the embedding: logits = embed @ weight.T + bias.

    Shapes: weight [C, D], bias [C], covariance [P, P] of the flattened (weight, bias) or None. ``prior`` is the
    precision of the normal prior under which it was fitted, that is of the penalty ½·prior·‖weight‖²; None: not known.
    """

    weight: Array
    bias: Array
    covariance: Array | None = None
    prior: float | None = None


Evidence: TypeAlias = Mapping[Need, Any]


@dataclass(frozen=True, eq=False)
class Round:
    """One earlier round, read from the log: which items were chosen, what they turned out to be.

    Shapes: keys uint64 [n] (as in View.keys), labels int64 [n] (-1 = no answer yet), value [n]. memo and said are what
    the rule had left in its Selection, said with n entries each.
    """

    keys: NDArray[np.uint64]
    labels: NDArray[np.int64]
    value: Floats
    strategy: str
    memo: Mapping[str, Any] | None = None
    said: Mapping[str, Sequence[Any]] | None = None


@dataclass(frozen=True, eq=False)
class View:
    """The evidence on N rows, and the context a strategy may ask for; absent evidence is None.

    Shapes: ids N strings, keys uint64 [N], group int64 [N], time float64 [N] (of a row within its group, such as the
    number of a frame); probs [N, C] rows summing to 1; decision [N, C]
    (two classes: [N, 1], the signed distance towards class 1); draws [N, K, C], in a regression [N, K, 1];
    mean_var [N, 2], the variance 0 or more; embed [N, D]; elements, places, paths Ragged over N; cost [N]. labelled: a
    View of the L rows already asked, with the same evidence; labels int64 [L], -1 = answer pending; outcomes float64
    [L], the real answers of a regression, NaN = answer pending; votes Ragged [(annotator, class)] over L; targets: a
    View of the rows on which coverage and expected error are measured; past: earlier rounds.

    A Study passes the rows sorted by key, so nothing depends on the order of the pool.
    """

    ids: Sequence[str]
    keys: NDArray[np.uint64]
    group: NDArray[np.int64] | None = None
    time: Floats | None = None
    probs: Array | None = None
    decision: Array | None = None
    draws: Array | None = None
    mean_var: Array | None = None
    embed: Array | None = None
    head: Head | None = None
    elements: Ragged | None = None
    places: Ragged | None = None
    paths: Ragged | None = None
    cost: Array | None = None
    labelled: View | None = None
    labels: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    outcomes: Floats = field(default_factory=lambda: np.empty(0))
    votes: Ragged | None = None
    targets: View | None = None
    past: tuple[Round, ...] = ()

    @staticmethod
    def of(
        evidence: Evidence,
        *,
        ids: Sequence[str],
        keys: NDArray[np.uint64] | None = None,
        group: NDArray[np.int64] | None = None,
        time: Floats | None = None,
    ) -> View:
        """Build a view of rows without context.

        >>> len(View.of({"probs": np.full((2, 2), 0.5)}, ids=["a", "b"]))
        2
        """
        known = keys_of(ids) if keys is None else keys
        return View(ids=ids, keys=known, group=group, time=time, **dict(evidence))

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def notes(self) -> dict[Hashable, Any]:
        """Hold what a strategy works out in ``score`` and needs again in ``select``; a copy starts empty."""
        return {}

    def take(self, rows: Rows) -> View:
        """Take some rows; the context stays as it is."""
        values: dict[str, Any] = {need: _take(getattr(self, need), rows) for need in NEEDS}
        ids = [self.ids[i] for i in rows.tolist()]
        group = None if self.group is None else self.group[rows]
        time = None if self.time is None else self.time[rows]
        return replace(self, ids=ids, keys=self.keys[rows], group=group, time=time, **values)

    def evidence(self) -> dict[Need, Any]:
        """Give the row evidence that is present, by name."""
        return {need: getattr(self, need) for need in NEEDS if getattr(self, need) is not None}

    @staticmethod
    def concat(views: Sequence[View]) -> View:
        """Join rows of views that carry the same evidence; the context is the first one's."""
        if len(views) == 1:
            return views[0]
        values: dict[str, Any] = {need: _concat([getattr(v, need) for v in views]) for need in NEEDS}
        ids = [i for v in views for i in v.ids]
        told: dict[str, Any] = {name: _joined([getattr(v, name) for v in views]) for name in ("group", "time")}
        return replace(views[0], ids=ids, keys=np.concatenate([v.keys for v in views]), **told, **values)


def _joined(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if len(there) == len(parts) else None


def _take(value: Any, rows: Rows) -> Any:
    if value is None or isinstance(value, Head):
        return value
    return value.take(rows) if isinstance(value, Ragged) else take(value, rows)


def _concat(values: list[Any]) -> Any:
    first = values[0]
    if first is None or isinstance(first, Head):
        return first
    if isinstance(first, Ragged):
        sizes = np.concatenate([np.diff(v.starts) for v in values])
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        flat = [v.values for v in values]
        return Ragged(namespace(*flat).concat(flat, axis=0), starts)
    return namespace(*values).concat(values, axis=0)


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows a strategy chose, best first.

    Shapes: rows intp [n] distinct positions into the view; value float64 [n], the acquisition value at the time of
    the pick, higher is more informative; propensity float64 [n], the probability of the pick given those before,
    None when the rule is deterministic. memo is JSON, so that choosers can keep state in the log. said, JSON too: lists
    of n entries that say something of each pick, and go with it where a wrapper takes some. asks: Ragged over n, int64
    [S, 2], the runs of elements (the first, the one after the last) of each item that are to be asked; an item
    without a run is asked whole, and so are those behind its end; None: all of them.
    """

    rows: Rows
    value: Floats
    propensity: Floats | None = None
    reason: str = ""
    memo: Mapping[str, Any] | None = None
    asks: Ragged | None = None
    said: Mapping[str, Sequence[Any]] | None = None

    def __post_init__(self) -> None:
        assert len(self.rows) == len(self.value)
        assert self.asks is None or len(self.asks) <= len(self.rows)
        for name, entries in (self.said or {}).items():
            assert len(entries) == len(self.rows), f"said[{name!r}]: {len(entries)} entries for {len(self.rows)} picks"

    def __len__(self) -> int:
        return len(self.rows)
