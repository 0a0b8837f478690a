"""The log folded into what is known now: which rows are labelled, with which class, and which were set aside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.data import Pool
from querist.estimate.pace import Pace
from querist.store.protocol import Event
from querist.study.audit import Reserve
from querist.study.opinions import Opinions
from querist.tasks import Classification
from querist.tasks.crowd import Crowd
from querist.tasks.protocol import Answer, Label, Task
from querist.view import Ragged

UNKNOWN = -1
LABELLED = 0
"""The code of a label that is more than one class."""
IMPORT = "import"
"""Who gave the labels that came with the data."""


class Known:
    """What the log says up to a position; kept up to date event by event, O(1) each.

    Where several people answer the same items (``overlap``), who looks at the labels finds a consensus over all of
    them, made when somebody looks. ``reserved`` bool [N] marks the rows of the audit. ``pace`` tells how fast people
    label.
    """

    def __init__(self, task: Task, pool: Pool, overlap: int = 1, reserve: Reserve | None = None) -> None:
        self.task = task
        self._reserve = reserve
        self.overlap = overlap
        self.position = 0
        self.pace = Pace()
        self._labels: dict[str, Label] = {}
        self.aside: set[str] = set()
        self._answers: dict[str, dict[str, Answer]] = {}
        self._people: dict[str, int] = {}
        self._shared: set[str] = set()
        self._opinions = Opinions()
        self._judged: tuple[int, Crowd | None] = (-1, None)
        self._told, self._settled = 0, (0, 0)
        self._plain = task.encode([]).dtype == np.int64 and task.encode([]).ndim == 1
        self._grow(pool)

    def _grow(self, pool: Pool) -> None:
        self.pool = pool
        self.reserved = np.zeros(len(pool), bool) if self._reserve is None else self._reserve.mask(pool)
        self._order = self._reserve.order(pool) if self._reserve and self._reserve.mode == "sample" else None
        self._codes: NDArray[np.int64] = np.full(len(pool), UNKNOWN, np.int64)
        for item, label in self._labels.items():
            self._code(item, label)

    def use(self, pool: Pool) -> None:
        """Take over a pool that has grown at its end."""
        if pool is not self.pool:
            self._grow(pool)

    def _code(self, item: str, label: Label | None) -> None:
        row = self.pool.rows([item])[0]
        self._codes[row] = UNKNOWN if label is None else self.task.encode([label])[0] if self._plain else LABELLED

    @property
    def labels(self) -> dict[str, Label]:
        """The agreed label of each labelled item."""
        self._settle()
        return self._labels

    @property
    def codes(self) -> NDArray[np.int64]:
        """The class of each row in ingest order, int64 [N], −1 without a label.

        Where a label is more than one class (spans, sets), it only tells the labelled rows.
        """
        self._settle()
        return self._codes

    def read(self, events: Iterable[Event]) -> None:
        """Fold in the events after the position."""
        for event in events:
            self._fold(event.answer)
            if event.answer.who != IMPORT:
                self._opinions.take(event.answer)
            if event.answer.kind == "label" and event.answer.who != IMPORT:
                self.pace.add(event.answer.who, event.at, event.answer.seconds)
            self.position = event.position
        if self._order is not None:
            self.reserved[:] = False
            self.reserved[self._order[: self._sampled(self._order)]] = True

    def _sampled(self, order: Rows) -> int:
        """Count the first rows, in random order, that hold the members that a sample needs; all while they are few."""
        assert self._reserve is not None
        sought, count = self._reserve.members
        there = order[: self.counted(order)]
        members = np.flatnonzero(self.codes[there] == sought)
        return int(members[count - 1]) + 1 if len(members) >= count else len(order)

    def as_of(self, position: int, items: int, events: Iterable[Event]) -> Known:
        """Read the log anew up to a position, when the pool had so many items."""
        known = Known(self.task, self.pool.first(items), self.overlap, self._reserve)
        known.read(event for event in events if event.position <= position)
        return known

    def _fold(self, answer: Answer) -> None:
        if answer.kind == "note":
            return  # a remark for people: it never trains
        self._told += 1
        people = self._answers.setdefault(answer.item, {})
        people.pop(answer.who, None)
        if answer.kind != "retract":
            people[answer.who] = answer
            self._people.setdefault(answer.who, len(self._people))
        given = [a for a in people.values() if a.kind == "label"]
        label = self._agree(given) if given else None
        if label is None:
            self._labels.pop(answer.item, None)
        else:
            self._labels[answer.item] = label
        several = sum(a.who != IMPORT for a in given) > 1
        (self._shared.add if several else self._shared.discard)(answer.item)
        set_aside = not given and bool(people)
        (self.aside.add if set_aside else self.aside.discard)(answer.item)
        self._code(answer.item, label)

    def _agree(self, given: list[Answer]) -> Label | None:
        """Take the latest label where one is enough; else merge, a label that came with the data giving way."""
        if self.overlap == 1:
            return given[-1].label
        return self.task.merge([a for a in given if a.who != IMPORT] or given)

    def _settle(self) -> None:
        """Merge the answers on shared items anew, as the crowd that gave them is judged now."""
        now = self._told, self._opinions.changes
        if self.overlap == 1 or self._settled == now:
            return
        if not isinstance(self.task, Classification):
            return
        self._settled, crowd = now, self.crowd  # None also undoes what an earlier crowd had merged
        for item in self._shared:
            given = [a for a in self._answers[item].values() if a.kind == "label" and a.who != IMPORT]
            self._labels[item] = self.task.merge(given, crowd)
            self._code(item, self._labels[item])

    @property
    def crowd(self) -> Crowd | None:
        """Judge the people by the items that they share; None where no two answered one, or labels are not classes.

        Fitted to all opinions, anew when one of them has changed; labels that came with the data are nobody's, and
        those given in a review are none.
        """
        if not self._opinions.shared or not isinstance(self.task, Classification):
            return None
        if self._judged[0] != self._opinions.changes:
            code = {label: at for at, label in enumerate(self.task.labels)}
            said = [_coded(people, code) for people in self._opinions.all()]
            self._judged = (self._opinions.changes, Crowd.of(said, classes=self.task.classes))
        return self._judged[1]

    def shared(self) -> list[dict[str, int]]:
        """Say of each item on which two have an opinion who said which class (its code); none but for classes."""
        if not isinstance(self.task, Classification):
            return []
        code = {label: at for at, label in enumerate(self.task.labels)}
        return [_coded(self._opinions.of(item), code) for item in sorted(self._opinions.shared)]

    def votes(self, rows: Rows) -> Ragged:
        """Give who named which class of some rows: pairs (person, class code), none where there is no label.

        People are numbered in the order in which they first answered anything.
        """
        code = {str(name): at for at, name in enumerate(self.task.schema["labels"])}
        pairs: list[tuple[int, int]] = []
        starts = [0]
        for row in rows.tolist():
            given = [answer for answer in self.answers(self.pool.ids[row]) if answer.kind == "label"]
            said = ((self._people[a.who], name) for a in given for name in self.task.named(a.label))
            pairs += [(who, code[str(name)]) for who, name in said]
            starts.append(len(pairs))
        return Ragged(np.array(pairs, np.int64).reshape(-1, 2), np.array(starts, np.int64))

    def unfinished(self) -> list[str]:
        """List the items with some labels, but of fewer than ``overlap`` people, in ingest order."""
        if self.overlap == 1:
            return []
        counts = {item: sum(a.kind == "label" for a in self._answers[item].values()) for item in self._labels}
        return [item for item in self.pool.ids if 0 < counts.get(item, 0) < self.overlap]

    def open_again(self) -> NDArray[np.bool_]:
        """Mark the labelled rows that fewer than ``overlap`` people have labelled; bool [N]."""
        mask = np.zeros(len(self.pool), bool)
        mask[self.pool.rows(self.unfinished())] = True
        return mask

    def answers(self, item: str) -> tuple[Answer, ...]:
        """Give the standing answers on an item, one per person, in the order they came."""
        return tuple(self._answers.get(item, {}).values())

    @property
    def answered(self) -> Rows:
        """The labelled rows in ingest order, those of the audit too."""
        return np.flatnonzero(self.codes != UNKNOWN)

    @property
    def labelled(self) -> Rows:
        """The labelled rows in ingest order that a model may be trained on: not those of the audit."""
        return np.flatnonzero((self.codes != UNKNOWN) & self.trains)

    @property
    def ended(self) -> bool:
        """Say whether the study has ended, so that nothing is kept apart any more."""
        return self._reserve is not None and self._reserve.mode == "final"

    @property
    def trains(self) -> NDArray[np.bool_]:
        """Mark the rows whose labels may train: all but the audit's, or with those that were scored, or all; [N]."""
        mode = "apart" if self._reserve is None else self._reserve.mode
        if mode == "final":
            return np.ones(len(self.pool), bool)
        mask = ~self.reserved
        if mode == "prequential" and self._reserve is not None:
            order = self._reserve.order(self.pool)
            mask[order[: self.counted(order)]] = True
        return mask

    def counted(self, order: Rows) -> int:
        """Count how far some rows are answered or set aside without a gap."""
        gap = (row for row, code in enumerate(self.codes[order].tolist()) if code < 0)
        return next((at for at in gap if self.pool.ids[order[at]] not in self.aside), len(order))

    def set_aside(self) -> list[str]:
        """List the items set aside, in ingest order."""
        return [self.pool.ids[row] for row in np.sort(self.pool.rows(list(self.aside))).tolist()] if self.aside else []

    def classes_seen(self) -> int:
        """Count the classes that have a label."""
        if not self._plain:
            return len({name for label in self.labels.values() for name in self.task.named(label)})
        seen = self.codes[self.labelled]
        return int(np.count_nonzero(np.bincount(seen))) if len(seen) else 0

    def targets(self) -> NDArray[Any]:
        """Give what a learner learns of the labelled rows: their codes, or what the task makes of their labels."""
        rows = self.labelled
        if self._plain:
            return self.codes[rows]
        return self.task.encode([self.labels[self.pool.ids[row]] for row in rows.tolist()])


def _coded(people: dict[str, Label], code: dict[Any, int]) -> dict[str, int]:
    return {who: code[label] for who, label in people.items()}
