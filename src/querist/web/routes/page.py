"""The page itself: the link that opens it, its files, and third-party views."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from querist.web.auth import SESSION_SECONDS
from querist.web.routes import AtServer
from querist.web.trouble import Trouble

STATIC = Path(__file__).parent.parent / "static"
routes = APIRouter(include_in_schema=False)
_REFUSED = "This link was used already, or is more than ten minutes old."
_UNKNOWN = "This browser has no session with the study."


@routes.get("/")
def page(server: AtServer, request: Request, token: str | None = None) -> Response:
    """Show the app to those with a session; exchange a link's token for one."""
    if token is not None:
        return _enter(server, request, token)
    if request.scope["visitor"] is None:
        return _stay_out(_UNKNOWN)
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})


def _enter(server: AtServer, request: Request, token: str) -> Response:
    session = server.auth.enter(token)
    if session is None:
        # who is in already may reload an old link; it gives them nothing new
        return _home() if request.scope["visitor"] is not None else _stay_out(_REFUSED)
    answer = _home()
    answer.set_cookie(
        server.cookie, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=server.place.secure
    )
    return answer


def _home() -> Response:
    return RedirectResponse("/", 303)


def _stay_out(reason: str) -> Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>querist</title><h1>querist</h1>'
        f"<p>{escape(reason)}</p><p>Open a fresh link: <code>querist label STUDY --url</code> prints one.</p></html>"
    )
    return HTMLResponse(text, 401)


@routes.get("/views/{name}")
def view(server: AtServer, request: Request, name: str) -> Response:
    """Give the view that --view names, and no other file."""
    file = server.wish.view
    if request.scope["visitor"] is None or file is None or name != file.name:
        raise Trouble(404, f"no view is called {name!r}")
    return FileResponse(file, media_type="text/javascript")
