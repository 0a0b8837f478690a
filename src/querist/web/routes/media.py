"""Images of items, always as PNG, JPEG or WebP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from querist.web.routes import AtDesk, router
from querist.web.routes.items import Id

routes = router("media")
_KINDS = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/jpeg", "image/webp")
}


@routes.get("/media/{id:path}", response_class=Response, responses={200: {"content": _KINDS}})
def media(desk: AtDesk, id: Id, width: Annotated[int | None, Query(ge=16, le=8_192)] = None) -> Response:
    """Give the image of an item, no wider than ``width``."""
    image = desk.image(id, width)
    return Response(image.data, media_type=image.kind, headers={"Cache-Control": "private, max-age=3600"})
