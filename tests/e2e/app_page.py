"""A person at the app: opens links, presses keys, reads the screen. Watches that no request leaves the origin."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from app_server import AppServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

Scheme = Literal["light", "dark"]
PATIENCE = 120_000
"""Milliseconds that a test waits for something before it says that it never came; no test measures time by it."""


def chromium() -> str:
    """Give the path of the browser, or skip the test and say why."""
    path = os.environ.get("QUERIST_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.skip(
            f"NO BROWSER at {path}: the app is not tested. Install chromium, or set QUERIST_CHROMIUM to its path"
        )
    return path


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a real Chromium, without a window."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


class Person:
    """Somebody with a browser window of their own."""

    def __init__(self, browser: Browser, server: AppServer, scheme: Scheme = "light", **options: Any) -> None:
        self.server = server
        self.strangers: list[str] = []
        self.errors: list[str] = []
        size = options.pop("viewport", {"width": 1280, "height": 800})
        self.context: BrowserContext = browser.new_context(viewport=size, color_scheme=scheme, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.route(lambda url: not url.startswith(server.origin), self._stranger)
        self.page: Page = self.new_page()

    def _stranger(self, route: Route) -> None:
        self.strangers.append(route.request.url)
        route.abort()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # A lost server is no fault of the page; Chromium tells of it all the same.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def open(self, hash: str = "#/") -> Person:
        """Follow a fresh link, then go to a screen."""
        self.page.goto(self.server.url)
        if hash != "#/":
            self.page.goto(f"{self.server.origin}/{hash}")
        return self

    def close(self) -> None:
        """Leave, and tell what should not have been."""
        self.context.close()
        assert self.strangers == [], "requests left the origin"
        assert self.errors == [], "the page had errors"

    # What a person sees.

    @property
    def text(self) -> str:
        return self.page.inner_text(".stage").strip()

    def wait_for_item(self) -> None:
        self.page.wait_for_selector(".stage[role=region] > *")

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    @property
    def answered(self) -> int:
        """Answers in the strip."""
        return self.count(".answered")

    # What a person does.

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def answer(self, key: str) -> None:
        """Press a key that answers, and wait until the next item is there."""
        before = self.page.evaluate(SHOWN)
        self.press(key)
        self.wait_for_next(before)

    def wait_for_next(self, before: str) -> None:
        """Wait until an item other than ``before`` is on the screen."""
        self.page.wait_for_function(f"before => {SHOWN} && {SHOWN} !== before", arg=before)

    def wait_until_sent(self) -> None:
        """Wait until the outbox in this browser is empty."""
        self.until(lambda: self.outbox() == 0, "the outbox never became empty")

    def outbox(self) -> int:
        """Count the answers that this browser keeps for the server."""
        return int(self.page.evaluate(OUTBOX))

    def until(self, come: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE / 1000
        while not come():
            assert time.monotonic() < end, otherwise
            self.page.wait_for_timeout(50)


SHOWN = "(document.querySelector('.stage')?.dataset.item ?? '')"

OUTBOX = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("querist", 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const db = opening.result;
        if (!db.objectStoreNames.contains("answers")) return resolve(0);
        const counting = db.transaction("answers").objectStore("answers").count();
        counting.onsuccess = () => { db.close(); resolve(counting.result); };
    };
})"""
