"""The requests: each reads what was sent, asks the desk, and answers with a model."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from querist.web.auth import Visitor
from querist.web.desk import Desk
from querist.web.models import Problem
from querist.web.server import Server
from querist.web.trouble import Trouble

_PROBLEMS = {
    400: "what was sent cannot be used",
    401: "no session: open a fresh link from `querist label --url`",
    403: "refused for safety: a wrong host, origin or token",
    404: "not there",
    409: "not possible as things stand",
    413: "too large",
    415: "of a kind that is not taken",
    422: "not of the form that this page describes",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": text} for code, text in _PROBLEMS.items()
}


def router(tag: str) -> APIRouter:
    """Make a router whose errors are documented."""
    return APIRouter(prefix="/api", tags=[tag], responses=PROBLEMS)


async def server_of(request: Request) -> Server:
    """Give the state of the server."""
    server: Server = request.app.state.server
    return server


async def visitor_of(request: Request) -> Visitor:
    """Give who asks; the gate has let nobody else through."""
    visitor: Visitor = request.scope["visitor"]
    return visitor


async def desk_of(request: Request) -> Desk:
    """Give the open study; 409 before there is one."""
    desk = (await server_of(request)).desk
    if desk is None:
        raise Trouble(409, "no study is open yet: make one on the new-study page first")
    return desk


AtServer = Annotated[Server, Depends(server_of)]
AtDesk = Annotated[Desk, Depends(desk_of)]
Who = Annotated[Visitor, Depends(visitor_of)]
