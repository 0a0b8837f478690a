"""The log folded into what the pages show: read once, then event by event, so that no request reads it whole."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable

from querist.store import Store
from querist.store.protocol import Event
from querist.store.rules import milliseconds
from querist.study.known import IMPORT
from querist.study.opinions import Opinions
from querist.tasks.protocol import Label, Task
from querist.web.models import Note

LONGEST_HISTORY = 1_000
"""Entries kept of each person."""
SPEED_MINUTES = 10
"""Minutes over which the speed of labelling is taken."""
FEW = 3
"""Fewer labels than these tell no speed of their own: they count over a minute at least."""


class Ledger:
    """What the log says up to a position. Cost O(people on the item) an event; any number of threads may call at once.

    ``classes`` counts the items of each class, ``people`` the items that each person labelled.
    """

    def __init__(self, store: Store, task: Task, overlap: int) -> None:
        self._store, self._task, self._overlap = store, task, overlap
        self._lock = threading.Lock()
        self._standing: dict[str, dict[str, Event]] = {}
        self._labels: dict[str, Label] = {}
        self._notes: dict[tuple[str, str], Note] = {}
        self._opinions = Opinions()
        self._history: dict[str, deque[Event]] = {}
        self._told: list[int] = []
        self._recent: deque[tuple[int, int]] = deque()
        self.classes: Counter[str] = Counter()
        self.people: Counter[str] = Counter()
        self.position = 0
        self.read()

    def read(self) -> None:
        """Fold in what was recorded since the last time, by whatever process."""
        with self._lock:
            for event in self._store.events(self.position):
                self._fold(event)
                self.position = event.position

    def _fold(self, event: Event) -> None:
        answer = event.answer
        history = self._history.setdefault(answer.who, deque(maxlen=LONGEST_HISTORY))
        history.append(event)
        self._opinions.take(answer)
        if answer.kind == "note":
            self._notes[answer.item, answer.who] = _together(self._notes.get((answer.item, answer.who)), answer.label)
            return
        self._told.append(event.position)
        people = self._standing.setdefault(answer.item, {})
        before = people.pop(answer.who, None)
        if answer.kind != "retract":
            people[answer.who] = event
        self.people[answer.who] += (answer.kind == "label") - (before is not None and before.answer.kind == "label")
        if answer.kind == "label" and answer.who != IMPORT and answer.seconds is not None:
            self._recent.append((event.at, event.at - round(1000 * answer.seconds)))
        self._relabel(answer.item, people.values())

    def _relabel(self, item: str, events: Iterable[Event]) -> None:
        given = [event.answer for event in events if event.answer.kind == "label"]
        if self._overlap == 1 or not given:
            label = given[-1].label if given else None
        else:
            label = self._task.merge([a for a in given if a.who != IMPORT] or given)
        before = self._labels.pop(item, None)
        if label is not None:
            self._labels[item] = label
        for sign, named in ((-1, before), (1, label)):
            for name in () if named is None else self._task.named(named):
                self.classes[str(name)] += sign

    def standing(self, item: str, who: str) -> Event | None:
        """Give a person's standing answer on an item."""
        return self._standing.get(item, {}).get(who)

    def informed(self, item: str, who: str) -> bool:
        """Say whether a person's standing label was given in a review."""
        return self._opinions.informed(item, who)

    def note(self, item: str, who: str) -> Note | None:
        """Give a person's flag and comment on an item."""
        return self._notes.get((item, who))

    def labelled(self) -> list[str]:
        """List the items with a label."""
        with self._lock:
            return list(self._labels)

    def label(self, item: str) -> Label | None:
        """Give the agreed label of an item."""
        return self._labels.get(item)

    def answered(self) -> list[tuple[str, list[str] | None, int]]:
        """List the items with answers: the names in the agreed label, None where it is set aside, and since when.

        The time is that of the first standing answer, in milliseconds since 1970.
        """
        with self._lock:
            found = []
            for item, people in self._standing.items():
                if not people:
                    continue
                label = self._labels.get(item)
                names = None if label is None else [str(name) for name in self._task.named(label)]
                found.append((item, names, min(event.at for event in people.values())))
            return found

    def history(self, who: str, n: int) -> list[Event]:
        """List what a person said, newest first."""
        with self._lock:
            found = list(self._history.get(who, ()))
        return found[: -n - 1 : -1]

    def since(self, position: int) -> int:
        """Count the answers after a position, notes left aside."""
        return len(self._told) - bisect_right(self._told, position)

    def per_minute(self) -> float:
        """Give the speed of all people together: timed labels a minute, pauses included, over the last ten minutes.

        Labels that nobody timed (a file's, many at once) are left out, as where the seconds of a label are told. Where
        the first of them began later than ten minutes ago, it is the speed since then; of one label or two over a
        minute at least.
        """
        now = milliseconds()
        with self._lock:
            while self._recent and self._recent[0][0] < now - 60_000 * SPEED_MINUTES:
                self._recent.popleft()
            if not self._recent:
                return 0.0
            began = max(min(began for _, began in self._recent), now - 60_000 * SPEED_MINUTES)
            least = 60_000 if len(self._recent) < FEW else 1_000
            return round(60_000 * len(self._recent) / max(now - began, least), 2)


def _together(before: Note | None, said: Label) -> Note:
    """Let what an earlier note said stand where the later one is silent."""
    flag = said.get("flag", False if before is None else before.flag)
    return Note(flag=flag, comment=said.get("comment", "" if before is None else before.comment))
