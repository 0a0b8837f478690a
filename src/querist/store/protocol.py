"""What a store is: the only part that remembers. An append-only log of answers, leases, and the current ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from querist.tasks.protocol import Answer


class Event(NamedTuple):
    """One answer in the log. Positions count from 1 and only grow."""

    position: int
    answer: Answer
    at: int
    """Milliseconds since 1970."""


class Ranked(NamedTuple):
    """One place in a ranking."""

    item: str
    value: float
    """The acquisition value, higher was more informative."""
    propensity: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Ranking:
    """A queue: the batch in order, then the reserve. ``info`` is JSON: how it was made.

    ``at`` is the time when the store took it, in milliseconds since 1970; it is read, never given.
    """

    position: int
    """The log position that it has seen."""
    queue: Sequence[Ranked]
    info: Mapping[str, Any] = field(default_factory=dict)
    at: int = field(default=0, compare=False)


class Published(NamedTuple):
    """Which ranking is current, without its queue."""

    round: int
    position: int
    info: Mapping[str, Any]
    at: int
    """When the store took it, in milliseconds since 1970."""


class Claim(NamedTuple):
    """An item handed out to one person until ``expires`` (milliseconds since 1970)."""

    item: str
    who: str
    token: str
    expires: int
    round: int
    rank: int
    """The index of its place in that round's queue."""
    value: float
    propensity: float | None
    reason: str


class Counts(NamedTuple):
    """How many items are in which state; they add up to the number of items."""

    open: int
    """Free to hand out, or leased."""
    answered: int
    aside: int
    """Only skipped or unsure so far: offered again last."""
    leased: int
    """Of those not answered, under a lease that has not run out."""


class Store(Protocol):
    """Where a study remembers. Every method is one short transaction; any number of processes may call at once.

    All raise StoreFailed with a reason instead of a database error.
    """

    def add_items(self, items: Sequence[tuple[str, int]]) -> int:
        """Append (id, key) pairs in order; ids that are there already are left alone. Returns how many were new."""
        ...

    def items(self) -> list[str]:
        """List all ids in ingest order."""
        ...

    def rank(self, ranking: Ranking) -> int:
        """Publish a ranking by one pointer swap, and give its round (1, 2, …).

        A ranking for the position and info of the current one is the same ranking: its round is returned and nothing
        changes. Readers see the old ranking whole or the new one whole.
        """
        ...

    def ranking(self, round: int | None = None) -> Ranking | None:
        """Read back a round's ranking (default: the current one); None before the first, and for no such round.

        Of a round that was replaced, the info is whole and the queue is cut after the batch (``info["batch"]`` places)
        or the last place that was handed out, whichever is later: the rest of the reserve is dropped.
        """
        ...

    def published(self, round: int | None = None) -> Published | None:
        """Say which ranking is current, or tell of a round's, without reading its queue; None where there is none."""
        ...

    def claim(self, who: str, n: int, *, seconds: float = 600.0, overlap: int = 1) -> list[Claim]:
        """Hand out up to n items to a person, atomically.

        The person's own open leases come first and are extended to ``seconds`` from now (n = 0 only extends); those on
        items that k people have answered in the meantime end. Then
        items of the current ranking in rank order that are unanswered, not leased, and, with overlap k, answered or
        leased by fewer than k people, none of them this one. Items that somebody set aside come last, those this
        person set aside at the very end. An empty list means that none is free now, not that all is done: see
        ``counts``.
        """
        ...

    def leases(self) -> list[Claim]:
        """List every lease that has not run out."""
        ...

    def release(self, who: str, items: Sequence[str] | None = None) -> None:
        """Give back a person's leases, all or those on some items."""
        ...

    def record(self, answers: Sequence[Answer]) -> list[int]:
        """Append answers to the log and end the leases of their authors on those items, in one transaction.

        Returns their positions; when it returns, the answers are on the disk. An answer whose ``uid`` is in the log
        already is not appended again: its position is returned, or BadInput raised if it is another answer's. A late
        answer, without a valid lease, is kept all the same; a note changes no state and ends no lease. Raises
        UnknownItem, and then appends nothing.
        """
        ...

    def events(self, after: int = 0) -> list[Event]:
        """Read the log after a position, in order."""
        ...

    def counts(self) -> Counts:
        """Count items by state, from maintained state, not by reading the log."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, replacing what was there."""
        ...

    def get(self, name: str) -> bytes | None:
        """Read the bytes under a name."""
        ...

    def hold(self, name: str, who: str, seconds: float) -> bool:
        """Take or extend a named lock (the step lease); False while somebody else holds it. seconds = 0 frees it."""
        ...

    def wait(self, after: int, seconds: float) -> int:
        """Wait until the log is longer than ``after``, at most some seconds; returns the log's last position."""
        ...

    def close(self) -> None:
        """Close the connections; the store cannot be used afterwards."""
        ...
