"""A store in memory: one process, gone when it ends. Simulations and tests use it; each call costs microseconds."""

from __future__ import annotations

import json
import math
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from querist.errors import StoreFailed
from querist.store.protocol import Claim, Counts, Event, Published, Ranked, Ranking
from querist.store.rules import (
    LONGEST_HINT,
    Clock,
    Sent,
    check_answer,
    check_claim,
    check_hold,
    check_items,
    check_ranking,
    check_same,
    check_text,
    kept_rows,
    milliseconds,
    plain,
    shift,
    standing,
    unknown,
)
from querist.tasks.protocol import Answer


@dataclass(slots=True)
class _State:
    """What happened to one item; an item that nobody touched has none."""

    labels: int = 0
    asides: int = 0
    standing: dict[str, str] = field(default_factory=dict)
    holders: dict[str, Claim] = field(default_factory=dict)

    def free(self, who: str, overlap: int) -> bool:
        """Say whether a person may get the item."""
        taken = self.labels + len(self.holders)
        return taken < overlap and who not in self.holders and self.standing.get(who) != "label"


_UNTOUCHED = _State()


@dataclass(slots=True)
class _Cursor:
    """How far one person has been served, and the places behind that became free again (a heap)."""

    overlap: int
    front: int = 0
    behind: list[int] = field(default_factory=list)


class _Round(NamedTuple):
    position: int
    info: str
    rows: tuple[Ranked, ...]
    at: int


class _Queue:
    """The current ranking. A cursor per person moves forward, so that no claim passes the same place twice."""

    def __init__(self, rows: Sequence[Ranked], states: dict[str, _State]) -> None:
        self.rows = tuple(rows)
        self.place = {row.item: place for place, row in enumerate(rows)}
        self.aside = {p for item, p in self.place.items() if states.get(item, _UNTOUCHED).asides}
        self.reach = 0
        self._cursors: dict[tuple[str, int], _Cursor] = {}

    def ahead(self, who: str, overlap: int) -> Iterator[int]:
        """Give the places that may be free for a person, in rank order, each once until it changes."""
        cursor = self._cursors.setdefault((who, overlap), _Cursor(overlap))
        while cursor.behind or cursor.front < len(self.rows):
            if cursor.behind:
                yield heappop(cursor.behind)
            else:
                cursor.front += 1
                yield cursor.front - 1

    def changed(self, item: str, state: _State) -> None:
        """Note that an item has been answered, or that a lease on it has ended."""
        place = self.place.get(item)
        if place is None:
            return
        (self.aside.add if state.asides else self.aside.discard)(place)
        if state.asides:
            return
        for cursor in self._cursors.values():
            if place < cursor.front and state.labels < cursor.overlap:
                heappush(cursor.behind, place)


class MemoryStore:
    """A store in memory with the contract of every store; any number of threads may call at once.

    Cost: ``record``, ``claim`` and ``counts`` O(1) per answer and item, amortised over a ranking (a claim that reaches
    the items set aside sorts those); ``rank`` O(length of the ranking).

    >>> store = MemoryStore()
    >>> store.add_items([("a", 1), ("b", 2)])
    2
    >>> store.rank(Ranking(0, [Ranked("b", 0.9), Ranked("a", 0.1)]))
    1
    >>> [claim.item for claim in store.claim("ann", 1)]
    ['b']
    >>> store.record([Answer("b", "cat", who="ann")])
    [1]
    >>> store.counts()
    Counts(open=1, answered=1, aside=0, leased=0)
    """

    def __init__(self, *, clock: Clock = milliseconds) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._closed = False
        self._keys: dict[str, int] = {}
        self._states: dict[str, _State] = {}
        self._log: list[Event] = []
        self._uids: dict[str, int] = {}
        self._answered = self._aside = 0
        self._held: dict[str, dict[str, Claim]] = {}
        self._leased: set[str] = set()
        self._earliest = math.inf
        self._rounds: list[_Round] = []
        self._queue = _Queue((), {})
        self._bytes: dict[str, bytes] = {}
        self._locks: dict[str, tuple[str, int]] = {}

    def _open(self) -> threading.Condition:
        if self._closed:
            raise StoreFailed("this store is closed: open it again")
        return self._changed

    def add_items(self, items: Sequence[tuple[str, int]]) -> int:
        """Append (id, key) pairs in order; returns how many were new."""
        check_items(items)
        with self._open():
            before = len(self._keys)
            for id, key in items:
                self._keys.setdefault(id, key)
            return len(self._keys) - before

    def items(self) -> list[str]:
        """List all ids in ingest order."""
        with self._open():
            return list(self._keys)

    # Rankings.

    def rank(self, ranking: Ranking) -> int:
        """Publish a ranking, and give its round."""
        info = check_ranking(ranking)
        with self._open():
            self._must_know([row.item for row in ranking.queue])
            last = self._rounds[-1] if self._rounds else None
            if last is not None and (last.position, last.info) == (ranking.position, info):
                return len(self._rounds)
            if last is not None:
                kept = kept_rows(json.loads(last.info), self._queue.reach)
                self._rounds[-1] = last._replace(rows=last.rows[:kept])
            self._queue = _Queue(ranking.queue, self._states)
            self._rounds.append(_Round(ranking.position, info, self._queue.rows, self._clock()))
            return len(self._rounds)

    def ranking(self, round: int | None = None) -> Ranking | None:
        """Read back a round's ranking (default: the current one); None when there is none."""
        with self._open():
            number = len(self._rounds) if round is None else round
            if not 0 < number <= len(self._rounds):
                return None
            found = self._rounds[number - 1]
            return Ranking(found.position, found.rows, json.loads(found.info), found.at)

    def published(self, round: int | None = None) -> Published | None:
        """Say which ranking is current, or tell of a round's, without its queue."""
        with self._open():
            number = len(self._rounds) if round is None else round
            if not 0 < number <= len(self._rounds):
                return None
            found = self._rounds[number - 1]
            return Published(number, found.position, json.loads(found.info), found.at)

    # Leases.

    def claim(self, who: str, n: int, *, seconds: float = 600.0, overlap: int = 1) -> list[Claim]:
        """Hand out up to n items to a person, own leases first."""
        check_claim(n, seconds, overlap)
        check_text("who", who)
        with self._open():
            now = self._clock()
            self._expire(now)
            until = now + round(seconds * 1000)
            self._earliest = min(self._earliest, until)
            own = self._extend(who, until, overlap)
            if len(own) < n:
                places = islice(self._free(who, overlap), n - len(own))
                own += [self._grant(place, who, until) for place in places]
            return own[:n]

    def _extend(self, who: str, until: int, overlap: int) -> list[Claim]:
        for item in list(self._held.get(who, ())):
            if self._states[item].labels >= overlap:
                self._end(item, who)
        held = self._held.get(who, {})
        for item, claim in held.items():
            held[item] = self._states[item].holders[who] = claim._replace(expires=until)
        return list(held.values())

    def _free(self, who: str, overlap: int) -> Iterator[int]:
        queue = self._queue
        for place in queue.ahead(who, overlap):
            state = self._states.get(queue.rows[place].item, _UNTOUCHED)
            if not state.asides and state.free(who, overlap):
                yield place
        aside = ((place, self._states[queue.rows[place].item]) for place in queue.aside)
        free = [(who in state.standing, place) for place, state in aside if state.free(who, overlap)]
        yield from (place for _, place in sorted(free))

    def _grant(self, place: int, who: str, until: int) -> Claim:
        row = self._queue.rows[place]
        claim = Claim(
            row.item, who, secrets.token_hex(8), until, len(self._rounds), place, row.value, row.propensity, row.reason
        )
        self._held.setdefault(who, {})[row.item] = claim
        state = self._states.setdefault(row.item, _State())
        state.holders[who] = claim
        self._note(row.item, state)
        self._queue.reach = max(self._queue.reach, place + 1)
        return claim

    def _expire(self, now: int) -> None:
        """End the leases that have run out; ``_earliest`` may be too early but is never too late."""
        if now < self._earliest:
            return
        out = [claim for held in self._held.values() for claim in held.values()]
        for claim in out:
            if claim.expires <= now:
                self._end(claim.item, claim.who)
        self._earliest = min((claim.expires for claim in out if claim.expires > now), default=math.inf)

    def _end(self, item: str, who: str) -> None:
        state = self._states.get(item)
        if state is not None and state.holders.pop(who, None) is not None:
            held = self._held[who]
            del held[item]
            if not held:
                del self._held[who]
            self._note(item, state)
            self._queue.changed(item, state)

    def _note(self, item: str, state: _State) -> None:
        """Keep the set of items that are leased and not answered."""
        (self._leased.add if state.holders and not state.labels else self._leased.discard)(item)

    def leases(self) -> list[Claim]:
        """List every open lease, in the order they were handed out to each person."""
        with self._open():
            self._expire(self._clock())
            return [claim for held in self._held.values() for claim in held.values()]

    def release(self, who: str, items: Sequence[str] | None = None) -> None:
        """Give back a person's leases, all or those on some items."""
        with self._open():
            for item in list(self._held.get(who, ())) if items is None else items:
                self._end(item, who)

    # The log.

    def record(self, answers: Sequence[Answer]) -> list[int]:
        """Append answers to the log and end their authors' leases; returns their positions."""
        for answer in answers:
            check_answer(answer)
        kept = [plain(answer) for answer in answers]
        with self._open():
            self._must_know([answer.item for answer in kept])
            self._check_uids(kept)
            now = self._clock()
            positions = [self._append(answer, now) for answer in kept]
            self._changed.notify_all()
            return positions

    def _must_know(self, items: Sequence[str]) -> None:
        missing = [item for item in items if item not in self._keys]
        if missing:
            raise unknown(missing, list(islice(self._keys, LONGEST_HINT)))

    def _check_uids(self, answers: Sequence[Answer]) -> None:
        seen: dict[str, Answer] = {}
        for answer in answers:
            if answer.uid is None:
                continue
            position = self._uids.get(answer.uid)
            first = seen.setdefault(answer.uid, answer) if position is None else self._log[position - 1].answer
            check_same(answer.uid, Sent.of(first), Sent.of(answer))

    def _append(self, answer: Answer, now: int) -> int:
        position = self._uids.get(answer.uid) if answer.uid is not None else None
        if position is not None:
            return position
        position = len(self._log) + 1
        self._log.append(Event(position, answer, now))
        if answer.uid is not None:
            self._uids[answer.uid] = position
        if answer.kind != "note":
            self._stand(answer)
        return position

    def _stand(self, answer: Answer) -> None:
        state = self._states.setdefault(answer.item, _State())
        after = standing(answer)
        labels, asides = shift(state.standing.pop(answer.who, None), after)
        if after is not None:
            state.standing[answer.who] = after
        self._count(state, -1)
        state.labels, state.asides = state.labels + labels, state.asides + asides
        self._count(state, 1)
        self._end(answer.item, answer.who)
        self._note(answer.item, state)
        self._queue.changed(answer.item, state)

    def _count(self, state: _State, by: int) -> None:
        if state.labels:
            self._answered += by
        elif state.asides:
            self._aside += by

    def events(self, after: int = 0) -> list[Event]:
        """Read the log after a position, in order."""
        with self._open():
            return self._log[max(after, 0) :]

    def counts(self) -> Counts:
        """Count items by state."""
        with self._open():
            self._expire(self._clock())
            free = len(self._keys) - self._answered - self._aside
            return Counts(free, self._answered, self._aside, len(self._leased))

    def wait(self, after: int, seconds: float) -> int:
        """Wait until the log is longer than ``after``, at most some seconds; returns its last position."""
        with self._open():
            self._changed.wait_for(lambda: self._closed or len(self._log) > after, seconds)
        with self._open():
            return len(self._log)

    # Names.

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, replacing what was there."""
        check_text("a name", name)
        with self._open():
            self._bytes[name] = bytes(data)

    def get(self, name: str) -> bytes | None:
        """Read the bytes under a name."""
        with self._open():
            return self._bytes.get(name)

    def hold(self, name: str, who: str, seconds: float) -> bool:
        """Take, extend or free a named lock; False while somebody else holds it."""
        check_hold(seconds)
        check_text("a name", name)
        check_text("who", who)
        with self._open():
            now = self._clock()
            holder, until = self._locks.get(name, (who, 0))
            if holder != who and until > now:
                return False
            self._locks[name] = (who, now + round(seconds * 1000))
            return True

    def close(self) -> None:
        """Close the store; it cannot be used afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
