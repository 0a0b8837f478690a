"""Images of items, always as PNG, JPEG or WebP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from querist.web.models import Levels
from querist.web.routes import AtDesk, router
from querist.web.routes.items import Id

routes = router("media")
WINDOW = r"^-?\d+(\.\d+)?,(0*[1-9]\d*(\.\d+)?|\d+\.\d*[1-9]\d*)$"
"""Two numbers, the second above 0."""
_KINDS = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/jpeg", "image/webp")
}


@routes.get("/media/{id:path}", response_class=Response, responses={200: {"content": _KINDS}})
def media(
    desk: AtDesk,
    id: Id,
    width: Annotated[int | None, Query(ge=16, le=8_192)] = None,
    window: Annotated[str | None, Query(pattern=WINDOW, max_length=60)] = None,
) -> Response:
    """Give the image of an item, no wider than ``width``; or a ``window`` CENTRE,WIDTH of its recorded values."""
    centre, _, extent = (window or "").partition(",")
    image = desk.image(id, width, (float(centre), float(extent)) if window else None)
    return Response(image.data, media_type=image.kind, headers={"Cache-Control": "private, max-age=3600"})


@routes.get("/levels/{id:path}")
def levels(desk: AtDesk, id: Id) -> Levels:
    """Give the range of an image's recorded values, and the window to begin with."""
    return desk.levels(id)
