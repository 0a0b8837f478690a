"""Handing items out: one exclusive transaction finds free places and leases them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from querist.store.protocol import Claim
from querist.store.rows import MANY, Record, read_head, set_head
from querist.store.tables import item, lease, queue, standing


class Wanted(NamedTuple):
    """What a person asks for, ``now`` and ``until`` in milliseconds."""

    who: str
    n: int
    overlap: int
    now: int
    until: int


def _free(*, own: bool) -> Select[Any]:
    """Select free places of the current ranking at one level of ``labels``, in rank order.

    The inner query is one run of the index ``queue_state``, which holds all that it reads: so SQLite prefers it to the
    primary key, along which it would pass everything answered so far. ``own``: those that the person set aside; else
    those without any answer of the person.
    """
    holders = select(func.count()).select_from(lease).where(lease.c.item == queue.c.item).scalar_subquery()
    held = select(lease.c.item).where(lease.c.item == queue.c.item, lease.c.who == bindparam("who")).exists()
    said = select(standing.c.item).where(standing.c.item == queue.c.item, standing.c.who == bindparam("who"))
    answered = said.where(standing.c.kind != "label").exists() if own else ~said.exists()
    free = (
        select(queue.c.rank, queue.c.item)
        .where(queue.c.stage == bindparam("stage"), queue.c.aside == bindparam("aside"))
        .where(queue.c.labels == bindparam("level"), holders < bindparam("spare"), ~held, answered)
        .order_by(queue.c.rank)
        .limit(bindparam("n"))
        .subquery("free")
    )
    columns = item.c.number, item.c.id.label("item"), queue.c.rank, queue.c.value, queue.c.propensity, queue.c.reason
    return (
        select(*columns)
        .join_from(free, queue, (queue.c.stage == bindparam("stage")) & (queue.c.rank == free.c.rank))
        .join(item, item.c.number == free.c.item)
    )


_FREE, _OWN_ASIDE = _free(own=False), _free(own=True)
_CLASSES = ((0, _FREE), (1, _FREE), (1, _OWN_ASIDE))
"""First what nobody set aside, then what others did, at the very end what the person did."""
_EXPIRED = delete(lease).where(lease.c.expires <= bindparam("now"))
_DONE = delete(lease).where(
    lease.c.who == bindparam("of_who"),
    lease.c.item.in_(select(item.c.number).where(item.c.number == lease.c.item, item.c.labels >= bindparam("overlap"))),
)
_OPEN = select(*(c for c in lease.c if c.name != "item"), item.c.id.label("item")).join_from(lease, item)
_HELD = _OPEN.where(lease.c.who == bindparam("who")).order_by(lease.c.granted)
_LIVE = _OPEN.where(lease.c.expires > bindparam("now")).order_by(lease.c.granted)
_EXTEND = update(lease).where(lease.c.who == bindparam("of_who")).values(expires=bindparam("until"))
_TOP = select(func.max(queue.c.labels)).where(queue.c.stage == bindparam("stage"), queue.c.aside == bindparam("aside"))


def claim(connection: Connection, wanted: Wanted) -> list[Claim]:
    """Extend a person's leases, but for items that others have answered by now, and add free items up to n in all.

    Cost O(n + open leases), and with an overlap also the person's own answers that still wait for other people's.
    """
    head = read_head(connection)
    connection.execute(_EXPIRED, {"now": wanted.now})
    connection.execute(_DONE, {"of_who": wanted.who, "overlap": wanted.overlap})
    own = [_claim(row)._replace(expires=wanted.until) for row in connection.execute(_HELD, {"who": wanted.who})]
    if own:
        connection.execute(_EXTEND, {"of_who": wanted.who, "until": wanted.until})
    if len(own) < wanted.n and head.round:
        own += _grant(connection, head, wanted._replace(n=wanted.n - len(own)))
    return own[: wanted.n]


def _claim(row: Record) -> Claim:
    return Claim(row.item, row.who, row.token, row.expires, row.round, row.rank, row.value, row.propensity, row.reason)


def _grant(connection: Connection, head: Record, wanted: Wanted) -> list[Claim]:
    rows = list(_places(connection, head.stage, wanted))
    if not rows:
        return []
    claims = [Claim(row.item, wanted.who, secrets.token_hex(8), wanted.until, head.round, *row[2:]) for row in rows]
    leases = [
        {**claim._asdict(), "item": row.number, "granted": head.granted + i}
        for i, (row, claim) in enumerate(zip(rows, claims, strict=True), start=1)
    ]
    connection.execute(insert(lease), leases)
    reach = max(head.reach, *(claim.rank + 1 for claim in claims))
    set_head(connection, granted=head.granted + len(claims), reach=reach)
    return claims


def _places(connection: Connection, stage: int, wanted: Wanted) -> Iterator[Record]:
    left = wanted.n
    for aside, query in _CLASSES:
        if left == 0:
            return
        found: list[Record] = []
        for level in _levels(connection, stage, aside, wanted.overlap):
            values = {"stage": stage, "aside": aside, "level": level, "spare": wanted.overlap - level}
            found += connection.execute(query, {**values, "who": wanted.who, "n": left})
        best = sorted(found, key=attrgetter("rank"))[:left]
        left -= len(best)
        yield from best


def _levels(connection: Connection, stage: int, aside: int, overlap: int) -> range:
    """Give the numbers of labels at which an item may still be handed out, no more than occur."""
    if overlap == 1:
        return range(1)
    top = connection.execute(_TOP, {"stage": stage, "aside": aside}).scalar()
    return range(0 if top is None else min(overlap, top + 1))


def live(connection: Connection, now: int) -> list[Claim]:
    """List the leases that have not run out, in the order they were handed out."""
    return [_claim(row) for row in connection.execute(_LIVE, {"now": now})]


def count_leased(connection: Connection, now: int) -> int:
    """Count the items that are leased and have no label; cost O(open leases)."""
    query = select(func.count(lease.c.item.distinct())).join_from(lease, item)
    return connection.execute(query.where(lease.c.expires > now, item.c.labels == 0)).scalar_one()


def release(connection: Connection, who: str, ids: Sequence[str] | None) -> None:
    """End a person's leases, all or those on some items."""
    if ids is None:
        connection.execute(delete(lease).where(lease.c.who == who))
        return
    for start in range(0, len(ids), MANY):
        some = select(item.c.number).where(item.c.id.in_(ids[start : start + MANY]))
        connection.execute(delete(lease).where(lease.c.who == who, lease.c.item.in_(some)))
