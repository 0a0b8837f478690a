"""A new study from the browser: choose a file, look into it, make the study."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Request

from querist.web.catalogue import catalogue as everything
from querist.web.models_files import Catalogue, Files, Preview, PreviewRequest, StudyMade, StudyRequest, Uploaded
from querist.web.routes import AtServer, router

routes = router("create")
_RAW = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


@routes.get("/files")
def files(server: AtServer, path: Annotated[str, Query(max_length=4_096)] = "") -> Files:
    """List a folder under the root given at start."""
    return Files(entries=server.folder.entries(path))


@routes.post("/upload", openapi_extra=_RAW)
async def upload(
    server: AtServer, request: Request, x_filename: Annotated[str, Header(min_length=1, max_length=1_000)]
) -> Uploaded:
    """Take a file in: the body is its bytes, X-Filename its name, percent-encoded."""
    return await server.uploads.take(request, x_filename)


@routes.post("/preview")
def preview(server: AtServer, given: PreviewRequest) -> Preview:
    """Look into data before a study is made of them."""
    return server.preview(given)


@routes.post("/studies")
def studies(server: AtServer, given: StudyRequest) -> StudyMade:
    """Make a study and open it."""
    return StudyMade(study=server.create(given))


@routes.get("/catalogue")
def catalogue() -> Catalogue:
    """List the tasks, learners, strategies and formats."""
    return everything()
