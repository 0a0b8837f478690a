"""Which column plays which part: the text, the label, the id, the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from querist.data.pool import Pool
from querist.errors import BadData, near

LABELS = ("label", "target", "class", "y")


@dataclass(frozen=True, eq=False)
class Wish:
    """What the caller of ``load`` asked for: names of columns, or values where there are no columns."""

    text: str | None = None
    label: Any = None
    id: Any = None
    group: Any = None
    like: Pool | None = None
    annotations: str | None = None
    tile: int | None = None
    show: str | None = None


@dataclass(frozen=True)
class Roles:
    """The columns that play a part."""

    text: str | None = None
    label: str | None = None
    id: str | None = None
    group: str | None = None

    def columns(self) -> list[str]:
        """List the columns that are never features."""
        return [name for name in (self.text, self.label, self.id, self.group) if name is not None]


def resolve(names: Sequence[str], wish: Wish) -> Roles:
    """Find the columns that play a part among the names of a table; raises BadData with near names.

    The label is a column called label, target, class or y when there is just one (``label=""``: none), the id one
    called id (``id=""``: none); with ``like``, those of the pool.

    >>> resolve(["id", "age", "Class"], Wish()).label
    'Class'
    """
    if wish.like is not None and (known := wish.like.about.get("columns")) is not None:
        return _like(names, wish, known)
    label = _named(names, wish.label, "label")
    if wish.label is None:
        label = _default_label(names)
    id = _named(names, wish.id, "id")
    if wish.id is None:
        id = next((name for name in names if is_id(name)), None)
    text, group = _named(names, wish.text, "text"), _named(names, wish.group, "group")
    return Roles(text, label, id, group)


def _like(names: Sequence[str], wish: Wish, known: Mapping[str, Any]) -> Roles:
    label = _named(names, wish.label, "label")
    if wish.label is None:
        label = known["label"] if known["label"] in names else None
        label = _default_label(names) if known["label"] is None else label
    id = _named(names, wish.id if wish.id is not None else known["id"], "id")
    group = _named(names, wish.group if wish.group is not None else known["group"], "group")
    text = _named(names, wish.text if wish.text is not None else known["text"], "text")
    return Roles(text, label, id, group)


def _named(names: Sequence[str], asked: Any, role: str) -> str | None:
    if asked is None or (isinstance(asked, str) and asked == ""):
        return None
    if not isinstance(asked, str):
        raise BadData(f"{role} must be the name of a column of the table: got a {type(asked).__name__}")
    if asked not in names:
        raise BadData(f"no column is called {asked!r} ({role}): {near(asked, names)}")
    return asked


def is_id(name: str) -> bool:
    """Say whether a column is called id, in capitals or not."""
    return name.casefold() == "id"


def _default_label(names: Sequence[str]) -> str | None:
    found = [name for name in names if name.casefold() in LABELS]
    if len(found) > 1:
        raise BadData(
            f"the columns {' and '.join(repr(f) for f in found)} could each be the label: "
            "say which with label=…, or label='' for none"
        )
    return found[0] if found else None


def hints(names: Sequence[str], wish: Wish) -> dict[str, Literal["text", "code"]]:
    """Say which columns of an untyped file to keep as text: ids such as 007 are no numbers."""
    roles = resolve(names, wish)
    found: dict[str, Literal["text", "code"]] = {}
    if wish.like is not None and (known := wish.like.about.get("columns")) is not None:
        found |= {c["name"]: "text" for c in known["columns"] if c["kind"] == "category" and c["name"] in names}
    found |= {name: "text" for name in (roles.id, roles.group, roles.text) if name is not None}
    return found if roles.label is None else {**found, roles.label: "code"}
