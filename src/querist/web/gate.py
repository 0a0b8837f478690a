"""What every request passes: host, session, origin, CSRF token, size; and the headers of every answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from querist.web.auth import LONGEST_TOKEN, Visitor
from querist.web.server import Server
from querist.web.trouble import Trouble, problem

LONGEST_BODY = 4 * 2**20
"""Bytes of a JSON body."""
UPLOAD, BEACON = "/api/upload", "/api/release"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Gate:
    """The outermost part of the app."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app, self._server = app, server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no web sockets here
        send = _with_headers(send, scope["path"])
        try:
            receive = await self._let_in(scope, receive)
        except Trouble as refused:
            await problem(refused.status, str(refused))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive) -> Receive:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._server.place.knows(headers.get("host", "")):
            raise Trouble(403, f"this server is not called {headers.get('host')!r}: open the address that it printed")
        scope["visitor"] = visitor = self._visitor(headers)
        if not scope["path"].startswith("/api/"):
            return receive
        if visitor is None:
            raise Trouble(401, "no session: open a fresh link from `querist label STUDY --url`")
        self._check_origin(headers)
        if scope["method"] in SAFE:
            return receive
        receive = _limited(headers, receive) if scope["path"] != UPLOAD else receive
        if scope["path"] == BEACON and "x-querist-csrf" not in headers:
            return await _beacon(visitor, scope, receive)
        _check_csrf(visitor, headers.get("x-querist-csrf", ""))
        _check_kind(scope["path"], headers)
        return receive

    def _visitor(self, headers: Mapping[str, str]) -> Visitor | None:
        session = cookie_of(headers.get("cookie", ""), self._server.cookie)
        return None if session is None else self._server.auth.visitor(session)

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none"):
            raise Trouble(403, f"refused: the request comes from another site ({site})")
        if origin is not None and not self._server.place.sent(origin, headers["host"]):
            raise Trouble(403, f"refused: the request comes from a page of {origin!r}, not of this server")


def cookie_of(header: str, name: str) -> str | None:
    """Find a cookie in the header of a request.

    >>> cookie_of("a=1; querist-8765=xyz", "querist-8765")
    'xyz'
    """
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((value for key, _, value in pairs if key == name and len(value) <= LONGEST_TOKEN), None)


def _check_csrf(visitor: Visitor, token: str) -> None:
    if not visitor.proves(token):
        raise Trouble(403, "refused: the header X-Querist-CSRF is not this session's; reload the page")


def _check_kind(path: str, headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if path != UPLOAD and kind != "application/json" and not empty:
        raise Trouble(415, f"send JSON with the content type application/json: got {kind!r}")


def _limited(headers: Mapping[str, str], receive: Receive) -> Receive:
    """Count the bytes that come in, and refuse more than the limit, announced or not."""
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > LONGEST_BODY:
        raise Trouble(413, f"a request may have {LONGEST_BODY} bytes: got {announced[:20]}; send less at once")
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LONGEST_BODY:
            raise HTTPException(413, f"a request may have {LONGEST_BODY} bytes: send less at once")
        return message

    return counted


async def _beacon(visitor: Visitor, scope: Scope, receive: Receive) -> Receive:
    """Let a beacon in, which can send no header: its token stands in the body."""
    try:
        body = await _read(receive)
    except HTTPException as error:
        raise Trouble(error.status_code, error.detail) from None
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    token = given.get("csrf") if isinstance(given, dict) else None
    _check_csrf(visitor, token if isinstance(token, str) else "")
    others = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
    scope["headers"] = [*others, (b"content-type", b"application/json")]
    return _replay(body, receive)


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send, path: str) -> Callable[[Message], Any]:
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            cache = [] if b"cache-control" in there else [(b"cache-control", _cache(path))]
            message["headers"] = [*message["headers"], *cache, *extra]
        await send(message)

    return sending


def _cache(path: str) -> bytes:
    """Static files are asked for with their ETag each time; all else is never kept."""
    return b"no-cache" if path.startswith(("/static/", "/views/")) else b"no-store"
