"""A second look: the review queues; and many items at once: the grid."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from querist.web.models_review import GridOfItems, GridRequest, ReviewKind, ReviewQueue
from querist.web.routes import AtDesk, Who, router

routes = router("review")


@routes.get("/review")
def review(desk: AtDesk, who: Who, kind: ReviewKind, n: Annotated[int, Query(ge=1, le=100)] = 20) -> ReviewQueue:
    """Give the first items of a review queue, the most suspicious first."""
    return desk.reviews.queue(kind, who.who, n)


@routes.post("/grid")
def grid(desk: AtDesk, who: Who, wanted: GridRequest) -> GridOfItems:
    """Show open items side by side: neither labelled, nor with somebody else, nor of the audit."""
    return desk.grid.show(wanted, who.who)
