"""A store as plain as can be, and a machine that drives it beside a real one.

Nothing here is clever: every question is answered by reading the whole log again, so that it can be checked by eye
against the words of ``querist.store.protocol.Store``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from querist.errors import BadInput
from querist.store.protocol import Claim, Counts, Ranked, Ranking, Store
from querist.tasks.protocol import Answer

ITEMS = tuple(f"item {i}" for i in range(7))
PEOPLE = ("ann", "bob", "cleo")


@dataclass
class HandClock:
    """A clock that a test moves by hand, in milliseconds since 1970."""

    now: int = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * 1000)


MakeStore: TypeAlias = Callable[[HandClock], Store]
"""Makes a new, empty store that tells the time by a clock."""


@dataclass
class Model:
    """The store as the protocol describes it, O(whole log) a call."""

    clock: HandClock
    ids: list[str] = field(default_factory=list)
    log: list[Answer] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    given: list[Claim] = field(default_factory=list)

    def standing(self, item: str) -> dict[str, str]:
        """Give each person's standing kind of answer on an item."""
        kinds: dict[str, str] = {}
        for answer in self.log:
            if answer.item == item and answer.kind != "note":
                kinds[answer.who] = answer.kind
        return {who: kind for who, kind in kinds.items() if kind != "retract"}

    def labelled_by(self, item: str) -> set[str]:
        """Name the people whose label stands."""
        return {who for who, kind in self.standing(item).items() if kind == "label"}

    def set_aside_by(self, item: str) -> set[str]:
        """Name the people whose skip or unsure stands."""
        return set(self.standing(item)) - self.labelled_by(item)

    def leases(self) -> list[Claim]:
        """Give the open leases, in the order they were handed out."""
        return [claim for claim in self.given if claim.expires > self.clock()]

    def _free(self, item: str, who: str, overlap: int) -> bool:
        taken = self.labelled_by(item) | {claim.who for claim in self.leases() if claim.item == item}
        return len(taken) < overlap and who not in taken

    def _order(self, item: str, who: str) -> int:
        aside = self.set_aside_by(item)
        return 2 if who in aside else 1 if aside else 0

    def claim(self, who: str, n: int, seconds: float, overlap: int) -> list[Claim]:
        """Hand out up to n items."""
        until = self.clock() + round(seconds * 1000)
        done = {item for item in self.ids if len(self.labelled_by(item)) >= overlap}
        self.given = [claim for claim in self.given if claim.who != who or claim.item not in done]
        self.given = [c._replace(expires=until) if c.who == who else c for c in self.leases()]
        own = [claim for claim in self.given if claim.who == who]
        queue = self.rankings[-1].queue if self.rankings else ()
        places = [(self._order(p.item, who), i, p) for i, p in enumerate(queue) if self._free(p.item, who, overlap)]
        for _, rank, place in sorted(places)[: max(n - len(own), 0)]:
            own.append(Claim(place.item, who, "", until, len(self.rankings), rank, *place[1:]))
            self.given.append(own[-1])
        return own[:n]

    def release(self, who: str, items: Sequence[str] | None) -> None:
        """Give leases back."""
        gone = ITEMS if items is None else items
        self.given = [claim for claim in self.given if claim.who != who or claim.item not in gone]

    def record(self, answer: Answer) -> int:
        """Append an answer."""
        for position, earlier in enumerate(self.log, start=1):
            if answer.uid is not None and earlier.uid == answer.uid:
                return position
        self.log.append(answer)
        if answer.kind != "note":
            self.release(answer.who, [answer.item])
        return len(self.log)

    def rank(self, ranking: Ranking) -> int:
        """Publish a ranking."""
        last = self.rankings[-1] if self.rankings else None
        if last is None or (last.position, last.info) != (ranking.position, ranking.info):
            self.rankings.append(ranking)
        return len(self.rankings)

    def counts(self) -> Counts:
        """Count items by state."""
        answered = {item for item in self.ids if self.labelled_by(item)}
        aside = {item for item in self.ids if self.set_aside_by(item)} - answered
        leased = {claim.item for claim in self.leases()} - answered
        return Counts(len(self.ids) - len(answered) - len(aside), len(answered), len(aside), len(leased))


def bare(claims: Sequence[Claim]) -> list[Claim]:
    """Strip the tokens, which are made by chance."""
    return [claim._replace(token="") for claim in claims]


_PEOPLE, _ITEMS = st.sampled_from(PEOPLE), st.sampled_from(ITEMS)
_QUEUES = st.lists(_ITEMS, unique=True)
_KINDS = st.sampled_from(["label", "label", "label", "skip", "unsure", "retract", "note"])
_UIDS = st.none() | st.sampled_from(["u1", "u2", "u3"])


class StoreMachine(RuleBasedStateMachine):
    """Any sequence of calls gives the same answers from a store and from the model; see ``machine``."""

    make: ClassVar[MakeStore]

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.model, self.store = Model(self.clock), type(self).make(self.clock)
        assert self.store.add_items([(item, i) for i, item in enumerate(ITEMS)]) == len(ITEMS)
        self.model.ids.extend(ITEMS)

    @rule(queue=_QUEUES, position=st.integers(0, 3))
    def rank(self, queue: list[str], position: int) -> None:
        """Publish the same ranking to both."""
        places = [Ranked(item, float(i), 0.5 if i % 2 else None, f"place {i}") for i, item in enumerate(queue)]
        ranking = Ranking(position, tuple(places), {"batch": 2})
        assert self.store.rank(ranking) == self.model.rank(ranking)

    @rule(who=_PEOPLE, n=st.integers(0, 4), overlap=st.integers(1, 3), seconds=st.sampled_from([1.0, 60.0]))
    def claim(self, who: str, n: int, overlap: int, seconds: float) -> None:
        """Ask both for items."""
        got = self.store.claim(who, n, seconds=seconds, overlap=overlap)
        assert bare(got) == self.model.claim(who, n, seconds, overlap)
        assert len({claim.token for claim in got}) == len(got)

    @rule(who=_PEOPLE, item=_ITEMS, kind=_KINDS, uid=_UIDS)
    def record(self, who: str, item: str, kind: Any, uid: str | None) -> None:
        """Tell both an answer."""
        said = {"label": "yes", "note": {"flag": True}}.get(kind)
        answer = Answer(item, said, kind, who, uid=uid)
        if uid is not None and any(known.uid == uid and known != answer for known in self.model.log):
            with pytest.raises(BadInput, match="belongs to another answer"):
                self.store.record([answer])
            return
        assert self.store.record([answer]) == [self.model.record(answer)]

    @rule(who=_PEOPLE, some=st.none() | _QUEUES)
    def release(self, who: str, some: list[str] | None) -> None:
        """Give leases back to both."""
        self.store.release(who, some)
        self.model.release(who, some)

    @rule(seconds=st.sampled_from([0.5, 1.0, 59.0]))
    def pass_by(self, seconds: float) -> None:
        """Let time pass for both."""
        self.clock.pass_by(seconds)

    @invariant()
    def agrees(self) -> None:
        """Both tell the same."""
        assert self.store.counts() == self.model.counts()
        assert [event.answer for event in self.store.events()] == self.model.log
        assert sorted(bare(self.store.leases())) == sorted(self.model.leases())
        ranking = self.store.ranking()
        assert ranking == (self.model.rankings[-1] if self.model.rankings else None)

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()


def machine(make: MakeStore) -> type[RuleBasedStateMachine]:
    """Make the machine that drives a store and the model side by side."""
    return type("Machine", (StoreMachine,), {"make": staticmethod(make)})
