"""The OpenAPI document: the front end was built from it, and no request of its form breaks the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from web_site import ADDRESS, claim, site, texts

from querist.web.app import create_app
from querist.web.openapi import document
from querist.web.place import Place
from querist.web.server import Server
from querist.web.training import Supervisor

DOCUMENT = Path(__file__).parents[2] / "ui" / "openapi.json"
EXAMPLES = 12
"""Requests of each operation, so that all together take seconds."""

api = schemathesis.openapi.from_dict(document(create_app(Server(Place()))))
endless = api.exclude(path="/api/events")


def test_the_front_end_s_document_is_up_to_date():
    made = json.loads(json.dumps(api.raw_schema))
    assert json.loads(DOCUMENT.read_text()) == made, (
        "the API has changed: python -m querist.web.openapi > ui/openapi.json, then make ui"
    )


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A study with labels, leases and notes, and a person who may do everything."""
    folder = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supervisor, "start", lambda self: None)
        with texts(folder / "films.querist") as study, site(study, root=folder) as made:
            ann = made.person("ann")
            claim(ann, 3)
            study.note(study.pool.ids[0], "ann", flag=True)
            yield made, ann


@endless.parametrize()
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=True,
    database=None,
)
def test_no_request_breaks_the_server(case, films):
    made, ann = films
    if case.path == "/api/logout":
        ann = made.person("eve")
    headers = {"X-Querist-CSRF": ann.headers["X-Querist-CSRF"], "Host": "127.0.0.1:8765"}
    found = case.call(app=made.app, base_url=ADDRESS, headers=headers, cookies=dict(ann.cookies))
    assert found.status_code < 500, found.content
    assert found.status_code not in (401, 403), "this request did not come past the gate"
    if found.status_code >= 400:
        assert set(json.loads(found.content)) == {"error"}
