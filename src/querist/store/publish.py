"""Publishing a ranking: its rows are written beside the current ones in short transactions, then a swap shows them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, insert, literal, select, update

from querist.errors import QueristError, StoreFailed
from querist.store.database import Database
from querist.store.protocol import Published, Ranked, Ranking
from querist.store.rows import Record, find_items, read_head, set_head
from querist.store.rules import kept_rows
from querist.store.tables import answer, head, item, queue, ranking

CHUNK = 500
"""Rows written or removed in one transaction, so that nobody waits longer than some milliseconds."""
TURN = 0.003
"""Seconds between two of them: SQLite gives nobody a turn, and who waits for one looks every few milliseconds only."""
ABANDONED = 3_600_000
"""Milliseconds after which a ranking that was never published is taken for a dead process's."""

_ASIDE = case((item.c.asides > 0, 1), else_=0)
_PLACE = insert(queue).from_select(
    ["stage", "rank", "item", "value", "propensity", "reason", "labels", "aside"],
    select(
        *(bindparam(name, type_=queue.c[name].type).label(name) for name in ("stage", "rank")),
        item.c.number,
        *(bindparam(name, type_=queue.c[name].type).label(name) for name in ("value", "propensity", "reason")),
        item.c.labels,
        _ASIDE,
    ).where(item.c.id == bindparam("item")),
)


class Draft(NamedTuple):
    """A ranking to publish, its info as JSON, the time in milliseconds."""

    position: int
    info: str
    queue: Sequence[Ranked]
    now: int


def publish(database: Database, draft: Draft) -> int:
    """Publish a ranking and give its round; the current one stays whole until the swap. Raises UnknownItem."""
    same = database.read(lambda connection: _same(connection, draft))
    if same is not None:
        return same
    stage = database.write(lambda connection: _open_stage(connection, draft))
    try:
        for start in range(0, len(draft.queue), CHUNK):
            _fill(database, stage, start, draft.queue[start : start + CHUNK])
            time.sleep(TURN)
        round = database.write(lambda connection: _swap(connection, stage, draft))
    except QueristError:
        database.write(lambda connection: _abandon(connection, stage))
        raise
    finally:
        tidy(database, draft.now)
    return round


def _same(connection: Connection, draft: Draft) -> int | None:
    current = _current(connection)
    if current is not None and (current.position, current.info) == (draft.position, draft.info):
        return int(current.round)
    return None


def _current(connection: Connection) -> Record | None:
    return connection.execute(select(ranking).join_from(head, ranking, ranking.c.stage == head.c.stage)).one_or_none()


def _open_stage(connection: Connection, draft: Draft) -> int:
    last = read_head(connection)
    stage: int = last.staged + 1
    row = {"stage": stage, "position": draft.position, "info": draft.info, "began": last.position}
    connection.execute(insert(ranking), {**row, "loose": 1, "at": draft.now})
    set_head(connection, staged=stage)
    return stage


def _fill(database: Database, stage: int, start: int, rows: Sequence[Ranked]) -> None:
    values = [
        {
            "stage": stage,
            "rank": rank,
            "item": row.item,
            "value": float(row.value),
            "propensity": None if row.propensity is None else float(row.propensity),
            "reason": row.reason,
        }
        for rank, row in enumerate(rows, start)
    ]

    def fill(connection: Connection) -> None:
        if connection.execute(_PLACE, values).rowcount != len(values):
            find_items(connection, [row.item for row in rows])

    database.write(fill)


def _swap(connection: Connection, stage: int, draft: Draft) -> int:
    last = read_head(connection)
    same = _same(connection, draft)
    if same is not None:
        _abandon(connection, stage)
        return same
    staged = connection.execute(select(ranking.c.began).where(ranking.c.stage == stage)).scalar()
    if staged is None:
        raise StoreFailed("this ranking took more than an hour to write and was given up: rank again")
    _catch_up(connection, stage, staged)
    previous = _current(connection)
    if previous is not None:
        kept = kept_rows(json.loads(previous.info), last.reach)
        connection.execute(update(ranking).where(ranking.c.stage == last.stage).values(kept=kept))
    round: int = last.round + 1
    connection.execute(update(ranking).where(ranking.c.stage == stage).values(round=round))
    set_head(connection, round=round, stage=stage, reach=0)
    return round


def _catch_up(connection: Connection, stage: int, began: int) -> None:
    """Bring the rows of items that were answered since the writing began up to date."""
    since = select(answer.c.item).where(answer.c.position > began)
    labels = select(item.c.labels).where(item.c.number == queue.c.item).scalar_subquery()
    aside = select(_ASIDE).where(item.c.number == queue.c.item).scalar_subquery()
    rows = update(queue).where(queue.c.stage == stage, queue.c.item.in_(since))
    connection.execute(rows.values(labels=labels, aside=aside))


def _abandon(connection: Connection, stage: int) -> None:
    """Mark a ranking that is not published as one to remove."""
    unpublished = ranking.c.stage == stage, ranking.c.round.is_(None)
    connection.execute(update(ranking).where(*unpublished).values(at=literal(0)))


def tidy(database: Database, now: int) -> None:
    """Remove the reserves of replaced rankings, and rankings that were never published."""
    for row in database.read(lambda connection: list(_loose(connection, now))):
        _remove(database, row.stage, 0 if row.round is None else row.kept)
        database.write(lambda connection, row=row: _settle(connection, row))  # type: ignore[misc]


def _loose(connection: Connection, now: int) -> Iterator[Record]:
    current = select(head.c.stage).scalar_subquery()
    rows = connection.execute(select(ranking).where(ranking.c.loose == 1, ranking.c.stage != current))
    return (row for row in rows if row.round is not None or row.at < now - ABANDONED)


def _remove(database: Database, stage: int, kept: int) -> None:
    """Remove the rows of a ranking from ``kept`` on, the last ones first, a chunk in each transaction."""
    last = select(queue.c.rank).where(queue.c.stage == stage).order_by(queue.c.rank.desc()).limit(1)
    top = database.read(lambda connection: connection.execute(last).scalar())
    if top is None:
        return
    for start in range(top - top % CHUNK, kept - CHUNK, -CHUNK):
        some = delete(queue).where(queue.c.stage == stage, queue.c.rank >= max(start, kept))
        database.write(lambda connection, some=some: connection.execute(some))  # type: ignore[misc]
        time.sleep(TURN)


def _settle(connection: Connection, row: Record) -> None:
    if row.round is None:
        connection.execute(delete(ranking).where(ranking.c.stage == row.stage))
    else:
        connection.execute(update(ranking).where(ranking.c.stage == row.stage).values(loose=0))


def read_ranking(connection: Connection, round: int | None) -> Ranking | None:
    """Read a round's ranking, the current one for None; of a replaced one the rows that are kept."""
    found = _found(connection, round)
    if found is None:
        return None
    columns = item.c.id, queue.c.value, queue.c.propensity, queue.c.reason
    rows = select(*columns).join_from(queue, item).where(queue.c.stage == found.stage).order_by(queue.c.rank)
    if found.kept is not None:
        rows = rows.where(queue.c.rank < found.kept)
    places = tuple(Ranked(*row) for row in connection.execute(rows))
    return Ranking(found.position, places, json.loads(found.info), found.at)


def _found(connection: Connection, round: int | None) -> Record | None:
    if round is None:
        return _current(connection)
    return connection.execute(select(ranking).where(ranking.c.round == round)).one_or_none()


def read_published(connection: Connection, round: int | None) -> Published | None:
    """Read which ranking is current, or that of a round, without its queue."""
    found = _found(connection, round)
    return None if found is None else Published(found.round, found.position, json.loads(found.info), found.at)
