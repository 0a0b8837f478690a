"""The app: requests, static files, and the gate around them."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from querist.web.gate import Gate
from querist.web.routes import answers, create, exchange, items, map, media, page, review, session, status
from querist.web.server import Server
from querist.web.trouble import handle

PARTS = (session, items, answers, media, status, review, create, exchange, map)
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
"""Given here: on some machines the system's own list is wrong, and ``nosniff`` then stops the page."""


def create_app(server: Server) -> FastAPI:
    """Make the app of a server."""
    for ending, kind in KINDS.items():
        mimetypes.add_type(kind, ending)
    app = FastAPI(
        title="querist", docs_url=None, redoc_url=None, openapi_url=None, generate_unique_id_function=lambda r: r.name,
        lifespan=_closing(server),
    )  # fmt: skip
    app.state.server = server
    for part in PARTS:
        app.include_router(part.routes)
    app.include_router(page.routes)
    app.mount("/static", StaticFiles(directory=page.STATIC, check_dir=False), name="static")
    handle(app)
    app.add_middleware(Gate, server=server)
    return app


def _closing(server: Server) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        server.close()

    return lifespan
