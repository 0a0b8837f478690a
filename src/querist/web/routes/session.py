"""Who is here, what is labelled, and by which guidelines."""

from __future__ import annotations

from fastapi import Response

import querist
from querist.web.models import Empty, Guidelines, Session
from querist.web.routes import AtDesk, AtServer, Who, router

routes = router("session")


@routes.get("/session")
def session(server: AtServer, who: Who) -> Session:
    """Say who is here and what is labelled."""
    study = None if server.desk is None else server.desk.info()
    return Session(who=who.who, csrf=who.csrf, version=querist.__version__, study=study, root=server.root is not None)


@routes.get("/guidelines")
def read_guidelines(desk: AtDesk) -> Guidelines:
    """Read how to label."""
    return Guidelines(text=desk.guidelines())


@routes.put("/guidelines")
def write_guidelines(desk: AtDesk, given: Guidelines) -> Empty:
    """Say how to label; everybody sees it."""
    desk.set_guidelines(given.text)
    return Empty()


@routes.post("/logout")
def logout(server: AtServer, who: Who, response: Response) -> Empty:
    """End this session, and give back what it holds."""
    if server.desk is not None:
        server.desk.release(who.who, None)
    server.auth.end(who)
    response.delete_cookie(server.cookie)
    return Empty()
