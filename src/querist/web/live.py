"""Server-sent events: what has changed since the last look, to every page that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from fastapi import Request

from querist.errors import StoreFailed
from querist.web.server import Server

LOOK = 0.5
"""Seconds between two looks; all pages share one look."""
KEEP_ALIVE = 15.0
"""Seconds after which a silent stream says that it lives."""


async def stream(server: Server, request: Request) -> AsyncIterator[str]:
    """Tell what is new, first of all how things stand, until the page or the server goes."""
    told: tuple[Any, ...] = (None, None, None)
    silent = 0.0
    while not server.over and not await request.is_disconnected():
        now = await _look(server)
        if now is not None and now != told:
            for text in _news(told, now):
                yield text
            told, silent = now, 0.0
        elif silent >= KEEP_ALIVE:
            yield ": still here\n\n"
            silent = 0.0
        await asyncio.sleep(LOOK)
        silent += LOOK


async def _look(server: Server) -> tuple[Any, ...] | None:
    """Look, unless somebody has just done so; None before there is a study, or while its database is busy."""
    loop = asyncio.get_running_loop()
    if loop.time() - server.looked >= LOOK / 2 and server.desk is not None:
        server.looked = loop.time()
        try:
            server.seen = await to_thread.run_sync(server.desk.pulse)
        except StoreFailed:
            return None
    return server.seen


def _news(told: tuple[Any, ...], now: tuple[Any, ...]) -> list[str]:
    round, training, counts = now
    facts = {
        "model": {"round": round},
        "training": {"state": training[0], "message": training[1]},
        "progress": {"labelled": counts[0], "remaining": counts[1]},
    }
    changed = (name for name, old, new in zip(facts, told, now, strict=True) if old != new)
    return [f"event: {name}\ndata: {json.dumps(facts[name])}\n\n" for name in changed]
