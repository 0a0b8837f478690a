"""The first format: items, log, leases, rankings, blobs and locks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, and the one row of ``head``."""
    _create_head()
    _create_items_and_log()
    _create_leases()
    _create_rankings()
    _create_names()


def _long() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number(name: str, kind: sa.types.TypeEngine[int] | None = None) -> sa.Column[int]:
    return sa.Column(name, kind or sa.Integer(), nullable=False)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _create_head() -> None:
    counters = ("items", "answered", "aside", "round", "stage", "staged", "reach")
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer(), sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        *(_number(name) for name in counters),
        *(_number(name, _long()) for name in ("position", "granted")),
    )
    op.execute(head.insert().values({"id": 1, "position": 0, "granted": 0, **dict.fromkeys(counters, 0)}))


def _create_items_and_log() -> None:
    op.create_table(
        "item",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        _text("id"),
        _number("key", sa.BigInteger()),
        _number("labels"),
        _number("asides"),
    )
    op.create_index("item_id", "item", ["id"], unique=True)
    op.create_table(
        "answer",
        sa.Column("position", _long(), primary_key=True, autoincrement=False),
        sa.Column("item", sa.Integer(), sa.ForeignKey("item.number"), nullable=False),
        _text("who"),
        _text("kind"),
        _text("label", nullable=True),
        sa.Column("seconds", sa.Double()),
        sa.Column("cost", sa.Double()),
        _text("lease", nullable=True),
        _text("uid", nullable=True),
        _number("at", sa.BigInteger()),
    )
    op.create_index("answer_uid", "answer", ["uid"], unique=True)


def _create_leases() -> None:
    op.create_table(
        "standing",
        sa.Column("item", sa.Integer(), sa.ForeignKey("item.number"), primary_key=True, autoincrement=False),
        sa.Column("who", sa.Text(), primary_key=True),
        _text("kind"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lease",
        sa.Column("item", sa.Integer(), sa.ForeignKey("item.number"), primary_key=True, autoincrement=False),
        sa.Column("who", sa.Text(), primary_key=True),
        _text("token"),
        _number("expires", sa.BigInteger()),
        _number("granted", sa.BigInteger()),
        _number("round"),
        _number("rank"),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("propensity", sa.Double()),
        _text("reason"),
        sqlite_with_rowid=False,
    )
    op.create_index("lease_who", "lease", ["who"])
    op.create_index("lease_expires", "lease", ["expires"])


def _create_rankings() -> None:
    op.create_table(
        "ranking",
        sa.Column("stage", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("round", sa.Integer()),
        _number("position", sa.BigInteger()),
        _text("info"),
        _number("began", sa.BigInteger()),
        sa.Column("kept", sa.Integer()),
        _number("loose", sa.SmallInteger()),
        _number("at", sa.BigInteger()),
    )
    op.create_index("ranking_round", "ranking", ["round"], unique=True)
    op.create_index("ranking_loose", "ranking", ["loose"])
    op.create_table(
        "queue",
        sa.Column("stage", sa.Integer(), sa.ForeignKey("ranking.stage"), primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("item", sa.Integer(), sa.ForeignKey("item.number"), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("propensity", sa.Double()),
        _text("reason"),
        _number("labels"),
        _number("aside", sa.SmallInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("queue_item", "queue", ["stage", "item"], unique=True)
    op.create_index("queue_state", "queue", ["stage", "aside", "labels", "rank", "item"])


def _create_names() -> None:
    op.create_table(
        "blob",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "hold",
        sa.Column("name", sa.Text(), primary_key=True),
        _text("who"),
        _number("expires", sa.BigInteger()),
    )
