"""The tables of a study in a database.

::

    head      one row: how many items, answered, aside; the last log position; the current round
    item      id and key of each item, and its state: by how many people labelled, by how many set aside
    answer    the log: only ever appended to, the rest could be rebuilt from it
    standing  which kind of answer of each person stands on an item
    lease     what is handed out, with what was true of it at the time
    ranking   a row per round, kept for good; without a round while it is being written
    queue     the places of a ranking, and of the current one the state of its items, so that a claim reads few rows
    blob      bytes by name, in parts
    hold      named locks

Times are milliseconds since 1970. A change here needs a migration beside it: a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata = MetaData()

LONG = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite takes only the word INTEGER for a row number."""

head = Table(
    "head",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("items", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("aside", Integer, nullable=False),
    Column("position", LONG, nullable=False),
    Column("round", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("staged", Integer, nullable=False),
    Column("reach", Integer, nullable=False),
    Column("granted", LONG, nullable=False),
)

item = Table(
    "item",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("asides", Integer, nullable=False),
    Index("item_id", "id", unique=True),
)

answer = Table(
    "answer",
    metadata,
    Column("position", LONG, primary_key=True, autoincrement=False),
    Column("item", Integer, ForeignKey("item.number"), nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("label", Text),
    Column("seconds", Double),
    Column("cost", Double),
    Column("lease", Text),
    Column("uid", Text),
    Column("at", BigInteger, nullable=False),
    Index("answer_uid", "uid", unique=True),
)

standing = Table(
    "standing",
    metadata,
    Column("item", Integer, ForeignKey("item.number"), primary_key=True, autoincrement=False),
    Column("who", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    sqlite_with_rowid=False,
)

lease = Table(
    "lease",
    metadata,
    Column("item", Integer, ForeignKey("item.number"), primary_key=True, autoincrement=False),
    Column("who", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("granted", BigInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("value", Double, nullable=False),
    Column("propensity", Double),
    Column("reason", Text, nullable=False),
    Index("lease_who", "who"),
    Index("lease_expires", "expires"),
    sqlite_with_rowid=False,
)

ranking = Table(
    "ranking",
    metadata,
    Column("stage", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer),
    Column("position", BigInteger, nullable=False),
    Column("info", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("kept", Integer),
    Column("loose", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ranking_round", "round", unique=True),
    Index("ranking_loose", "loose"),
)

queue = Table(
    "queue",
    metadata,
    Column("stage", Integer, ForeignKey("ranking.stage"), primary_key=True, autoincrement=False),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("item", Integer, ForeignKey("item.number"), nullable=False),
    Column("value", Double, nullable=False),
    Column("propensity", Double),
    Column("reason", Text, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("aside", SmallInteger, nullable=False),
    Index("queue_item", "stage", "item", unique=True),
    Index("queue_state", "stage", "aside", "labels", "rank", "item"),
    sqlite_with_rowid=False,
)

blob = Table(
    "blob",
    metadata,
    Column("name", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    Column("name", Text, primary_key=True),
    Column("who", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
