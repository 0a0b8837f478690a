"""Labels out and in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from querist.web.models_files import Imported, ImportRequest
from querist.web.routes import AtDesk, AtServer, Who, router

routes = router("exchange")


@routes.get("/export", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def export(desk: AtDesk, format: Annotated[str, Query(max_length=100)]) -> Response:
    """Write the labels in a format, as a file to keep."""
    file = desk.export(format)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.data, media_type="application/octet-stream", headers=headers)


@routes.post("/import")
def take_in(server: AtServer, desk: AtDesk, who: Who, given: ImportRequest) -> Imported:
    """Take labels in; what does not fit is left out and told."""
    return desk.take_in(server.uploads.path(given.upload), given.format, who.who)
