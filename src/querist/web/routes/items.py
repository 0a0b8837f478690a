"""Items out: on lease, or to look at again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from querist.web.models import (
    Claimed,
    ClaimRequest,
    Empty,
    HistoryEntry,
    Item,
    Leases,
    ReleaseRequest,
    Why,
)
from querist.web.routes import AtDesk, Who, router

routes = router("items")
Id = Annotated[str, Path(min_length=1, max_length=4_096)]


@routes.post("/claim")
def claim(desk: AtDesk, who: Who, wanted: ClaimRequest) -> Claimed:
    """Hand out items, the person's own open ones first."""
    return desk.claim(who.who, wanted.n)


@routes.post("/heartbeat")
def heartbeat(desk: AtDesk, who: Who) -> Leases:
    """Extend this person's leases."""
    return desk.extend(who.who)


@routes.post("/release")
def release(desk: AtDesk, who: Who, given: ReleaseRequest) -> Empty:
    """Give items back; a closing page sends this as a beacon, with the csrf token in the body."""
    desk.release(who.who, given.items)
    return Empty()


@routes.get("/items/{id:path}")
def item(desk: AtDesk, who: Who, id: Id) -> Item:
    """Show an item again, without a lease."""
    return desk.item(id, who.who)


@routes.get("/history")
def history(desk: AtDesk, who: Who, n: Annotated[int, Query(ge=1, le=1_000)] = 50) -> list[HistoryEntry]:
    """List what this person said, newest first."""
    return desk.history(who.who, n)


@routes.get("/why/{id:path}")
def why(desk: AtDesk, id: Id) -> Why:
    """Say why an item was asked."""
    return desk.why(id)
