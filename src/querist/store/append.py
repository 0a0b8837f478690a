"""Appending answers to the log: one transaction, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from querist.store.rows import SOME, Record, find_items, pieces, read_head, set_head
from querist.store.rules import Sent, check_same, shift, standing
from querist.store.tables import answer, item, lease, queue
from querist.store.tables import standing as stands
from querist.tasks.protocol import Answer

T = TypeVar("T")

_UIDS = select(answer.c.uid, answer.c.position, answer.c.who, answer.c.kind, answer.c.label, item.c.id).join_from(
    answer, item
)
_UIDS = _UIDS.where(answer.c.uid.in_(SOME))
_STANDING = select(stands).where(stands.c.item.in_(SOME))
_STATE = (
    update(item)
    .where(item.c.number == bindparam("of_item"))
    .values(labels=bindparam("now_labels"), asides=bindparam("now_asides"))
)
_QUEUED = (
    update(queue)
    .where(queue.c.stage == bindparam("of_stage"), queue.c.item == bindparam("of_item"))
    .values(labels=bindparam("now_labels"), aside=bindparam("now_aside"))
)
_MINE = stands.c.item == bindparam("of_item"), stands.c.who == bindparam("of_who")
_STANDS_NOW = update(stands).where(*_MINE).values(kind=bindparam("now_kind"))
_STANDS_NO_MORE = delete(stands).where(*_MINE)
_END = delete(lease).where(lease.c.item == bindparam("of_item"), lease.c.who == bindparam("of_who"))


class Entry(NamedTuple):
    """A new row of the log."""

    position: int
    answer: Answer
    label: str | None
    """As JSON."""


class State(NamedTuple):
    """By how many people an item was labelled, and by how many set aside."""

    labels: int
    asides: int

    @property
    def aside(self) -> bool:
        """Whether the item was only set aside."""
        return self.asides > 0 and self.labels == 0


class Move(NamedTuple):
    """The state of an item before and after some answers."""

    item: int
    before: State
    after: State


def append(connection: Connection, answers: Sequence[Answer], labels: Sequence[str | None], now: int) -> list[int]:
    """Append answers, with their labels as JSON; returns positions. Raises UnknownItem."""
    head = read_head(connection)
    found = find_items(connection, (given.item for given in answers))
    positions, fresh = _number(answers, labels, _seen(connection, answers), head.position)
    if fresh:
        connection.execute(insert(answer), [_row(entry, found, now) for entry in fresh])
        said = [entry.answer for entry in fresh if entry.answer.kind != "note"]
        moves = _stand(connection, said, found)
        _set_states(connection, moves, stage=head.stage)
        set_head(connection, position=fresh[-1].position, **_tally(head, moves))
    return positions


def _seen(connection: Connection, answers: Sequence[Answer]) -> dict[str, tuple[int, Sent]]:
    uids = [given.uid for given in answers if given.uid is not None]
    rows = pieces(connection, _UIDS, uids)
    return {row.uid: (row.position, Sent(row.id, row.who, row.kind, row.label)) for row in rows}


def _number(
    answers: Sequence[Answer], labels: Sequence[str | None], seen: dict[str, tuple[int, Sent]], last: int
) -> tuple[list[int], list[Entry]]:
    """Give each answer its position, a new one unless its uid has one; and list the new ones."""
    positions: list[int] = []
    fresh: list[Entry] = []
    for given, label in zip(answers, labels, strict=True):
        sent = Sent(given.item, given.who, given.kind, label)
        if given.uid is not None and given.uid in seen:
            position, known = seen[given.uid]
            check_same(given.uid, known, sent)
        else:
            position = last + len(fresh) + 1
            fresh.append(Entry(position, given, label))
        if given.uid is not None:
            seen[given.uid] = position, sent
        positions.append(position)
    return positions, fresh


def _row(entry: Entry, found: Mapping[str, Record], now: int) -> dict[str, Any]:
    given = entry.answer
    return {
        "position": entry.position,
        "item": found[given.item].number,
        "who": given.who,
        "kind": given.kind,
        "label": entry.label,
        "seconds": None if given.seconds is None else float(given.seconds),
        "cost": None if given.cost is None else float(given.cost),
        "lease": given.lease,
        "uid": given.uid,
        "at": now,
    }


def _stand(connection: Connection, fresh: Sequence[Answer], found: Mapping[str, Record]) -> list[Move]:
    """Let each answer stand in place of its author's last one, and end the leases; returns the states that changed."""
    touched = {found[given.item].number: found[given.item] for given in fresh}
    before = {(row.item, row.who): row.kind for row in pieces(connection, _STANDING, list(touched))}
    after: dict[tuple[int, str], str | None] = dict(before)
    states = {number: State(row.labels, row.asides) for number, row in touched.items()}
    for given in fresh:
        mine = found[given.item].number, given.who
        labels, asides = shift(after.get(mine), standing(given))
        state = states[mine[0]]
        states[mine[0]] = State(state.labels + labels, state.asides + asides)
        after[mine] = standing(given)
    _set_standing(connection, before, after)
    _each(connection, _END, {(found[given.item].number, given.who) for given in fresh}, _mine)
    moves = (Move(number, State(row.labels, row.asides), states[number]) for number, row in touched.items())
    return [move for move in moves if move.before != move.after]


def _set_standing(
    connection: Connection, before: Mapping[tuple[int, str], str], after: Mapping[tuple[int, str], str | None]
) -> None:
    first = [mine for mine, kind in after.items() if kind is not None and mine not in before]
    other = [mine for mine, kind in after.items() if kind is not None and before.get(mine, kind) != kind]
    gone = [mine for mine, kind in after.items() if kind is None and mine in before]
    _each(connection, insert(stands), first, lambda mine: {"item": mine[0], "who": mine[1], "kind": after[mine]})
    _each(connection, _STANDS_NOW, other, lambda mine: {**_mine(mine), "now_kind": after[mine]})
    _each(connection, _STANDS_NO_MORE, gone, _mine)


def _mine(mine: tuple[int, str]) -> dict[str, Any]:
    return {"of_item": mine[0], "of_who": mine[1]}


def _each(connection: Connection, statement: Any, rows: Collection[T], values: Callable[[T], dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, [values(row) for row in rows])


def _set_states(connection: Connection, moves: Sequence[Move], *, stage: int) -> None:
    rows = [
        {
            "of_item": move.item,
            "of_stage": stage,
            "now_labels": move.after.labels,
            "now_asides": move.after.asides,
            "now_aside": int(move.after.asides > 0),
        }
        for move in moves
    ]
    if rows:
        connection.execute(_STATE, rows)
        connection.execute(_QUEUED, rows)


def _tally(head: Record, moves: Sequence[Move]) -> dict[str, int]:
    """Count the items that are answered, and those set aside, after some answers."""
    answered = sum((move.after.labels > 0) - (move.before.labels > 0) for move in moves)
    aside = sum(move.after.aside - move.before.aside for move in moves)
    return {"answered": head.answered + answered, "aside": head.aside + aside}
