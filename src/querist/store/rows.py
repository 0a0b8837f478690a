"""Rows that several kinds of transaction read and write: the counters and the items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from querist.store.rules import LONGEST_HINT, unknown
from querist.store.tables import head, item

Record: TypeAlias = Any  # a row of a result, its columns by name: the generic type differs between SQLAlchemy versions

MANY = 500
"""Values in one list of a statement; databases limit them."""
SOME: BindParameter[Any] = bindparam("some", expanding=True)
"""The list of values in a query that ``pieces`` runs."""

_HEAD = select(head)
_ITEMS = select(item.c.number, item.c.id, item.c.labels, item.c.asides).where(item.c.id.in_(SOME))
_FIRST_IDS = select(item.c.id).order_by(item.c.number).limit(LONGEST_HINT)


def read_head(connection: Connection) -> Record:
    """Read the one row with the counters."""
    return connection.execute(_HEAD).one()


def set_head(connection: Connection, **values: int) -> None:
    """Change the counters."""
    connection.execute(update(head).values(**values))


def pieces(connection: Connection, query: Any, values: Sequence[Any]) -> Iterator[Record]:
    """Run a query with a long list of values in pieces."""
    for start in range(0, len(values), MANY):
        yield from connection.execute(query, {"some": values[start : start + MANY]})


def find_items(connection: Connection, ids: Iterable[str]) -> dict[str, Record]:
    """Look up items by id; raises UnknownItem."""
    wanted = list(dict.fromkeys(ids))
    found = {row.id: row for row in pieces(connection, _ITEMS, wanted)}
    missing = [id for id in wanted if id not in found]
    if missing:
        raise unknown(missing, connection.execute(_FIRST_IDS).scalars().all())
    return found
