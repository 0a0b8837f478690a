"""A labelling app on a small study, and people with sessions: what the tests of ``querist.web`` share."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from fastapi.testclient import TestClient

from querist import Study
from querist.web.app import create_app
from querist.web.auth import mint
from querist.web.desk import AS_IT_IS, Desk
from querist.web.place import Place
from querist.web.server import Server

ADDRESS = "http://127.0.0.1:8765"
TEXTS = [f"{'good' if i % 2 else 'bad'} film number {i}" for i in range(12)]


@cache
def template():
    """Make a study of twelve texts in two classes once; its copies cost milliseconds."""
    folder = Path(tempfile.mkdtemp(prefix="querist-test-"))
    atexit.register(shutil.rmtree, folder)
    texts_made(folder / "films.querist").close()
    return folder / "films.querist"


def texts_made(path, **options):
    """Make a study of twelve texts in two classes, with options of its own."""
    return Study.create(path, TEXTS, **{"labels": ["good", "bad"], "batch": 4, **options})


def texts(path):
    """Open a new study of twelve texts in two classes."""
    shutil.copyfile(template(), path)
    return Study.open(path)


class Site:
    """An app, in this process, and its people."""

    def __init__(self, server):
        self.server = server
        self.app = create_app(server)

    @property
    def study(self):
        return self.server.desk.study

    def stranger(self):
        """A browser without a session."""
        return TestClient(self.app, base_url=ADDRESS, follow_redirects=False)

    def link(self, who):
        return f"/?token={mint(self.server.store, who)}"

    def person(self, who):
        """A browser that has opened its link."""
        client = self.stranger()
        client.headers.clear()
        assert client.get(self.link(who)).status_code == 303
        client.headers["X-Querist-CSRF"] = client.get("/api/session").json()["csrf"]
        return client


@contextmanager
def site(study=None, *, root=None, wish=AS_IT_IS):
    server = Server(Place(), desk=None if study is None else Desk(study, "films", wish), root=root, wish=wish)
    try:
        yield Site(server)
    finally:
        server.close()
        if server.desk is not None and study is None:
            server.desk.study.close()


def claim(client, n=1):
    found = client.post("/api/claim", json={"n": n})
    assert found.status_code == 200, found.text
    return found.json()["items"]


def told(item, label=None, kind="label", **more):
    return {"uid": uuid.uuid4().hex, "item": item, "kind": kind, "label": label, **more}


def answer(client, *answers):
    found = client.post("/api/answers", json={"answers": list(answers)})
    assert found.status_code == 200, found.text
    return found.json()
