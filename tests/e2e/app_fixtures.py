"""Fixtures of the app's tests: ``serve`` starts servers, ``visit`` opens windows of the one Chromium, ``browser``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from app_page import Person, open_browser
from app_server import AppServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; for one module, because Playwright runs once at a time and other modules start their own."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def serve() -> Iterator[Callable[..., AppServer]]:
    """Start ``querist label`` in a folder with some arguments; it ends with the test."""
    servers: list[AppServer] = []

    def start(folder: Path, *arguments: object) -> AppServer:
        servers.append(AppServer(folder, arguments))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Open a browser window at a screen of a server; each is closed with the test, and tells what went wrong in it."""
    people: list[Person] = []

    def come(server: AppServer, hash: str = "#/", **options: Any) -> Person:
        people.append(Person(browser, server, **options))
        return people[-1].open(hash)

    yield come
    for person in people:
        person.close()
