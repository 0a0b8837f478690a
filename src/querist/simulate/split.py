"""Data for a simulation: training items, test items, initial set, the same for every strategy of a seed."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows
from querist._draw import Draw
from querist.data import Dataset, Pool
from querist.data.columns import Columns, refit
from querist.data.records import Records
from querist.errors import BadData, BadInput
from querist.simulate.plan import Plan
from querist.tasks import Label


@dataclass(frozen=True, eq=False)
class Source:
    """A pool with the label of every item, and test items of its own or None."""

    name: str
    pool: Pool
    labels: tuple[Label, ...]
    test: Source | None = None

    @cached_property
    def digest(self) -> str:
        """Digest ids, items, groups and labels; hex, O(size of the data)."""
        state = blake2b(digest_size=16)
        for part in (json.dumps(self.pool.ids), _bytes(self.pool.items), json.dumps(self.labels, default=str)):
            raw = part.encode() if isinstance(part, str) else part
            state.update(len(raw).to_bytes(8, "little"))
            state.update(raw)
        state.update(b"" if self.pool.group is None else np.ascontiguousarray(self.pool.group).tobytes())
        state.update(b"" if self.test is None else self.test.digest.encode())
        return state.hexdigest()


def _table(pool: Pool) -> Any:
    """Give the table of which the features were made, or None."""
    made = pool.kind == "record" and Columns.of(pool) is not None and isinstance(pool.records, Records)
    return pool.records.table if made else None  # type: ignore[union-attr]


def _bytes(items: Any) -> bytes:
    if hasattr(items, "indptr"):
        parts = [np.asarray(p) for p in (items.data, items.indices, items.indptr)]
        return json.dumps(items.shape).encode() + b"".join(p.tobytes() for p in parts)
    array = np.asarray(items)
    if array.dtype == object:
        return json.dumps(array.tolist(), default=repr).encode()
    return f"{array.dtype.str}{array.shape}".encode() + np.ascontiguousarray(array).tobytes()


def source_of(data: Dataset, test: Dataset | None = None) -> Source:
    """Keep the labelled rows of a data set; a simulation has nobody to ask about the others.

    Raises BadData.
    """
    if data.labels is None or all(label is None for label in data.labels):
        raise BadData(
            f"a simulation needs known labels to answer with: {data.name or 'data'!r} has none; name the label column"
        )
    rows = np.array([i for i, label in enumerate(data.labels) if label is not None], np.intp)
    whole = len(rows) == len(data.pool)
    labels = tuple(data.labels[i] for i in rows.tolist())
    inner = None if test is None else source_of(test)
    return Source(data.name or "data", data.pool if whole else data.pool.take(rows), labels, inner)


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows in ingest order, test rows (of the source, or of its own test items), and the initial ids.

    ``initial`` is None when a strategy chooses it.
    """

    source: Source
    train: Rows
    test: Rows
    initial: tuple[str, ...] | None

    @property
    def pool(self) -> Pool:
        """The training items, in ingest order; those of a table encoded by what the training rows alone say."""
        pool, columns = self.source.pool.take(self.train), self._columns
        return pool if columns is None else replace(pool, items=columns.encode(_table(pool)))

    @property
    def _columns(self) -> Columns | None:
        """Fit the encoding of a table on the training rows; None where nothing is cut, or it is no table."""
        table = None if self.source.test is not None else _table(self.source.pool)
        return None if table is None else refit(table.take(self.train), self.source.pool.about.get("told", ()))

    @property
    def labels(self) -> dict[str, Label]:
        """The true label of each training item."""
        return {self.source.pool.ids[i]: self.source.labels[i] for i in self.train.tolist()}

    @property
    def _tested(self) -> Source:
        return self.source if self.source.test is None else self.source.test

    @property
    def test_items(self) -> Any:
        """The test items in raw form, encoded as the training items are."""
        pool, columns = self._tested.pool, self._columns
        return pool.items[self.test] if columns is None else columns.encode(_table(pool).take(self.test))

    @property
    def truth(self) -> tuple[Label, ...]:
        """The true labels of the test items."""
        return tuple(self._tested.labels[i] for i in self.test.tolist())

    @property
    def all_labels(self) -> tuple[Label, ...]:
        """Every label of training and test items, for the list of classes."""
        return (*self.source.labels, *(() if self.source.test is None else self.source.test.labels))

    @cached_property
    def digest(self) -> str:
        """Digest the data and the cut."""
        parts = [self.source.digest, self.train.tolist(), self.test.tolist(), self.initial]
        return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def split(source: Source, plan: Plan, seed: int) -> Split:
    """Cut a source by a seed; rows of one group (a patient, a video) stay on one side.

    Every choice is keyed by the item, so it does not depend on the order of the data. Raises BadInput.
    """
    everything = np.arange(len(source.pool), dtype=np.intp)
    if source.test is None:
        held = _held_out(source, plan, Draw(seed))
        train, test = everything[~held], everything[held]
    else:
        train, test = everything, np.arange(len(source.test.pool), dtype=np.intp)
    if not len(train) or not len(test):
        raise BadInput(
            f"{source.name!r} has too few items to split: {len(train)} for training, {len(test)} for testing"
        )
    if plan.initial > len(train):
        raise BadInput(f"initial asks for {plan.initial} items: {source.name!r} has {len(train)} for training")
    return Split(source, train, test, _initial(source, train, plan, draw=Draw(seed)))


def _held_out(source: Source, plan: Plan, draw: Draw) -> NDArray[np.bool_]:
    if source.pool.group is not None:
        return _whole_groups(source.pool.group, plan.test_size, draw)
    chance = draw.uniform(source.pool.keys, "simulate/split")
    if not plan.stratify or not _are_classes(source.labels):
        return _lowest(chance, plan.test_size)
    held = np.zeros(len(chance), bool)
    for rows in _by_class(source.labels):
        held[rows] = _lowest(chance[rows], plan.test_size)
    return held


def _lowest(chance: Floats, share: float) -> NDArray[np.bool_]:
    count = round(share * len(chance))
    held = np.zeros(len(chance), bool)
    held[np.argsort(chance, kind="stable")[:count]] = True
    return held


def _whole_groups(group: NDArray[np.int64], share: float, draw: Draw) -> NDArray[np.bool_]:
    """Take groups in a random order until the share of rows is reached."""
    names, sizes = np.unique(group, return_counts=True)
    order = np.argsort(draw.uniform(names.astype(np.uint64), "simulate/split"), kind="stable")
    before = np.cumsum(sizes[order]) - sizes[order]
    return np.isin(group, names[order[before < share * len(group)]])


def _are_classes(labels: Sequence[Label]) -> bool:
    return all(isinstance(label, Hashable) for label in labels)


def _by_class(labels: Sequence[Label]) -> list[Rows]:
    found: Mapping[Label, int] = {c: i for i, c in enumerate(dict.fromkeys(labels))}
    codes = np.array([found[label] for label in labels])
    return [np.flatnonzero(codes == code) for code in range(len(found))]


def _initial(source: Source, train: Rows, plan: Plan, *, draw: Draw) -> tuple[str, ...] | None:
    if plan.initial_by not in ("random", "stratified"):
        return None
    rank = draw.uniform(source.pool.keys[train], "simulate/initial")
    if plan.initial_by == "stratified":
        rank = _class_rank([source.labels[i] for i in train.tolist()], rank)
    chosen = train[np.argsort(rank, kind="stable")[: plan.initial]]
    return tuple(source.pool.ids[i] for i in chosen.tolist())


def _class_rank(labels: Sequence[Label], chance: Floats) -> Floats:
    """Rank rows so that a prefix holds every class once, then the classes in proportion.

    The r-th row of a class of m rows gets (r + u) / m, its first row −1 + u: the classes fill up evenly.
    """
    if not _are_classes(labels):
        raise BadInput("initial_by='stratified' needs labels that are classes: use 'random' or a strategy")
    rank = np.empty(len(chance))
    for rows in _by_class(labels):
        order = rows[np.argsort(chance[rows], kind="stable")]
        place = np.arange(len(order))
        rank[order] = np.where(place == 0, -1.0 + chance[order], (place + chance[order]) / len(order))
    return rank
