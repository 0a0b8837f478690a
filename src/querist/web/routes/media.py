"""Images of items, always as PNG, JPEG or WebP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from querist.web.images import Shown
from querist.web.models import Levels
from querist.web.routes import AtDesk, router
from querist.web.routes.items import Id
from querist.web.tiles import DEEPEST, Tile

routes = router("media")
WINDOW = r"^-?\d+(\.\d+)?,(0*[1-9]\d*(\.\d+)?|\d+\.\d*[1-9]\d*)$"
"""Two numbers, the second above 0."""
Window = Annotated[str | None, Query(pattern=WINDOW, max_length=60)]
MOST = 1_000_000
"""The largest number of a column or row that is looked at."""
_KINDS = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/jpeg", "image/webp")
}


@routes.get("/media/{id:path}", response_class=Response, responses={200: {"content": _KINDS}})
def media(
    desk: AtDesk,
    id: Id,
    width: Annotated[int | None, Query(ge=16, le=8_192)] = None,
    window: Window = None,
) -> Response:
    """Give the image of an item, no wider than ``width``; or a ``window`` CENTRE,WIDTH of its recorded values."""
    return _sent(desk.image(id, width, _ends(window)))


@routes.get("/tile/{id:path}", response_class=Response, responses={200: {"content": _KINDS}})
def tile(
    desk: AtDesk,
    id: Id,
    level: Annotated[int, Query(ge=0, le=DEEPEST)],
    x: Annotated[int, Query(ge=0, le=MOST)],
    y: Annotated[int, Query(ge=0, le=MOST)],
    window: Window = None,
) -> Response:
    """Give a tile of an image: 512 × 512 means of 2^``level`` × 2^``level`` pixels, in the contrast of the whole."""
    return _sent(desk.tile(id, Tile(level, x, y), _ends(window)))


def _ends(window: str | None) -> tuple[float, float] | None:
    centre, _, extent = (window or "").partition(",")
    return (float(centre), float(extent)) if window else None


def _sent(image: Shown) -> Response:
    return Response(image.data, media_type=image.kind, headers={"Cache-Control": "private, max-age=3600"})


@routes.get("/levels/{id:path}")
def levels(desk: AtDesk, id: Id) -> Levels:
    """Give the range of an image's recorded values, and the window to begin with."""
    return desk.levels(id)
